"""Slow uploads: a caller who sends next to nothing is let go, and a slow link that is honest is not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from antiphon.audio.v1 import audio_pb2
from antiphon.speech.v1 import speech_service_pb2 as pb
from antiphon_wire.errors import AntiphonError
from chassis.spool import Spool
from chassis.upload import Upload
from chassis.upload_limits import UploadLimits, UploadWatch

LIMITS = UploadLimits(idle_seconds=30.0, total_seconds=900.0, least_rate=1024.0, window_seconds=30.0)


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    made = Spool(tmp_path, budget_bytes=10_000_000, upload_bytes=5_000_000)
    yield made
    made.close()


async def trickle(size: int, pause: float, count: int) -> AsyncIterator[pb.TranscribeRequest]:
    """Sends a config and then chunks of ``size`` bytes with a pause before each (s)."""
    yield pb.TranscribeRequest(config=pb.TranscriptionConfig())
    for index in range(count):
        await asyncio.sleep(pause)
        data, last = bytes(size), index == count - 1
        yield pb.TranscribeRequest(chunk=audio_pb2.AudioChunk(data=data, byte_offset=index * size, last=last))


async def refusal(spool: Spool, limits: UploadLimits, requests: AsyncIterator[pb.TranscribeRequest]) -> AntiphonError:
    with pytest.raises(AntiphonError) as caught:
        async with Upload[pb.TranscriptionConfig](requests, spool, limits) as upload:
            await upload.audio()
    assert spool.used_bytes == 0
    return caught.value


async def test_a_byte_now_and_then_does_not_keep_an_upload_alive(spool: Spool) -> None:
    limits = UploadLimits(idle_seconds=5.0, total_seconds=60.0, least_rate=1000.0, window_seconds=0.2)
    error = await refusal(spool, limits, trickle(1, 0.03, 1000))
    assert (error.code, error.reason) == ("DEADLINE_EXCEEDED", "UPLOAD_TOO_SLOW")
    assert error.metadata["least_rate"] == "1000.0"
    assert error.metadata["window_seconds"] == "0.2"
    # A byte each 30 ms or, on a slow machine, later.
    assert 0 < int(error.metadata["byte_count"]) <= 7


async def test_an_upload_that_is_fast_enough_but_does_not_end_is_given_up(spool: Spool) -> None:
    limits = UploadLimits(idle_seconds=5.0, total_seconds=0.3, least_rate=1.0, window_seconds=0.1)
    error = await refusal(spool, limits, trickle(1000, 0.02, 1000))
    assert (error.code, error.reason) == ("DEADLINE_EXCEEDED", "UPLOAD_TOO_SLOW")
    assert error.metadata == {"total_seconds": "0.3"}


async def test_a_slow_link_that_brings_the_least_rate_is_served(spool: Spool) -> None:
    # 50 bytes each 10 ms: 5 kB/s at best, and a machine that is ten times slower still brings 500 bytes a second.
    limits = UploadLimits(idle_seconds=5.0, total_seconds=60.0, least_rate=400.0, window_seconds=0.2)
    async with Upload[pb.TranscriptionConfig](trickle(50, 0.01, 60), spool, limits) as upload:
        assert (await upload.audio()).byte_count == 3000


async def test_time_in_which_nobody_waits_for_an_upload_is_not_counted(spool: Spool) -> None:
    limits = UploadLimits(idle_seconds=5.0, total_seconds=0.4, least_rate=1000.0, window_seconds=0.2)
    async with Upload[pb.TranscriptionConfig](trickle(100, 0.0, 5), spool, limits) as upload:
        async for _ in upload.pieces():
            await asyncio.sleep(0.15)
        assert upload.byte_count == 500


def test_nobody_is_called_slow_before_the_first_window_ends() -> None:
    watch = UploadWatch(LIMITS)
    watch.waited(29.0, rated=True)
    assert watch.patience(rated=True) == pytest.approx(1.0)
    assert watch.gave_up(rated=True).reason == "UPLOAD_TOO_SLOW"


def test_a_window_that_has_its_bytes_leaves_the_next_one_whole() -> None:
    watch = UploadWatch(LIMITS)
    watch.waited(10.0, rated=True)
    watch.brought(1024 * 30)
    # 20 s of this window and 30 of the next are left, but for the pause, which may be 30 s.
    assert watch.patience(rated=True) == 30.0
    watch.waited(25.0, rated=True)
    assert watch.patience(rated=True) == pytest.approx(25.0)


def test_the_time_before_the_config_is_no_part_of_a_window_but_of_the_whole() -> None:
    watch = UploadWatch(UploadLimits(30.0, 40.0, 1024.0, 30.0))
    watch.waited(25.0, rated=False)
    assert watch.patience(rated=True) == pytest.approx(15.0)
    assert "40 s" in watch.gave_up(rated=True).message


def test_a_live_stream_may_go_on_for_ever_at_a_quarter_of_real_time() -> None:
    live = LIMITS.live(32_000, 0.25)
    assert (live.least_rate, live.window_seconds) == (8000.0, 120.0)
    watch = UploadWatch(live)
    for _ in range(10_000):
        watch.waited(1.0, rated=True)
        watch.brought(8000)
        assert watch.patience(rated=True) > 0.0


def test_a_live_stream_in_a_container_needs_hardly_any_bytes_and_none_where_the_rule_is_off() -> None:
    assert LIMITS.live(None, 0.25).least_rate == 8.0
    assert LIMITS.live(None, 0.0).least_rate == 0.0
    assert LIMITS.live(32_000, 0.0).least_rate == 0.0
