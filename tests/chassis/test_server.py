"""The gRPC front: rich errors, health while busy, admission, drain, reflection; over a real socket."""

from __future__ import annotations

import asyncio
import json
import logging
import shutil
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import psutil
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from antiphon.audio.v1 import audio_pb2
from antiphon.speech.v1 import speech_service_pb2 as pb
from antiphon.speech.v1 import speech_service_pb2_grpc as pb_grpc
from antiphon.status.v1 import status_service_pb2 as status_pb2
from antiphon.status.v1 import status_service_pb2_grpc as status_grpc
from antiphon_wire import status
from antiphon_wire.calls import keep_status
from antiphon_wire.errors import AntiphonError, Cancelled, invalid
from chassis.family.call import Call
from chassis.family.family import Family
from chassis.family.host import FamilyHost
from chassis.server import Server, ServerSettings, WorkerSettings, rpc
from chassis.server.logs import configure_logs

NAME = pb.DESCRIPTOR.services_by_name["SpeechService"].full_name


class Servicer(pb_grpc.SpeechServiceServicer):
    """Hands the prompt to the worker as the verb, so that each test chooses how its job goes."""

    def __init__(self, host: FamilyHost) -> None:
        self._host = host

    @rpc
    async def Transcribe(self, requests: Any, context: Any) -> AsyncIterator[pb.TranscribeResponse]:
        async with Call(self._host, requests, NAME) as call:
            config = await call.config()
            verb, _, value = config.initial_prompt.partition(" ")
            async for event in call.run(verb, float(value) if verb == "step" else int(value or 1)):
                if isinstance(event, bytes):
                    yield pb.TranscribeResponse(segment=pb.Segment(text="x" * len(event)))
                else:
                    yield pb.TranscribeResponse(progress=event)

    @rpc
    async def ListModels(self, request: Any, context: Any) -> pb.ListModelsResponse:
        raise invalid("REFUSED", "no", field="config")

    @rpc
    async def RenderTranscript(self, request: Any, context: Any) -> pb.RenderTranscriptResponse:
        raise Cancelled


@dataclass(frozen=True)
class Settings:
    """No settings."""


@dataclass
class Running:
    server: Server
    host: FamilyHost
    channel: grpc.aio.Channel

    @property
    def stub(self) -> pb_grpc.SpeechServiceStub:
        return pb_grpc.SpeechServiceStub(self.channel)

    @property
    def health(self) -> health_pb2_grpc.HealthStub:
        return health_pb2_grpc.HealthStub(self.channel)


@asynccontextmanager
async def running(tmp_path: Path, unused_port: int, workers: dict[str, Any] | None = None, **server: Any) -> Any:
    settings = ServerSettings(port=unused_port, spool_dir=tmp_path, lame_duck_seconds=0.0, **server)
    family = Family("speech", "tests.chassis.jobs:Jobs", None, Path(__file__).parent / "empty_models.toml")
    host = FamilyHost(family, settings, WorkerSettings(models=tmp_path, **(workers or {})))
    each = Server("speech", settings)
    each.add(Servicer(host), pb_grpc.add_SpeechServiceServicer_to_server, NAME)
    host.report_to(each)
    host.start()
    await each.start()
    options = [("grpc.use_local_subchannel_pool", 1)]
    async with grpc.aio.insecure_channel(f"127.0.0.1:{unused_port}", options=options) as channel:
        try:
            yield Running(each, host, channel)
        finally:
            await each.drain()
            await host.close()


@pytest.fixture
def unused_port(unused_tcp_port: int) -> int:
    return unused_tcp_port


def messages(verb: str, **config: Any) -> list[pb.TranscribeRequest]:
    return [
        pb.TranscribeRequest(config=pb.TranscriptionConfig(initial_prompt=verb, **config)),
        pb.TranscribeRequest(chunk=audio_pb2.AudioChunk(data=b"not looked at", last=True)),
    ]


