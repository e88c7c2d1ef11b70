"""Live workers: many streams in one process, fed while they run, in turns by urgency; with real processes."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc
import psutil
import pytest
from prometheus_client import REGISTRY

from antiphon.audio.v1 import audio_pb2
from antiphon.speech.v1 import speech_service_pb2 as pb
from antiphon.speech.v1 import speech_service_pb2_grpc as pb_grpc
from antiphon.status.v1 import status_service_pb2 as status_pb2
from antiphon.status.v1 import status_service_pb2_grpc as status_grpc
from antiphon_wire import status
from antiphon_wire.calls import keep_status
from antiphon_wire.errors import AntiphonError
from antiphon_wire.limits import MAX_SMALL_CHUNKS
from chassis import upload_limits
from chassis.family.call import Call
from chassis.family.family import Family, Live
from chassis.family.host import FamilyHost
from chassis.reading import Limits
from chassis.reports import ProgressReport, SourceReport, WorkReport
from chassis.server import Server, ServerSettings, WorkerSettings, live_rpc
from chassis.traces import WorkerFaultError
from chassis.worker import LiveJob, LiveOptions, LivePool, LiveStream
from chassis.worker.messages import Init
from services.speech.live.contract import Reached
from tests.fixtures.first_end import first_end_of
from tests.fixtures.processes import until_idle

EMPTY_MANIFEST = Path(__file__).parent / "empty_models.toml"
JOBS = "tests.chassis.live_jobs:Jobs"
EVENTS = ProgressReport | SourceReport | WorkReport | Reached
NAME = pb.DESCRIPTOR.services_by_name["SpeechService"].full_name


def job(verb: str, request: Any = "") -> LiveJob:
    return LiveJob(verb, request, Limits(max_seconds=60.0, max_decoded_bytes=1 << 30, max_wall_seconds=60.0))


@asynccontextmanager
async def pool(streams: int = 3, settings: Any = None, **options: Any) -> AsyncIterator[LivePool]:
    init = Init(JOBS, settings, str(EMPTY_MANIFEST), "/nonexistent", None, warm=True, live=True)
    each = LivePool(init, LiveOptions(streams, events=EVENTS, **options))
    each.start()
    try:
        yield each
    finally:
        await each.stop()


async def until(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    """Waits for a condition that another process brings about; fails the test when it does not."""
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.01)


async def collect(stream: LiveStream) -> list[Any]:
    return [event async for event in stream.events()]


async def whole(each: LivePool, todo: LiveJob, *pieces: bytes) -> list[Any]:
    """Runs a job from its start to its end."""
    async with await each.open(todo) as stream:
        for piece in pieces:
            await stream.feed(piece)
        await stream.feed(b"", last=True)
        return await collect(stream)


async def test_a_job_tells_of_the_first_bytes_before_the_last_are_sent() -> None:
    async with pool() as each, await each.open(job("echo", "<")) as stream:
        events = stream.events()
        await stream.feed(b"one")
        assert await anext(events) == "<one"
        await stream.feed(b"two", last=True)
        assert await anext(events) == "<two"
        last = await anext(events)
        assert last[2] == 6
        with pytest.raises(StopAsyncIteration):
            await anext(events)


async def test_streams_of_one_worker_go_on_side_by_side() -> None:
    async with pool() as each, await each.open(job("echo", "a")) as a, await each.open(job("echo", "b")) as b:
        heard_a, heard_b = a.events(), b.events()
        for turn in ("1", "2", "3"):
            await a.feed(turn.encode())
            assert await anext(heard_a) == f"a{turn}"
            await b.feed(turn.encode())
            assert await anext(heard_b) == f"b{turn}"
        assert len(each.pids) == 1


async def test_the_job_whose_step_fell_due_first_works_first() -> None:
    async with (
        pool() as each,
        await each.open(job("urgent", ("late", (30.0, 40.0)))) as late,
        await each.open(job("urgent", ("soon", (10.0, 20.0)))) as soon,
    ):
        await late.feed(b"x", last=True)
        await soon.feed(b"x", last=True)
        assert await collect(soon) == ["soon soon"]
        assert await collect(late) == ["soon soon late late"]


async def test_what_a_job_does_not_take_is_not_read_from_its_caller() -> None:
    async with pool(unread_bytes=100_000) as each, await each.open(job("greedy")) as stream:
        assert await anext(stream.events()) == "started"
        fed = 0

        async def pour() -> None:
            nonlocal fed
            while True:
                await stream.feed(bytes(10_000))
                fed += 10_000

        pouring = asyncio.create_task(pour())
        await until(lambda: fed >= 100_000)
        await asyncio.sleep(0.2)
        assert fed == 100_000
        pouring.cancel()


async def test_a_long_piece_is_fed_in_short_ones() -> None:
    async with pool(unread_bytes=1 << 20) as each:
        events = await whole(each, job("echo"), bytes(200_000))
    assert len(events) == 4 + 1  # 64 KiB each, and the end
    assert events[-1][2] == 200_000


async def test_a_slow_reader_misses_only_what_may_be_missed() -> None:
    async with pool(unsent_events=10) as each, await each.open(job("chatter", 40)) as stream:
        await until(lambda: stream.dropped >= 39 * 40)
        ending = asyncio.create_task(stream.feed(b"", last=True))
        await asyncio.sleep(0.05)
        assert not ending.done()  # nothing more is taken in while what was told is not read
        events = await collect(stream)
        await ending
    assert [event for event in events if isinstance(event, str)] == [str(number) for number in range(40)]
    kept = [event.at.audio_seconds for event in events if isinstance(event, Reached)]
    assert 0 < len(kept) < 40
    assert set(kept) == {39.0}  # the newest of each row


async def test_a_cancel_frees_the_core_and_leaves_the_other_streams_alone() -> None:
    async with pool() as each:
        async with await each.open(job("echo")) as other:
            async with await each.open(job("spin")) as stream:
                assert await anext(stream.events()) == "started"
                (pid,) = each.pids
            await other.feed(b"still here", last=True)
            assert (await collect(other))[0] == "still here"
        assert each.pids == [pid]
        await until_idle(pid)


async def test_a_worker_that_hangs_is_killed_after_the_grace() -> None:
    async with pool(cancel_grace_seconds=0.1) as each:
        async with await each.open(job("hold")) as stream:
            assert await anext(stream.events()) == "started"
            (before,) = each.pids
        await until(lambda: each.ready and each.pids != [before])
        assert not psutil.pid_exists(before)
        assert (each.restarts, each.status.last_problem) == (0, "")


async def test_a_worker_that_hangs_and_takes_other_streams_along_counts_as_lost() -> None:
    async with pool(cancel_grace_seconds=0.1) as each:
        async with await each.open(job("echo")) as other:
            async with await each.open(job("hold")) as stream:
                assert await anext(stream.events()) == "started"
            with pytest.raises(AntiphonError) as caught:
                await collect(other)
        assert caught.value.reason == "WORKER_LOST"
        await until(lambda: each.restarts == 1)


async def test_kill_9_is_worker_lost_to_every_stream_and_the_next_has_a_fresh_worker() -> None:
    async with pool() as each:
        async with await each.open(job("echo")) as a, await each.open(job("spin")) as b:
            assert await anext(b.events()) == "started"
            os.kill(each.pids[0], signal.SIGKILL)
            for stream in (a, b):
                with pytest.raises(AntiphonError) as caught:
                    await collect(stream)
                assert (caught.value.code, caught.value.reason) == ("UNAVAILABLE", "WORKER_LOST")
        assert (await whole(each, job("echo"), b"again"))[0] == "again"


async def test_a_live_worker_that_says_what_ours_never_say_is_killed_and_the_next_stream_has_a_fresh_one() -> None:
    async with pool() as each:
        with pytest.raises(AntiphonError) as caught:
            await whole(each, job("forge"))
        assert (caught.value.code, caught.value.reason) == ("UNAVAILABLE", "WORKER_LOST")
        assert (await whole(each, job("echo"), b"abc"))[-1][-1] == 3


async def test_the_status_tells_of_a_live_worker_that_died_and_of_the_fresh_one() -> None:
    async with pool() as each:
        await until(lambda: each.ready)
        before = each.status
        os.kill(each.pids[0], signal.SIGKILL)
        await until(lambda: each.restarts == 1 and each.ready)
        after = each.status
    assert (before.kept, before.ready, before.restarts, before.loaded) == (1, 1, 0, "warm, live")
    assert (before.last_problem, before.last_restart) == ("", None)
    assert (after.kept, after.ready, after.restarts) == (1, 1, 1)
    assert after.last_problem == "the live worker ended with exit code -9; a fresh one is being started"
    assert after.last_restart is not None


async def test_streams_are_refused_where_no_live_worker_can_be_started() -> None:
    async with pool(settings="die at start") as each:
        with pytest.raises(AntiphonError) as caught:
            await each.open(job("echo"))
        assert (caught.value.code, caught.value.reason) == ("UNAVAILABLE", "WORKER_NOT_STARTING")
        assert caught.value.retry_after_seconds is not None
        assert "before it was ready (exit code 3)" in each.status.last_problem


async def test_a_crash_tells_its_signal() -> None:
    async with pool() as each:
        with pytest.raises(AntiphonError) as caught:
            await whole(each, job("die"))
    assert caught.value.metadata["exit_code"] == str(-signal.SIGSEGV)


async def test_errors_end_one_stream_and_not_its_neighbour() -> None:
    async with pool() as each, await each.open(job("echo")) as other:
        with pytest.raises(AntiphonError) as caught:
            await whole(each, job("refuse"))
        assert (caught.value.reason, caught.value.field) == ("REFUSED", "config.model")
        with pytest.raises(WorkerFaultError, match="KeyError") as fault:
            await whole(each, job("fail"))
        assert "a secret of the inside" not in str(fault.value)
        await other.feed(b"fine", last=True)
        assert (await collect(other))[0] == "fine"
        assert each.restarts == 0


async def test_the_next_worker_is_started_when_each_that_is_up_has_a_stream() -> None:
    async with pool(streams=4, processes=2) as each:
        await until(lambda: each.ready)
        assert each.status.kept == 1
        streams = [await each.open(job("echo"))]
        await until(lambda: each.status.ready == 2 and len(each._hosts) == 2)
        streams += [await each.open(job("echo")) for _ in range(3)]
        assert [len(host.streams) for host in each._hosts] == [2, 2]
        assert each.status.kept == 2
        for stream in streams:
            async with stream:
                pass


async def test_no_further_stream_is_admitted_while_one_is_very_late() -> None:
    async with pool() as each:
        ticket = each.admit()
        async with await each.open(job("late", (0.5, 6.0, 0.1))) as stream:
            events = stream.events()
            assert (await anext(events)).lag_seconds == 0.5
            each.admit().release()
            await stream.feed(b"next")
            assert (await anext(events)).lag_seconds == 6.0
            with pytest.raises(AntiphonError, match=r"up to 6\.0 s behind") as caught:
                each.admit()
            assert (caught.value.code, caught.value.reason) == ("RESOURCE_EXHAUSTED", "LIVE_STREAMS_FULL")
            assert caught.value.retry_after_seconds is not None
            await stream.feed(b"next", last=True)
            assert (await anext(events)).lag_seconds == 0.1
            each.admit().release()
        ticket.release()


async def test_one_stream_too_many_is_told_when_to_come_back() -> None:
    async with pool(streams=1) as each:
        ticket = each.admit()
        with pytest.raises(AntiphonError) as caught:
            each.admit()
        assert (caught.value.code, caught.value.reason) == ("RESOURCE_EXHAUSTED", "LIVE_STREAMS_FULL")
        assert caught.value.retry_after_seconds is not None
        assert caught.value.retry_after_seconds >= 1.0
        ticket.release()
        each.admit().release()
        assert each.admitted == 0


async def test_no_address_has_all_live_streams_but_this_machine_s_own() -> None:
    async with pool(streams=3, peer_streams=2) as each:
        tickets = [each.admit("ipv4:10.0.0.1") for _ in range(2)]
        with pytest.raises(AntiphonError, match="2 of them from your address") as caught:
            each.admit("ipv4:10.0.0.1")
        assert (caught.value.code, caught.value.reason) == ("RESOURCE_EXHAUSTED", "LIVE_STREAMS_FULL")
        tickets.append(each.admit("ipv4:10.0.0.2"))
        for ticket in tickets:
            ticket.release()
        for ticket in [each.admit("ipv4:127.0.0.1") for _ in range(3)]:
            ticket.release()
        assert each.admitted == 0


async def test_three_holders_who_send_next_to_nothing_make_way_for_who_speaks(
    tmp_path: Path, unused_tcp_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upload_limits, "_GRACE_SECONDS", 0.5)

    async def hold() -> AsyncIterator[pb.StreamingRecognizeRequest]:
        yield config("echo")
        for offset in range(100):
            yield chunk(b"R", offset)
            await asyncio.sleep(10)

    async with serving(tmp_path, unused_tcp_port, streams=3) as (stub, host):
        calls = [keep_status(stub.StreamingRecognize(hold())) for _ in range(3)]
        await until(lambda: host.live.ready and len(host.live._hosts[0].streams) == 3)
        await asyncio.sleep(1.0)
        for _ in range(3):
            requests = iter([config("echo"), chunk(b"x", 0, last=True)])
            assert [response async for response in stub.StreamingRecognize(requests)][-1].HasField("summary")
        # Which of them is the one is for the service to say: they need not have come in the order in which they left.
        assert (await first_end_of(calls)).reason == "UPLOAD_TOO_SLOW"
        for call in calls:
            call.cancel()


async def test_a_server_without_live_streams_starts_no_worker_and_says_so() -> None:
    async with pool(streams=0) as each:
        with pytest.raises(AntiphonError) as caught:
            each.admit()
        assert (caught.value.code, caught.value.reason) == ("FAILED_PRECONDITION", "LIVE_NOT_SERVED")
        assert each.status.kept == 0


# Over a real socket.


class Servicer(pb_grpc.SpeechServiceServicer):
    """Hands the prompt to the worker as the verb, so that each test chooses how its job goes."""

    def __init__(self, host: FamilyHost) -> None:
        self._host = host

    @live_rpc
    async def StreamingRecognize(self, requests: Any, context: Any) -> AsyncIterator[pb.StreamingRecognizeResponse]:
        async with Call(self._host, requests, NAME, live=True) as call:
            config = await call.config()
            async for event in call.run_live(config.initial_prompt, ""):
                if isinstance(event, str):
                    yield pb.StreamingRecognizeResponse(final=pb.FinalResult(text=event))
                elif isinstance(event, tuple):
                    source, work, _ = event
                    provenance = call.provenance(work, source, config)
                    summary = pb.StreamingRecognitionSummary(source=call.source(source), provenance=provenance)
                    yield pb.StreamingRecognizeResponse(summary=summary)


@asynccontextmanager
async def serving(tmp_path: Path, port: int, streams: int = 2, **server: Any) -> AsyncIterator[Any]:
    settings = ServerSettings(port=port, spool_dir=tmp_path, lame_duck_seconds=0.0, **server)
    family = Family("speech", JOBS, None, EMPTY_MANIFEST, Live(streams, 1, 60.0), events=EVENTS)
    host = FamilyHost(family, settings, WorkerSettings(models=tmp_path))
    each = Server("speech", settings)
    each.add(Servicer(host), pb_grpc.add_SpeechServiceServicer_to_server, NAME)
    host.report_to(each)
    host.live.start()
    await each.start()
    options = [("grpc.use_local_subchannel_pool", 1)]
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}", options=options) as channel:
        try:
            yield pb_grpc.SpeechServiceStub(channel), host
        finally:
            await each.drain()
            await host.close()


def config(verb: str) -> pb.StreamingRecognizeRequest:
    format_ = audio_pb2.AudioFormat(encoding=2, sample_rate_hertz=16000, channel_count=1)
    return pb.StreamingRecognizeRequest(config=pb.StreamingRecognitionConfig(initial_prompt=verb, audio_format=format_))


def chunk(data: bytes, offset: int, **more: Any) -> pb.StreamingRecognizeRequest:
    return pb.StreamingRecognizeRequest(chunk=audio_pb2.AudioChunk(data=data, byte_offset=offset, **more))


async def failure(stub: Any, requests: Any) -> AntiphonError:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        async for _ in keep_status(stub.StreamingRecognize(requests)):
            pass
    return status.from_status(status.from_rpc_error(caught.value))


async def test_the_answer_begins_before_the_question_ends_and_its_summary_is_last(
    tmp_path: Path, unused_tcp_port: int
) -> None:
    async with serving(tmp_path, unused_tcp_port) as (stub, _):
        call = stub.StreamingRecognize()
        await call.write(config("echo"))
        await call.write(chunk(b"one", 0))
        assert (await call.read()).final.text == "one"
        await call.write(chunk(b"two", 3, last=True))
        assert (await call.read()).final.text == "two"
        summary = (await call.read()).summary
        assert len(summary.source.upload_sha256) == 32
        assert summary.provenance.upload_sha256 == summary.source.upload_sha256
        assert await call.read() == grpc.aio.EOF


async def test_a_caller_who_falls_silent_is_let_go(tmp_path: Path, unused_tcp_port: int) -> None:
    async with serving(tmp_path, unused_tcp_port, upload_idle_seconds=0.3) as (stub, host):
        call = keep_status(stub.StreamingRecognize())
        await call.write(config("echo"))
        await call.write(chunk(b"one", 0))
        assert (await call.read()).final.text == "one"
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            while await call.read() is not grpc.aio.EOF:
                pass
        error = status.from_status(status.from_rpc_error(caught.value))
        assert (error.code, error.reason) == ("DEADLINE_EXCEEDED", "UPLOAD_IDLE")
        await until(lambda: host.live.admitted == 0)


async def test_a_caller_who_holds_a_live_stream_with_a_few_bytes_is_let_go(
    tmp_path: Path, unused_tcp_port: int
) -> None:
    async with serving(tmp_path, unused_tcp_port, upload_window_seconds=0.1) as (stub, host):

        async def drip() -> AsyncIterator[pb.StreamingRecognizeRequest]:
            yield config("echo")
            for offset in range(1000):
                await asyncio.sleep(0.05)
                yield chunk(b"x", offset)

        error = await failure(stub, drip())
        assert (error.code, error.reason) == ("DEADLINE_EXCEEDED", "UPLOAD_TOO_SLOW")
        # A quarter of the 32,000 bytes that a second of it has.
        assert error.metadata["least_rate"] == "8000.0"
        await until(lambda: host.live.admitted == 0)


@pytest.mark.parametrize(
    ("requests", "code", "reason"),
    [
        ([chunk(b"x", 0)], "INVALID_ARGUMENT", "CONFIG_MISSING"),
        ([config("echo"), config("echo")], "INVALID_ARGUMENT", "CONFIG_REPEATED"),
        ([config("echo"), pb.StreamingRecognizeRequest()], "INVALID_ARGUMENT", "PAYLOAD_MISSING"),
        ([config("echo"), chunk(b"xx", 0), chunk(b"xx", 3)], "DATA_LOSS", "CHUNK_OFFSET"),
        ([config("echo"), chunk(b"xx", 0, crc32c=7)], "DATA_LOSS", "CHUNK_CHECKSUM"),
        ([config("echo"), chunk(bytes((1 << 20) + 1), 0)], "INVALID_ARGUMENT", "CHUNK_TOO_LARGE"),
        (
            [config("echo"), *(chunk(b"x", offset) for offset in range(MAX_SMALL_CHUNKS + 1))],
            "INVALID_ARGUMENT",
            "CHUNK_TOO_SMALL",
        ),
        ([config("echo"), chunk(b"xx", 0)], "DATA_LOSS", "UPLOAD_TRUNCATED"),
        ([config("echo"), chunk(b"", 0, last=True)], "INVALID_ARGUMENT", "UPLOAD_EMPTY"),
        ([config("refuse"), chunk(b"xx", 0, last=True)], "INVALID_ARGUMENT", "REFUSED"),
        ([config("die"), chunk(b"xx", 0, last=True)], "UNAVAILABLE", "WORKER_LOST"),
        ([config("fail"), chunk(b"xx", 0, last=True)], "INTERNAL", "INTERNAL"),
    ],
    ids=lambda value: value if isinstance(value, str) and value.isupper() else "",
)
async def test_what_is_wrong_with_a_stream_is_told(
    tmp_path: Path, unused_tcp_port: int, requests: list[Any], code: str, reason: str
) -> None:
    async with serving(tmp_path, unused_tcp_port) as (stub, _):
        error = await failure(stub, iter(requests))
    assert (error.code, error.reason) == (code, reason)


async def test_a_full_server_refuses_a_stream_and_takes_one_when_another_has_left(
    tmp_path: Path, unused_tcp_port: int
) -> None:
    async with serving(tmp_path, unused_tcp_port, streams=1) as (stub, host):
        call = stub.StreamingRecognize()
        await call.write(config("spin"))
        assert (await call.read()).final.text == "started"
        error = await failure(stub, iter([config("echo"), chunk(b"x", 0, last=True)]))
        assert (error.code, error.reason) == ("RESOURCE_EXHAUSTED", "LIVE_STREAMS_FULL")
        assert error.retry_after_seconds is not None
        call.cancel()
        await until(lambda: host.live.admitted == 0)
        requests = iter([config("echo"), chunk(b"x", 0, last=True)])
        assert [response async for response in stub.StreamingRecognize(requests)][-1].HasField("summary")


async def test_kill_9_of_the_live_worker_is_told_to_the_caller_and_counted_for_the_operator(
    tmp_path: Path, unused_tcp_port: int
) -> None:
    def measured(name: str) -> float | None:
        return REGISTRY.get_sample_value(name, {"kind": "live"})

    async with (
        serving(tmp_path, unused_tcp_port) as (stub, host),
        grpc.aio.insecure_channel(f"127.0.0.1:{unused_tcp_port}") as channel,
    ):
        told = status_grpc.StatusServiceStub(channel)
        call = keep_status(stub.StreamingRecognize())
        await call.write(config("spin"))
        assert (await call.read()).final.text == "started"
        before = (await told.GetStatus(status_pb2.GetStatusRequest())).live_workers
        assert (before.kept_count, before.ready_count, before.restart_count) == (1, 1, 0)
        assert (before.admitted_count, before.admitted_limit) == (1, 2)
        assert (measured("antiphon_queue_depth"), measured("antiphon_worker_restarts")) == (1, 0)
        os.kill(host.live.pids[0], signal.SIGKILL)
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            while await call.read() is not grpc.aio.EOF:
                pass
        error = status.from_status(status.from_rpc_error(caught.value))
        assert (error.code, error.reason, error.metadata["exit_code"]) == ("UNAVAILABLE", "WORKER_LOST", "-9")
        assert error.retry_after_seconds is not None
        # Without another call: an operator sees it when it happens.
        await until(lambda: (measured("antiphon_worker_restarts"), measured("antiphon_workers_ready")) == (1, 1))
        requests = iter([config("echo"), chunk(b"x", 0, last=True)])
        assert [response async for response in stub.StreamingRecognize(requests)][-1].HasField("summary")
        after = (await told.GetStatus(status_pb2.GetStatusRequest())).live_workers
        assert (after.kept_count, after.ready_count, after.restart_count) == (1, 1, 1)
        assert "live worker ended with exit code -9" in after.last_problem
        assert after.last_restart_time.ToNanoseconds() > 0
        await until(lambda: measured("antiphon_queue_depth") == 0)


async def test_a_deadline_ends_a_stream_frees_the_core_and_the_next_is_served(
    tmp_path: Path, unused_tcp_port: int
) -> None:
    async with serving(tmp_path, unused_tcp_port, streams=1) as (stub, host):
        call = keep_status(stub.StreamingRecognize(timeout=1.0))
        await call.write(config("spin"))
        assert (await call.read()).final.text == "started"
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await call.read()
        assert caught.value.code() == grpc.StatusCode.DEADLINE_EXCEEDED
        await until(lambda: host.live.admitted == 0)
        await until_idle(host.live.pids[0])
        requests = iter([config("echo"), chunk(b"x", 0, last=True)])
        assert [response async for response in stub.StreamingRecognize(requests)][-1].HasField("summary")
        assert host.live.restarts == 0


async def test_a_caller_who_reads_nothing_is_let_go(tmp_path: Path, unused_tcp_port: int) -> None:
    async with serving(tmp_path, unused_tcp_port, reader_idle_seconds=0.5) as (stub, host):
        call = keep_status(stub.StreamingRecognize())
        await call.write(config("babble"))
        await until(lambda: host.live.admitted == 1)
        await until(lambda: host.live.admitted == 0)
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            while await call.read() is not grpc.aio.EOF:
                pass
        error = status.from_status(status.from_rpc_error(caught.value))
        assert (error.code, error.reason) == ("DEADLINE_EXCEEDED", "READER_TOO_SLOW")
        await until_idle(host.live.pids[0])


async def test_what_is_sent_to_a_job_that_takes_nothing_stays_with_its_caller(
    tmp_path: Path, unused_tcp_port: int
) -> None:
    async with serving(tmp_path, unused_tcp_port) as (stub, _):
        call = stub.StreamingRecognize()
        await call.write(config("greedy"))
        assert (await call.read()).final.text == "started"
        sent = 0

        async def pour() -> None:
            nonlocal sent
            while True:
                await call.write(chunk(bytes(64 << 10), sent))
                sent += 64 << 10

        pouring = asyncio.create_task(pour())
        # Nothing more is written while nothing is taken: what has been sent stays the same for a second.
        before = -1
        async with asyncio.timeout(30):
            while sent != before:
                before = sent
                await asyncio.sleep(1.0)
        pouring.cancel()
        call.cancel()
        # 256 KiB with the worker, and what the transport holds on its way, measured 6 MB; a second carries hundreds.
        assert sent < 16 << 20
