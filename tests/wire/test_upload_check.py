"""The check of uploads: only the right chunks in the right order pass. tests/chassis/test_upload.py has the rest."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from antiphon.audio.v1.audio_pb2 import AudioChunk, AudioFormat
from antiphon_wire.errors import AntiphonError
from antiphon_wire.limits import MAX_SMALL_CHUNKS
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


def fed(sizes: Iterable[int]) -> UploadCheck:
    """A check that has taken chunks of these sizes, none of them the last."""
    check = UploadCheck()
    for size in sizes:
        check.feed(AudioChunk(data=bytes(size), byte_offset=check.byte_count))
    return check


@pytest.mark.parametrize("size", [1, 15])
def test_a_flood_of_small_chunks_is_refused_after_some_thousand(size: int) -> None:
    check = fed([size] * MAX_SMALL_CHUNKS)
    with pytest.raises(AntiphonError) as caught:
        check.feed(AudioChunk(data=bytes(size), byte_offset=check.byte_count))
    assert (caught.value.code, caught.value.reason) == ("INVALID_ARGUMENT", "CHUNK_TOO_SMALL")
    assert caught.value.field == "chunk.data"


def test_large_chunks_between_small_ones_earn_no_more_small_ones() -> None:
    with pytest.raises(AntiphonError, match="CHUNK_TOO_SMALL"):
        fed([1, 1_000] * (MAX_SMALL_CHUNKS + 1))


@pytest.mark.parametrize(
    "size",
    [
        16,
        # 20 ms of 8-bit samples at 8 kHz, as telephony sends them.
        160,
        # 100 ms of 16-bit samples at 8 kHz.
        1_600,
    ],
)
def test_a_live_stream_of_short_chunks_is_taken_for_as_long_as_it_lasts(size: int) -> None:
    count = 3 * MAX_SMALL_CHUNKS
    assert fed([size] * count).byte_count == size * count


def test_the_last_chunk_may_be_small_whatever_came_before() -> None:
    check = fed([1] * MAX_SMALL_CHUNKS)
    check.feed(AudioChunk(data=b"x", byte_offset=check.byte_count, last=True))
    assert check.end() == hashlib.sha256(bytes(MAX_SMALL_CHUNKS) + b"x").digest()
