"""A stream that was sent becomes a whole file by the patches of its summary."""

from __future__ import annotations

import io

import pytest

from antiphon.audio.v1 import audio_pb2
from antiphon_client import AntiphonClientError, apply_patches


def test_patches_are_written_in_their_order_and_the_file_is_left_at_its_end() -> None:
    file = io.BytesIO(b"RIFF????WAVE")
    patches = [audio_pb2.BytePatch(byte_offset=4, data=b"1234"), audio_pb2.BytePatch(byte_offset=5, data=b"__")]
    apply_patches(file, patches)
    assert file.getvalue() == b"RIFF1__4WAVE"
    assert file.tell() == 12


@pytest.mark.parametrize(("offset", "data"), [(10, b"123"), (-1, b"1"), (13, b"")])
def test_a_patch_beyond_the_stream_is_refused_and_nothing_written(offset: int, data: bytes) -> None:
    file = io.BytesIO(b"RIFF????WAVE")
    good = audio_pb2.BytePatch(byte_offset=0, data=b"X")
    with pytest.raises(AntiphonClientError) as refused:
        apply_patches(file, [good, audio_pb2.BytePatch(byte_offset=offset, data=data)])
    assert (refused.value.code, refused.value.reason) == ("DATA_LOSS", "PATCH_RANGE")
    assert file.getvalue() == b"RIFF????WAVE"
