"""The check of uploads: only the right chunks in the right order pass. tests/chassis/test_upload.py has the rest."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from antiphon.audio.v1.audio_pb2 import AudioChunk, AudioFormat
from antiphon_wire.errors import AntiphonError
from antiphon_wire.upload_check import UploadCheck


@given(order=st.permutations(range(4)))
@settings(max_examples=24)
def test_any_order_but_the_right_one_is_refused(order: list[int]) -> None:
    check = UploadCheck()
    chunks = [AudioChunk(data=b"x" * 10, byte_offset=10 * index, last=index == 3) for index in range(4)]
    if order == [0, 1, 2, 3]:
        for index in order:
            check.feed(chunks[index])
        assert check.end() == hashlib.sha256(b"x" * 40).digest()
        return
    with pytest.raises(AntiphonError) as caught:
        for index in order:
            check.feed(chunks[index])
        check.end()
    assert caught.value.reason in {"CHUNK_OFFSET", "CHUNK_AFTER_LAST"}


def test_what_the_sender_did_wrong_is_told_from_what_was_lost_on_the_way() -> None:
    check = UploadCheck()
    check.feed(AudioChunk(data=b"abc", last=True))
    with pytest.raises(AntiphonError) as after_last:
        check.feed(AudioChunk(data=b"d", byte_offset=3))
    with pytest.raises(AntiphonError) as damaged:
        UploadCheck().feed(AudioChunk(data=b"abc", crc32c=1, last=True))
    assert (after_last.value.code, after_last.value.reason) == ("INVALID_ARGUMENT", "CHUNK_AFTER_LAST")
    assert (damaged.value.code, damaged.value.reason) == ("DATA_LOSS", "CHUNK_CHECKSUM")


def test_what_a_format_announces_is_checked_and_what_it_leaves_out_is_not() -> None:
    for audio_format in (AudioFormat(), AudioFormat(total_bytes=3, content_sha256=hashlib.sha256(b"abc").digest())):
        check = UploadCheck.announced(audio_format)
        check.feed(AudioChunk(data=b"abc", last=True))
        check.end()
    with pytest.raises(AntiphonError, match="UPLOAD_SIZE"):
        UploadCheck.announced(AudioFormat(total_bytes=0)).feed(AudioChunk(data=b"abc", last=True))
