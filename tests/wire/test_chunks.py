"""Chunks: whatever is cut comes together again, and every fault between has its reason."""

from __future__ import annotations

from pathlib import Path

import google_crc32c
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from antiphon.audio.v1.audio_pb2 import AudioChunk
from antiphon_wire.chunks import Cutter, PartCheck, cut_file
from antiphon_wire.errors import AntiphonError
from antiphon_wire.limits import RECOMMENDED_CHUNK_BYTES
from antiphon_wire.upload_check import UploadCheck


def reason(check: PartCheck, *chunks: AudioChunk) -> tuple[str, str, dict[str, str]]:
    """Feeds the chunks, of which the last must be refused; returns code, reason and variables."""
    for chunk in chunks[:-1]:
        check.feed(chunk)
    with pytest.raises(AntiphonError) as caught:
        check.feed(chunks[-1])
    return caught.value.code, caught.value.reason, caught.value.metadata


@given(pieces=st.lists(st.binary(max_size=300), max_size=6))
@settings(max_examples=60)
def test_what_is_cut_piece_by_piece_passes_the_check_of_a_server(pieces: list[bytes]) -> None:
    cutter, check, received = Cutter(), UploadCheck(), b""
    chunks = [chunk for piece in pieces for chunk in cutter.cut(piece)] + [cutter.end()]
    for chunk in chunks:
        check.feed(chunk)
        received += chunk.data
    assert received == b"".join(pieces)
    assert check.finished
    assert check.byte_count == cutter.byte_count == len(received)


def test_long_bytes_are_cut_at_the_recommended_size_and_only_the_final_chunk_is_last() -> None:
    data = bytes(range(256)) * (RECOMMENDED_CHUNK_BYTES // 256 * 2) + b"rest"
    chunks = list(Cutter().cut(memoryview(data), last=True))
    assert [len(chunk.data) for chunk in chunks] == [RECOMMENDED_CHUNK_BYTES, RECOMMENDED_CHUNK_BYTES, 4]
    assert [chunk.byte_offset for chunk in chunks] == [0, RECOMMENDED_CHUNK_BYTES, 2 * RECOMMENDED_CHUNK_BYTES]
    assert [chunk.last for chunk in chunks] == [False, False, True]


def test_every_chunk_carries_its_crc_32c() -> None:
    cutter = Cutter()
    for chunk in (*cutter.cut(b"123456789"), cutter.end()):
        assert chunk.HasField("crc32c")
        assert chunk.crc32c == google_crc32c.value(chunk.data)
    # The check value of CRC-32C in the literature, RFC 3720 among others.
    assert next(Cutter().cut(b"123456789")).crc32c == 0xE3069283


@pytest.mark.parametrize("size", [1, RECOMMENDED_CHUNK_BYTES, RECOMMENDED_CHUNK_BYTES + 1])
def test_a_file_is_cut_to_its_end_and_marked_last_there(tmp_path: Path, size: int) -> None:
    path = tmp_path / "recording"
    path.write_bytes(bytes(size))
    check, chunks = UploadCheck(total_bytes=size), list(cut_file(path, size))
    for chunk in chunks:
        check.feed(chunk)
    check.end()
    assert all(chunk.HasField("crc32c") for chunk in chunks)


def test_a_file_that_was_cut_short_has_no_last_chunk(tmp_path: Path) -> None:
    path = tmp_path / "recording"
    path.write_bytes(b"abc")
    assert [chunk.last for chunk in cut_file(path, 4)] == [False]


@pytest.mark.parametrize("offset", [2, 4, -1], ids=["repeat", "gap", "negative"])
def test_a_chunk_that_does_not_follow_is_damage(offset: int) -> None:
    first, second = AudioChunk(data=b"abc"), AudioChunk(data=b"d", byte_offset=offset)
    variables = {"stem": "vocals", "byte_offset": str(offset), "expected": "3"}
    assert reason(PartCheck("stem", "vocals"), first, second) == ("DATA_LOSS", "STEM_OFFSET", variables)


def test_a_wrong_checksum_is_damage_and_a_missing_one_is_not() -> None:
    PartCheck("piece", "3").feed(AudioChunk(data=b"abc"))
    wrong = AudioChunk(data=b"abc", crc32c=1)
    variables = {"piece": "3", "byte_offset": "0"}
    assert reason(PartCheck("piece", "3"), wrong) == ("DATA_LOSS", "PIECE_CHECKSUM", variables)


def test_a_chunk_after_the_last_is_damage() -> None:
    last, more = AudioChunk(data=b"abc", last=True), AudioChunk(data=b"d", byte_offset=3)
    assert reason(PartCheck("stem", "vocals"), last, more)[:2] == ("DATA_LOSS", "STEM_AFTER_LAST")


def test_a_part_is_compared_with_what_the_summary_says() -> None:
    whole, half = PartCheck("stem", "vocals"), PartCheck("stem", "vocals")
    whole.feed(AudioChunk(data=b"abc", last=True))
    half.feed(AudioChunk(data=b"ab"))
    whole.end(3, whole.sha256)
    whole.end(3, b"")  # A server that gives no digest.
    with pytest.raises(AntiphonError, match="STEM_DIGEST"):
        whole.end(3, bytes(32))
    with pytest.raises(AntiphonError, match="STEM_INCOMPLETE"):
        half.end(3, half.sha256)
