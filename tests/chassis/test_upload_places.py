"""Places of uploads: slow ones keep nobody from a worker, no address has them all, and the delays told are true."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc
import pytest

from antiphon.audio.v1 import audio_pb2
from antiphon.evidence.v1 import evidence_pb2
from antiphon.speech.v1 import speech_service_pb2 as pb
from antiphon_wire.calls import keep_status
from antiphon_wire.errors import AntiphonError
from chassis import admission, shared_places, upload_limits
from chassis.admission import Admission
from chassis.family.work import Work
from chassis.shared_places import SharedPlaces
from chassis.upload_limits import UploadLimits, UploadWatch
from chassis.upload_places import UploadPlaces
from tests.chassis.test_server import Running, error, messages, responses, running
from tests.fixtures.first_end import end_of, first_end_of

FULL = ("RESOURCE_EXHAUSTED", "QUEUE_FULL")


class Clock:
    """Stands in for the module ``time``."""

    now = 0.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(admission, "time", made)
    monkeypatch.setattr(shared_places, "time", made)
    return made


def refusal(places: UploadPlaces, peer: str) -> AntiphonError:
    with pytest.raises(AntiphonError) as caught:
        places.admit(peer)
    assert (caught.value.code, caught.value.reason) == FULL
    return caught.value


def test_no_address_has_more_than_its_share() -> None:
    places = UploadPlaces(limit=4, share=2, slow_seconds=30.0)
    first, _ = places.admit("ipv4:10.0.0.1"), places.admit("ipv4:10.0.0.1")
    assert "your address" in refusal(places, "ipv4:10.0.0.1").message
    places.admit("ipv4:10.0.0.2")
    first.release()
    places.admit("ipv4:10.0.0.1")


def test_a_share_of_nought_is_no_share_and_the_limit_holds() -> None:
    places = UploadPlaces(limit=3, share=0, slow_seconds=30.0)
    tickets = [places.admit("ipv4:10.0.0.1") for _ in range(3)]
    assert refusal(places, "ipv4:10.0.0.2").metadata == {"uploads": "3", "limit": "3"}
    for ticket in tickets:
        ticket.release()
    assert places.held == 0


def test_the_delay_is_what_slow_uploads_have_left(clock: Clock) -> None:
    places = UploadPlaces(limit=2, share=0, slow_seconds=30.0)
    first = places.admit("")
    clock.now = 10.0
    places.admit("")
    # None has ended: the first should be let go at 30 s.
    assert refusal(places, "").retry_after_seconds == pytest.approx(20.0)
    clock.now = 12.0
    first.release()
    places.admit("")
    # They take 12 s as it seems; the oldest one began at 10 s.
    assert refusal(places, "").retry_after_seconds == pytest.approx(10.0)
    # Both take longer than they usually do, and as far as is known as long again; the younger one began at 12 s.
    clock.now = 30.0
    assert refusal(places, "").retry_after_seconds == pytest.approx(18.0)
    clock.now = 500.0
    assert refusal(places, "").retry_after_seconds == pytest.approx(30.0)


def test_the_delay_after_quick_uploads_is_short_but_no_busy_loop(clock: Clock) -> None:
    places = UploadPlaces(limit=1, share=0, slow_seconds=30.0)
    ticket = places.admit("")
    clock.now = 0.01
    ticket.release()
    places.admit("")
    assert refusal(places, "").retry_after_seconds == 1.0


async def test_a_place_goes_to_the_first_who_waits_and_past_those_who_left() -> None:
    places = Admission(1, 1.0)
    held = places.take()
    waiting = [asyncio.create_task(places.wait()) for _ in range(3)]
    await asyncio.sleep(0)
    waiting[0].cancel()
    await asyncio.sleep(0)
    held.release()
    ticket = await asyncio.wait_for(waiting[1], 5)
    assert not waiting[2].done()
    assert places.full
    ticket.release()
    (await asyncio.wait_for(waiting[2], 5)).release()
    assert places.held == 0


async def test_who_leaves_when_the_place_has_just_been_given_gives_it_on() -> None:
    places = Admission(1, 1.0)
    held = places.take()
    first, second = asyncio.create_task(places.wait()), asyncio.create_task(places.wait())
    await asyncio.sleep(0)
    held.release()
    first.cancel()
    (await asyncio.wait_for(second, 5)).release()
    assert first.cancelled()
    assert places.held == 0


async def drip(pause: float = 0.1) -> AsyncIterator[pb.TranscribeRequest]:
    """Sends a config and then a byte now and then, and never the last."""
    yield pb.TranscribeRequest(config=pb.TranscriptionConfig(initial_prompt="count 1"))
    for offset in range(1000):
        yield pb.TranscribeRequest(chunk=audio_pb2.AudioChunk(data=b"R", byte_offset=offset))
        await asyncio.sleep(pause)


async def dripping(each: Running, count: int) -> list[Any]:
    """Begins slow uploads and waits until all have their places."""
    calls = [keep_status(each.stub.Transcribe(drip(), timeout=60)) for _ in range(count)]
    async with asyncio.timeout(20):
        while each.host.uploads.held < count:
            await asyncio.sleep(0.01)
    return calls


async def test_nine_slow_uploads_keep_no_honest_caller_out_and_are_let_go(tmp_path: Path, unused_tcp_port: int) -> None:
    # Nine was every place that there is by default: one worker, and eight that wait.
    async with running(tmp_path, unused_tcp_port, upload_window_seconds=2.0) as each:
        calls = await dripping(each, 9)
        assert each.host.pool.admitted == 0
        for _ in range(12):
            assert len(await responses(each, messages("count 1"))) >= 1
        for call in calls:
            ended = await end_of(call)
            assert (ended.code, ended.reason) == ("DEADLINE_EXCEEDED", "UPLOAD_TOO_SLOW")
        assert (each.host.uploads.held, each.host.spool.used_bytes) == (0, 0)
        assert len(await responses(each, messages("count 1"))) >= 1


async def test_more_uploads_than_there_are_places_for_are_told_when_the_slow_ones_end(
    tmp_path: Path, unused_tcp_port: int
) -> None:
    async with running(tmp_path, unused_tcp_port, max_uploads=2, upload_window_seconds=20.0) as each:
        calls = await dripping(each, 2)
        refused = await error(each, messages("count 1"))
        assert (refused.code, refused.reason) == FULL
        # They have just begun and are let go after 20 s; a slow machine may have taken some of that.
        assert refused.retry_after_seconds is not None
        assert 5.0 < refused.retry_after_seconds <= 20.0
        for call in calls:
            call.cancel()
        async with asyncio.timeout(10):
            while each.host.uploads.held:
                await asyncio.sleep(0.01)
        assert len(await responses(each, messages("count 1"))) >= 1


async def test_the_share_of_an_address_counts_all_its_connections(tmp_path: Path, unused_tcp_port: int) -> None:
    async with running(tmp_path, unused_tcp_port, peer_uploads=1) as each:
        (call,) = await dripping(each, 1)
        options = [("grpc.use_local_subchannel_pool", 1)]
        async with grpc.aio.insecure_channel(f"127.0.0.1:{unused_tcp_port}", options=options) as channel:
            refused = await error(Running(each.server, each.host, channel), messages("count 1"))
        assert (refused.code, refused.reason) == FULL
        assert refused.metadata["limit"] == "1"
        call.cancel()


async def test_an_upload_that_is_whole_when_the_service_is_full_waits_for_its_place(
    tmp_path: Path, unused_tcp_port: int
) -> None:
    async with running(tmp_path, unused_tcp_port, {"max_pending": 0}) as each:
        config, chunk = messages("count 1")
        late = each.stub.Transcribe(timeout=60)
        await late.write(config)
        async with asyncio.timeout(20):
            while not each.host.uploads.held:
                await asyncio.sleep(0.01)
        quick = each.stub.Transcribe(iter(messages("step 0.01")))
        while not (await quick.read()).progress.HasField("fraction"):
            pass
        await late.write(chunk)
        await late.done_writing()
        refused = await error(each, messages("count 1"))
        assert (refused.code, refused.reason) == FULL
        assert (each.host.uploads.held, each.host.pool.admitted) == (1, 1)
        quick.cancel()
        assert [response async for response in late][-1].progress.fraction == 1.0
        async with asyncio.timeout(10):
            while each.host.pool.admitted:
                await asyncio.sleep(0.01)
        assert each.host.uploads.held == 0


async def test_what_waits_for_a_place_is_told_so_and_its_wait_counts(tmp_path: Path, unused_tcp_port: int) -> None:
    async with running(tmp_path, unused_tcp_port, {"max_pending": 0}) as each:
        config, chunk = messages("count 1")
        late = [each.stub.Transcribe(timeout=60) for _ in range(2)]
        for call in late:
            await call.write(config)
        async with asyncio.timeout(20):
            while each.host.uploads.held < 2:
                await asyncio.sleep(0.01)
        quick = each.stub.Transcribe(iter(messages("step 0.01")))
        while not (await quick.read()).progress.HasField("fraction"):
            pass
        positions = []
        for call in late:
            await call.write(chunk)
            positions.append((await call.read()).progress)
        assert [told.phase for told in positions] == [evidence_pb2.Progress.PHASE_QUEUED] * 2
        assert [told.queue_position for told in positions] == [0, 1]
        quick.cancel()
        # The second is told again when the first has its place.
        assert (await late[1].read()).progress.queue_position == 0
        for call in late:
            while (response := await call.read()) is not grpc.aio.EOF:
                last = response
            assert last.progress.fraction == 1.0


async def test_who_waited_for_a_place_counts_it_in_the_time_of_the_queue() -> None:
    work = Work("antiphon.speech.v1.SpeechService")
    work.place_seconds = 2.0
    work.began(0.5)
    assert work.queue_seconds == 2.5


def test_a_share_that_is_spent_is_told_by_the_places_of_that_address_alone(clock: Clock) -> None:
    places = UploadPlaces(limit=8, share=1, slow_seconds=30.0)
    places.admit("ipv4:10.0.0.1")
    clock.now = 10.0
    places.admit("ipv4:10.0.0.2")
    assert refusal(places, "ipv4:10.0.0.2").retry_after_seconds == pytest.approx(30.0)


def test_who_wants_a_place_gets_that_of_one_who_makes_no_use_of_it() -> None:
    places, asked = SharedPlaces(2, 0, 1.0, 60.0), []

    def make_way(name: str, does: bool) -> Any:
        def answer() -> bool:
            asked.append(name)
            return does

        return answer

    places.take("ipv4:10.0.0.1", make_way("first", False))
    places.take("ipv4:10.0.0.2", make_way("second", True))
    assert places.full
    assert not places.make_room("ipv4:10.0.0.1")
    assert places.make_room()
    assert asked == ["first", "first", "second"]


def test_only_what_is_behind_its_rate_for_a_while_makes_way() -> None:
    watch = UploadWatch(UploadLimits(30.0, least_rate=100.0))
    assert not watch.behind(9.0)
    assert watch.behind(11.0)
    watch.brought(1101)
    assert not watch.behind(11.0)
    assert watch.behind(11.1)
    assert not UploadWatch(UploadLimits(30.0)).behind(29.0)


async def test_silent_uploads_make_way_for_one_who_wants_a_place(
    tmp_path: Path, unused_tcp_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upload_limits, "_GRACE_SECONDS", 0.5)
    async with running(tmp_path, unused_tcp_port, max_uploads=2) as each:
        calls = await dripping(each, 2)
        assert (await error(each, messages("count 1"))).reason == "QUEUE_FULL"
        await asyncio.sleep(1.0)
        for _ in range(2):
            assert len(await responses(each, messages("count 1"))) >= 1
        # Which of them is the one is for the service to say: they need not have come in the order in which they left.
        ended = await first_end_of(calls)
        assert (ended.code, ended.reason) == ("DEADLINE_EXCEEDED", "UPLOAD_TOO_SLOW")
        assert "others want this place" in ended.message
        for call in calls:
            call.cancel()