async def responses(each: Running, requests: list[pb.TranscribeRequest]) -> list[pb.TranscribeResponse]:
    return [response async for response in keep_status(each.stub.Transcribe(iter(requests)))]


async def error(each: Running, requests: list[pb.TranscribeRequest]) -> AntiphonError:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await responses(each, requests)
    return status.from_status(status.from_rpc_error(caught.value))


async def test_events_stream_to_the_caller(tmp_path: Path, unused_port: int) -> None:
    async with running(tmp_path, unused_port) as each:
        fractions = [
            r.progress.fraction for r in await responses(each, messages("count 4")) if r.progress.HasField("fraction")
        ]
    assert fractions == [0.25, 0.5, 0.75, 1.0]


async def test_an_error_from_the_worker_keeps_its_reason_field_and_variables(tmp_path: Path, unused_port: int) -> None:
    async with running(tmp_path, unused_port) as each:
        caught = await error(each, messages("refuse"))
    assert (caught.code, caught.reason, caught.field) == ("INVALID_ARGUMENT", "REFUSED", "config.model")


async def test_a_fault_of_ours_tells_nothing_of_the_inside(tmp_path: Path, unused_port: int) -> None:
    async with running(tmp_path, unused_port) as each:
        caught = await error(each, messages("fail"))
    assert (caught.code, caught.reason) == ("INTERNAL", "INTERNAL")
    assert "secret" not in str(vars(caught))


async def test_a_unary_error_is_rich_too(tmp_path: Path, unused_port: int) -> None:
    async with running(tmp_path, unused_port) as each:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await each.stub.ListModels(pb.ListModelsRequest())
    assert status.from_status(status.from_rpc_error(caught.value)).reason == "REFUSED"


async def test_what_is_no_exception_but_escapes_is_told_as_internal_and_nobody_waits(
    tmp_path: Path, unused_port: int, caplog: pytest.LogCaptureFixture
) -> None:
    # Cancelled belongs into a worker, and is a BaseException: without an answer its caller would wait for ever.
    caplog.set_level(logging.INFO, "antiphon.call")
    async with running(tmp_path, unused_port) as each:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await each.stub.RenderTranscript(pb.RenderTranscriptRequest(), timeout=10.0)
    assert status.from_status(status.from_rpc_error(caught.value)).reason == "INTERNAL"
    (line,) = (record.message for record in caplog.records if record.name == "antiphon.call")
    assert json.loads(line)["outcome"] == "INTERNAL"


async def test_a_killed_worker_is_unavailable_and_the_next_call_works(tmp_path: Path, unused_port: int) -> None:
    async with running(tmp_path, unused_port) as each:
        caught = await error(each, messages("die"))
        assert (caught.code, caught.reason) == ("UNAVAILABLE", "WORKER_LOST")
        assert len(await responses(each, messages("count 1"))) >= 1


