"""The upload state machine: every order and cut of messages is either the whole upload or an exact error."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Iterator
from itertools import pairwise
from pathlib import Path

import google_crc32c
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from antiphon.audio.v1 import audio_pb2
from antiphon.speech.v1 import speech_service_pb2 as pb
from antiphon_wire.errors import AntiphonError
from antiphon_wire.limits import MAX_CHUNK_BYTES, MAX_SMALL_CHUNKS
from chassis.spool import Spool
from chassis.upload import Upload
from chassis.upload_limits import UploadLimits


def chunk(data: bytes, offset: int, last: bool = False, crc: bool = False) -> pb.TranscribeRequest:
    message = audio_pb2.AudioChunk(data=data, byte_offset=offset, last=last)
    if crc:
        message.crc32c = google_crc32c.value(data)
    return pb.TranscribeRequest(chunk=message)


def config(**audio_format: object) -> pb.TranscribeRequest:
    format_ = audio_pb2.AudioFormat(**audio_format)
    return pb.TranscribeRequest(config=pb.TranscriptionConfig(audio_format=format_))


async def stream(*messages: pb.TranscribeRequest) -> AsyncIterator[pb.TranscribeRequest]:
    for message in messages:
        yield message


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    spool = Spool(tmp_path, budget_bytes=10_000_000, upload_bytes=5_000_000)
    yield spool
    spool.close()


async def upload(spool: Spool, *messages: pb.TranscribeRequest) -> tuple[bytes, bytes]:
    """Runs one upload; returns the spooled bytes and the digest."""
    async with Upload(stream(*messages), spool, UploadLimits(5)) as each:
        await each.config()
        audio = await each.audio()
        return audio.path.read_bytes(), audio.sha256


async def reason(spool: Spool, *messages: pb.TranscribeRequest) -> tuple[str, str]:
    with pytest.raises(AntiphonError) as caught:
        await upload(spool, *messages)
    return caught.value.code, caught.value.reason


@given(data=st.binary(min_size=1, max_size=4000), cuts=st.lists(st.integers(0, 4000), max_size=8), crc=st.booleans())
@settings(max_examples=60)
async def test_any_cut_of_an_upload_gives_the_same_bytes_and_digest(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, cuts: list[int], crc: bool
) -> None:
    spool = Spool(tmp_path_factory.mktemp("spool"), 10_000, 10_000)
    edges = sorted({0, len(data), *(cut for cut in cuts if cut < len(data))})
    parts = [(data[a:b], a) for a, b in pairwise(edges)]
    messages = [chunk(part, at, last=at + len(part) == len(data), crc=crc) for part, at in parts]
    received, digest = await upload(spool, config(total_bytes=len(data)), *messages)
    assert received == data
    assert digest == hashlib.sha256(data).digest()
    assert spool.used_bytes == 0
    spool.close()


async def test_an_empty_stream_lacks_its_config(spool: Spool) -> None:
    assert await reason(spool) == ("INVALID_ARGUMENT", "CONFIG_MISSING")


async def test_a_chunk_before_the_config_is_refused(spool: Spool) -> None:
    assert await reason(spool, chunk(b"x", 0, True)) == ("INVALID_ARGUMENT", "CONFIG_MISSING")


async def test_an_empty_first_message_is_refused(spool: Spool) -> None:
    assert await reason(spool, pb.TranscribeRequest()) == ("INVALID_ARGUMENT", "CONFIG_MISSING")


async def test_a_second_config_is_refused(spool: Spool) -> None:
    assert await reason(spool, config(), config()) == ("INVALID_ARGUMENT", "CONFIG_REPEATED")


async def test_an_empty_message_among_the_chunks_is_refused(spool: Spool) -> None:
    assert await reason(spool, config(), pb.TranscribeRequest()) == ("INVALID_ARGUMENT", "PAYLOAD_MISSING")


async def test_a_config_alone_is_an_empty_upload(spool: Spool) -> None:
    assert await reason(spool, config()) == ("INVALID_ARGUMENT", "UPLOAD_EMPTY")


async def test_chunks_without_bytes_are_an_empty_upload(spool: Spool) -> None:
    assert await reason(spool, config(), chunk(b"", 0, True)) == ("INVALID_ARGUMENT", "UPLOAD_EMPTY")


async def test_a_stream_that_ends_without_a_last_chunk_is_truncated(spool: Spool) -> None:
    assert await reason(spool, config(), chunk(b"abc", 0)) == ("DATA_LOSS", "UPLOAD_TRUNCATED")


@pytest.mark.parametrize("offset", [2, 4, -1], ids=["repeat", "gap", "negative"])
async def test_an_offset_that_does_not_follow_is_a_data_loss(spool: Spool, offset: int) -> None:
    assert await reason(spool, config(), chunk(b"abc", 0), chunk(b"d", offset, True)) == ("DATA_LOSS", "CHUNK_OFFSET")


async def test_a_wrong_checksum_is_a_data_loss(spool: Spool) -> None:
    bad = chunk(b"abc", 0, True, crc=True)
    bad.chunk.crc32c ^= 1
    assert await reason(spool, config(), bad) == ("DATA_LOSS", "CHUNK_CHECKSUM")


async def test_a_wrong_announced_digest_is_a_data_loss(spool: Spool) -> None:
    wrong = config(content_sha256=bytes(32))
    assert await reason(spool, wrong, chunk(b"abc", 0, True)) == ("DATA_LOSS", "UPLOAD_DIGEST")


async def test_the_right_announced_digest_passes(spool: Spool) -> None:
    right = config(content_sha256=hashlib.sha256(b"abc").digest())
    assert (await upload(spool, right, chunk(b"abc", 0, True)))[0] == b"abc"


@pytest.mark.parametrize("announced", [2, 4], ids=["more came", "less came"])
async def test_a_wrong_announced_size_is_a_data_loss(spool: Spool, announced: int) -> None:
    messages = config(total_bytes=announced), chunk(b"abc", 0, True)
    assert await reason(spool, *messages) == ("DATA_LOSS", "UPLOAD_SIZE")


@pytest.mark.parametrize(
    "wrong", [{"content_sha256": b"short"}, {"total_bytes": -1}], ids=["short digest", "negative size"]
)
async def test_a_malformed_announcement_is_refused(spool: Spool, wrong: dict[str, object]) -> None:
    assert await reason(spool, config(**wrong), chunk(b"abc", 0, True)) == ("INVALID_ARGUMENT", "AUDIO_FORMAT")


async def test_a_chunk_of_one_mebibyte_passes_and_one_byte_more_does_not(spool: Spool) -> None:
    assert len((await upload(spool, config(), chunk(bytes(MAX_CHUNK_BYTES), 0, True)))[0]) == MAX_CHUNK_BYTES
    too_large = chunk(bytes(MAX_CHUNK_BYTES + 1), 0, True)
    assert await reason(spool, config(), too_large) == ("INVALID_ARGUMENT", "CHUNK_TOO_LARGE")


async def test_an_upload_byte_by_byte_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    spool = Spool(tmp_path, budget_bytes=100_000, upload_bytes=100_000)
    crumbs = [chunk(b"x", offset) for offset in range(MAX_SMALL_CHUNKS + 1)]
    assert await reason(spool, config(), *crumbs) == ("INVALID_ARGUMENT", "CHUNK_TOO_SMALL")
    assert spool.used_bytes == 0
    spool.close()


async def test_one_upload_beyond_its_limit_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    spool = Spool(tmp_path, budget_bytes=1000, upload_bytes=10)
    assert await reason(spool, config(), chunk(bytes(11), 0, True)) == ("INVALID_ARGUMENT", "UPLOAD_TOO_LARGE")
    assert spool.used_bytes == 0
    assert list(spool.folder.iterdir()) == []


async def test_uploads_beyond_the_common_budget_are_told_when_to_come_back(tmp_path: Path) -> None:
    spool = Spool(tmp_path, budget_bytes=10, upload_bytes=1000)
    with pytest.raises(AntiphonError) as caught:
        await upload(spool, config(), chunk(bytes(11), 0, True))
    assert (caught.value.code, caught.value.reason) == ("RESOURCE_EXHAUSTED", "SPOOL_FULL")
    assert caught.value.retry_after_seconds is not None


async def test_a_sender_that_pauses_too_long_is_given_up(spool: Spool) -> None:
    import asyncio

    async def stalled() -> AsyncIterator[pb.TranscribeRequest]:
        yield config()
        await asyncio.Event().wait()

    async with Upload(stalled(), spool, UploadLimits(0.05)) as each:
        with pytest.raises(AntiphonError) as caught:
            await each.audio()
    assert (caught.value.code, caught.value.reason) == ("DEADLINE_EXCEEDED", "UPLOAD_IDLE")


def test_the_spool_of_a_process_that_is_gone_is_removed_and_a_living_ones_is_kept(tmp_path: Path) -> None:
    orphan = tmp_path / "antiphon-spool-abc"
    orphan.mkdir()
    living = Spool(tmp_path, 1, 1)
    other = Spool(tmp_path, 1, 1)
    assert not orphan.exists()
    assert living.folder.exists()
    living.close()
    other.close()
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_busy_and_not_our_fault(spool: Spool, monkeypatch: pytest.MonkeyPatch) -> None:
    file = spool.file()
    with open("/dev/full", "wb", buffering=0) as full:
        monkeypatch.setattr(file, "_file", full)
        with pytest.raises(AntiphonError) as caught:
            file.write(b"x")
    assert (caught.value.code, caught.value.reason) == ("RESOURCE_EXHAUSTED", "SPOOL_FULL")


def test_a_write_that_the_system_cuts_short_is_completed(spool: Spool, monkeypatch: pytest.MonkeyPatch) -> None:
    file = spool.file()
    real = file._file

    class Short:
        """Takes at most three bytes at a time, as a raw file may."""

        def write(self, data: memoryview) -> int:
            return real.write(data[:3])

        def close(self) -> None:
            real.close()

    monkeypatch.setattr(file, "_file", Short())
    file.write(b"0123456789")
    file.finish()
    assert file.path.read_bytes() == b"0123456789"
    assert spool.used_bytes == file.byte_count == 10


def test_a_file_that_somebody_else_removed_still_gives_its_bytes_back(spool: Spool) -> None:
    file = spool.file()
    file.write(b"123")
    file.path.unlink()
    file.remove()
    file.remove()
    assert spool.used_bytes == 0


def test_a_call_that_is_refused_before_its_upload_leaves_the_upload_alone(spool: Spool) -> None:
    touched = []

    class Untouched:
        def __aiter__(self) -> AsyncIterator[pb.TranscribeRequest]:
            touched.append("made")
            return self

        async def __anext__(self) -> pb.TranscribeRequest:
            touched.append("begun")
            raise StopAsyncIteration

    Upload(Untouched(), spool, UploadLimits(5))
    assert touched == [], "an iterator that is made and never begun makes grpc warn"


async def test_empty_chunks_cannot_keep_an_upload_alive(spool: Spool) -> None:
    assert await reason(spool, config(), chunk(b"", 0)) == ("INVALID_ARGUMENT", "CHUNK_EMPTY")


async def test_a_config_alone_is_no_audio_where_a_call_can_do_without(spool: Spool) -> None:
    async def if_any(*messages: pb.TranscribeRequest) -> bytes | None:
        async with Upload(stream(*messages), spool, UploadLimits(5)) as each:
            audio = await each.audio_if_any()
            return None if audio is None else audio.path.read_bytes()

    assert await if_any(config()) is None
    assert await if_any(config(), chunk(b"abc", 0, last=True)) == b"abc"
    with pytest.raises(AntiphonError, match="UPLOAD_EMPTY"):
        await if_any(config(), chunk(b"", 0, last=True))
    with pytest.raises(AntiphonError, match="UPLOAD_TRUNCATED"):
        await if_any(config(), chunk(b"abc", 0))
    assert spool.used_bytes == 0
