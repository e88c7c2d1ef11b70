"""What the client sends: chunks, offsets, checksums, size and digest."""

from __future__ import annotations

import hashlib
import io
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import google_crc32c
import pytest

from antiphon.audio.v1 import audio_pb2
from antiphon_client import Client
from antiphon_client.upload import Upload
from antiphon_wire.limits import RECOMMENDED_CHUNK_BYTES as CHUNK_BYTES

FINE = b"fine " + bytes(range(256)) * 2500


async def test_a_file_arrives_in_checked_chunks_with_size_and_digest(peer: Any, tmp_path: Path) -> None:
    path = tmp_path / "song.wav"
    path.write_bytes(FINE)
    async with Client(peer.target) as client:
        await client.analyze_to_record(path, stages=["separation"])
    chunks, announced = peer.seen.chunks, peer.seen.config.audio_format
    assert b"".join(chunk.data for chunk in chunks) == FINE
    assert [chunk.byte_offset for chunk in chunks] == [0, CHUNK_BYTES, 2 * CHUNK_BYTES, len(FINE)]
    assert all(chunk.HasField("crc32c") and chunk.crc32c == google_crc32c.value(chunk.data) for chunk in chunks)
    assert [chunk.last for chunk in chunks] == [False, False, False, True]
    assert announced.total_bytes == len(FINE)
    assert announced.content_sha256 == hashlib.sha256(FINE).digest()
    assert list(peer.seen.config.stages) == ["separation"]


@pytest.mark.parametrize("kind", ["bytes", "bytearray", "memoryview", "stream", "str"])
def test_whatever_can_be_read_twice_is_digested(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "clip"
    path.write_bytes(FINE)
    sources = {
        "bytes": FINE,
        "bytearray": bytearray(FINE),
        "memoryview": memoryview(FINE),
        "stream": io.BytesIO(FINE),
        "str": str(path),
    }
    upload = Upload(sources[kind])
    assert (upload.total_bytes, upload.sha256) == (len(FINE), hashlib.sha256(FINE).digest())
    assert b"".join(chunk.data for chunk in upload.chunks()) == FINE


def test_an_iterator_is_sent_piece_by_piece_without_a_digest() -> None:
    upload = Upload(iter([b"ab", b"", b"c" * (CHUNK_BYTES + 1)]))
    chunks = list(upload.chunks())
    assert [len(chunk.data) for chunk in chunks] == [2, CHUNK_BYTES, 1, 0]
    assert [chunk.byte_offset for chunk in chunks] == [0, 2, 2 + CHUNK_BYTES, 3 + CHUNK_BYTES]
    announced = audio_pb2.AudioFormat()
    upload.announce(announced)
    assert announced == audio_pb2.AudioFormat()


async def test_a_config_says_that_audio_follows_although_nothing_is_known_of_it(peer: Any) -> None:
    # Provenance carries a digest of the config: the same call has the same one from release to release.
    async with Client(peer.target) as client:
        await client.analyze_to_record(iter([FINE]))
    assert peer.seen.config.HasField("audio_format")
    assert peer.seen.config.audio_format == audio_pb2.AudioFormat()


async def test_a_client_names_a_track_where_the_call_does_not(peer: Any) -> None:
    async with Client(peer.target, track=2) as client:
        await client.analyze_to_record(FINE)
        assert peer.seen.config.audio_format.track == 2
        await client.analyze_to_record(FINE, audio_format=audio_pb2.AudioFormat(track=0))
        assert peer.seen.config.audio_format.track == 0
        assert peer.seen.config.audio_format.total_bytes == len(FINE)


async def test_an_asynchronous_iterator_of_raw_samples_keeps_its_format(peer: Any) -> None:
    async def live() -> AsyncIterator[bytes]:
        yield b"fine "
        yield b"\x00\x01" * 100

    given = audio_pb2.AudioFormat(encoding=audio_pb2.INPUT_ENCODING_PCM_S16LE, sample_rate_hertz=16000, channel_count=1)
    async with Client(peer.target) as client:
        await client.analyze_to_record(live(), audio_format=given)
    assert peer.seen.config.audio_format == given
    assert [len(chunk.data) for chunk in peer.seen.chunks] == [5, 200, 0]


async def test_an_error_of_the_callers_iterator_reaches_the_caller(peer: Any) -> None:
    def broken() -> Any:
        yield b"fine "
        raise ValueError("the microphone was pulled out")

    async with Client(peer.target) as client:
        with pytest.raises(ValueError, match="microphone"):
            await client.analyze_to_record(broken())


def test_what_is_no_audio_is_refused_by_type() -> None:
    with pytest.raises(TypeError, match="not int"):
        Upload(3)  # type: ignore[arg-type]