async def test_health_answers_within_50_ms_while_a_worker_holds_its_interpreter_lock(
    tmp_path: Path, unused_port: int
) -> None:
    async with running(tmp_path, unused_port) as each:
        call = each.stub.Transcribe(iter(messages("hold 1")))
        while not (await call.read()).progress.HasField("fraction"):
            pass
        await each.health.Check(health_pb2.HealthCheckRequest())
        times = []
        for name in ("", "liveness", "readiness", NAME) * 5:
            started = time.monotonic()
            answer = await each.health.Check(health_pb2.HealthCheckRequest(service=name))
            times.append(time.monotonic() - started)
            assert answer.status == health_pb2.HealthCheckResponse.SERVING
        call.cancel()
    # The median is asserted, not the worst: a neighbour on the machine may take any one turn.
    assert sorted(times)[len(times) // 2] < 0.05


async def test_a_full_service_refuses_with_retry_info_and_stays_healthy(tmp_path: Path, unused_port: int) -> None:
    async with running(tmp_path, unused_port, {"max_pending": 0}) as each:
        call = each.stub.Transcribe(iter(messages("step 0.01")))
        while not (await call.read()).progress.HasField("fraction"):
            pass
        caught = await error(each, messages("count 1"))
        assert (caught.code, caught.reason) == ("RESOURCE_EXHAUSTED", "QUEUE_FULL")
        assert caught.retry_after_seconds is not None
        answer = await each.health.Check(health_pb2.HealthCheckRequest(service="readiness"))
        assert answer.status == health_pb2.HealthCheckResponse.SERVING
        call.cancel()


async def test_a_cancelled_call_frees_its_place_and_its_spool(tmp_path: Path, unused_port: int) -> None:
    async with running(tmp_path, unused_port, {"max_pending": 0}) as each:
        call = each.stub.Transcribe(iter(messages("step 0.01")))
        while not (await call.read()).progress.HasField("fraction"):
            pass
        call.cancel()
        async with asyncio.timeout(5):
            while each.host.pool.admitted or each.host.spool.used_bytes:
                await asyncio.sleep(0.005)
        assert len(await responses(each, messages("count 1"))) >= 1


async def test_a_deadline_ends_the_call_and_frees_its_place(tmp_path: Path, unused_port: int) -> None:
    async with running(tmp_path, unused_port, {"max_pending": 0}) as each:
        await responses(each, messages("count 1"))
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            async for _ in each.stub.Transcribe(iter(messages("step 0.01")), timeout=0.3):
                pass
        assert caught.value.code() == grpc.StatusCode.DEADLINE_EXCEEDED
        async with asyncio.timeout(5):
            while each.host.pool.admitted:
                await asyncio.sleep(0.005)


async def test_the_servers_own_limit_holds_where_the_caller_set_no_deadline(tmp_path: Path, unused_port: int) -> None:
    async with running(tmp_path, unused_port, max_call_seconds=0.3) as each:
        caught = await error(each, messages("step 0.01"))
    assert (caught.code, caught.reason) == ("DEADLINE_EXCEEDED", "CALL_TIMEOUT")


@pytest.mark.parametrize(
    ("format_", "reason"),
    [
        ({"encoding": 2, "sample_rate_hertz": 1, "channel_count": 1}, "AUDIO_SAMPLE_RATE"),
        ({"encoding": 2, "sample_rate_hertz": 44100, "channel_count": 0}, "AUDIO_CHANNEL_COUNT"),
        ({"encoding": 3, "sample_rate_hertz": 44100, "channel_count": 1024}, "AUDIO_CHANNEL_COUNT"),
        ({"encoding": 3}, "AUDIO_SAMPLE_RATE"),
        ({"encoding": 1, "sample_rate_hertz": 44100}, "AUDIO_FORMAT"),
        ({"encoding": 99}, "AUDIO_FORMAT"),
        ({"encoding": 2, "sample_rate_hertz": 44100, "channel_count": 1, "track": 0}, "AUDIO_FORMAT"),
        ({"track": -1}, "AUDIO_TRACK"),
        ({"track": 256}, "AUDIO_TRACK"),
    ],
    ids=[
        *("1 Hz", "no channels", "1024 channels", "no rate", "rate of a container", "unknown encoding"),
        *("track of PCM", "track -1", "track 256"),
    ],
)
async def test_an_impossible_format_is_refused(
    tmp_path: Path, unused_port: int, format_: dict[str, int], reason: str
) -> None:
    async with running(tmp_path, unused_port) as each:
        caught = await error(each, messages("count 1", audio_format=audio_pb2.AudioFormat(**format_)))
    assert (caught.code, caught.reason) == ("INVALID_ARGUMENT", reason)
    assert caught.field.startswith("config.audio_format")


async def test_a_clip_that_ends_before_it_starts_is_refused(tmp_path: Path, unused_port: int) -> None:
    clip = audio_pb2.ClipRange()
    clip.start_offset.FromSeconds(2)
    clip.end_offset.FromSeconds(1)
    async with running(tmp_path, unused_port) as each:
        caught = await error(each, messages("count 1", clip=clip))
    assert (caught.code, caught.reason) == ("INVALID_ARGUMENT", "CLIP_RANGE")


async def test_draining_lets_calls_end_and_reports_not_serving(tmp_path: Path, unused_port: int) -> None:
    async with running(tmp_path, unused_port) as each:
        await responses(each, messages("count 1"))
        call = each.stub.Transcribe(iter(messages("count 30")))
        while not (await call.read()).progress.HasField("fraction"):
            pass
        drain = asyncio.create_task(each.server.drain())
        fraction = 0.0
        while (response := await call.read()) is not grpc.aio.EOF:
            fraction = response.progress.fraction
        assert fraction == 1.0
        await drain


async def test_a_new_call_while_draining_is_told_to_go_elsewhere(tmp_path: Path, unused_port: int) -> None:
    async with running(tmp_path, unused_port) as each:
        await responses(each, messages("count 1"))
        call = each.stub.Transcribe(iter(messages("step 0.01")))
        while not (await call.read()).progress.HasField("fraction"):
            pass
        drain = asyncio.create_task(each.server.drain())
        async with asyncio.timeout(5):
            while not each.server.in_flight.draining:
                await asyncio.sleep(0.005)
        caught = await error(each, messages("count 1"))
        assert (caught.code, caught.reason) == ("UNAVAILABLE", "DRAINING")
        call.cancel()
        await drain


async def test_a_caller_who_does_not_read_frees_the_worker(tmp_path: Path, unused_port: int) -> None:
    async with running(tmp_path, unused_port, {"max_pending": 0}, reader_idle_seconds=0.3) as each:
        call = each.stub.Transcribe(iter(messages("flood 200")))
        await call.read()
        async with asyncio.timeout(20):
            while each.host.pool.admitted:
                await asyncio.sleep(0.02)
        call.cancel()
        assert len(await responses(each, messages("count 1"))) >= 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"tls_cert_file": "here"},
        {"tls_key_file": "here"},
        {"tls_client_ca_file": "here"},
        {"tls_cert_file": "/nonexistent", "tls_key_file": "/nonexistent"},
        {"port": 70_000},
        {"spool_bytes": -1},
        {"max_call_seconds": float("nan")},
    ],
    ids=str,
)
def test_settings_that_cannot_work_are_refused(tmp_path: Path, wrong: dict[str, Any]) -> None:
    file = tmp_path / "file.pem"
    file.touch()
    with pytest.raises(ValueError, match=r"\S"):
        ServerSettings(**{name: str(file) if value == "here" else value for name, value in wrong.items()})


async def test_a_spool_that_is_removed_under_a_running_service_is_there_again_at_the_next_call(
    tmp_path: Path, unused_port: int
) -> None:
    async with running(tmp_path, unused_port) as each:
        assert len(await responses(each, messages("count 2"))) >= 2
        shutil.rmtree(each.host.spool.folder)
        assert len(await responses(each, messages("count 2"))) >= 2
        assert each.host.spool.used_bytes == 0


async def test_the_status_tells_of_a_worker_that_died(tmp_path: Path, unused_port: int) -> None:
    async with running(tmp_path, unused_port) as each:
        stub = status_grpc.StatusServiceStub(each.channel)
        await responses(each, messages("count 1"))
        before = await stub.GetStatus(status_pb2.GetStatusRequest())
        await error(each, messages("die"))
        await responses(each, messages("count 1"))
        after = await stub.GetStatus(status_pb2.GetStatusRequest())
    assert (before.service, before.workers.ready_count, before.workers.restart_count) == ("speech", 1, 0)
    assert (before.workers.kept_count, before.workers.admitted_count, before.workers.admitted_limit) == (1, 0, 9)
    assert before.workers.loaded == "warm"
    assert before.workers.sandbox.startswith(("landlock ", "none: ", "seccomp"))
    assert not before.HasField("live_workers")
    assert not before.workers.HasField("last_restart_time")
    assert (after.workers.ready_count, after.workers.restart_count) == (1, 1)
    assert "exit code -11" in after.workers.last_problem
    assert after.workers.last_restart_time.ToNanoseconds() > before.start_time.ToNanoseconds()


async def test_an_idle_connection_is_closed_and_its_client_comes_again(tmp_path: Path, unused_port: int) -> None:
    async with running(tmp_path, unused_port, connection_idle_seconds=1.0) as each:
        descriptors = psutil.Process().num_fds
        await responses(each, messages("count 1"))
        ready = each.channel.get_state()
        assert ready is grpc.ChannelConnectivity.READY
        open_before = descriptors()
        await asyncio.wait_for(each.channel.wait_for_state_change(ready), 20)
        assert each.channel.get_state() is grpc.ChannelConnectivity.IDLE
        # Both ends of it were in this process.
        async with asyncio.timeout(10):
            while descriptors() > open_before - 2:
                await asyncio.sleep(0.02)
        assert len(await responses(each, messages("count 1"))) >= 1


async def test_a_client_is_asked_to_connect_anew_and_its_call_under_way_goes_on(
    tmp_path: Path, unused_port: int
) -> None:
    async with running(tmp_path, unused_port, connection_age_seconds=0.3) as each:
        under_way = each.stub.Transcribe(iter(messages("step 0.01")))
        await anext(aiter(under_way))
        ready = grpc.ChannelConnectivity.READY
        for _ in range(2):  # connected, asked to connect anew, connected again
            if each.channel.get_state() is ready:
                await asyncio.wait_for(each.channel.wait_for_state_change(ready), 20)
            assert await each.health.Check(health_pb2.HealthCheckRequest(service="readiness"))
        assert not under_way.done()
        under_way.cancel()


async def test_reflection_lists_the_services(tmp_path: Path, unused_port: int) -> None:
    async with running(tmp_path, unused_port) as each:
        stub = reflection_pb2_grpc.ServerReflectionStub(each.channel)
        request = reflection_pb2.ServerReflectionRequest(list_services="")
        answers = [answer async for answer in stub.ServerReflectionInfo(iter([request]))]
    names = {service.name for service in answers[0].list_services_response.service}
    assert {NAME, "grpc.health.v1.Health"} <= names


async def test_a_port_that_is_taken_is_an_error_that_names_it(tmp_path: Path, unused_port: int) -> None:
    async with running(tmp_path, unused_port):
        other = Server("speech", ServerSettings(port=unused_port))
        with pytest.raises(OSError, match=str(unused_port)):
            await other.start()


async def test_a_flood_of_calls_with_long_request_ids_writes_little(
    tmp_path: Path, unused_port: int, capfd: pytest.CaptureFixture[str]
) -> None:
    before = logging.getLogger().handlers[:]
    configure_logs("INFO")
    try:
        async with running(tmp_path, unused_port) as each:
            stub = status_grpc.StatusServiceStub(each.channel)
            metadata = [("x-request-id", "a" * 7_000)]
            for _ in range(10):
                calls = [stub.GetStatus(status_pb2.GetStatusRequest(), metadata=metadata) for _ in range(50)]
                await asyncio.gather(*calls)
    finally:
        logging.basicConfig(handlers=before, force=True)
    lines = [line for line in capfd.readouterr().err.splitlines() if "GetStatus" in line]
    # 500 calls; a window may end and the next begin while they are made on a slow machine.
    assert 0 < len(lines) <= 400
    assert max(map(len, lines)) < 600
    assert f'"{"a" * 128}"' in lines[0]
