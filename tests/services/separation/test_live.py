"""Live separation: stems come while the upload goes on, and do not depend on how it was cut."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import psutil
import pytest

from antiphon.audio.v1 import audio_pb2
from antiphon.separation.v1 import separation_service_pb2 as pb
from antiphon.separation.v1 import separation_service_pb2_grpc as pb_grpc
from antiphon_wire import status
from antiphon_wire.calls import keep_status
from antiphon_wire.errors import AntiphonError, Cancelled
from chassis.audio import RawPcm
from chassis.encodings import Encoding
from chassis.family.host import FamilyHost
from chassis.models import Store
from chassis.reading import Limits
from chassis.reports import ProgressReport
from chassis.server import Server, ServerSettings, WorkerSettings
from services.separation import service
from services.separation.contract import Header, SeparationRequest, StemBlock, Summary
from services.separation.engines.demucs.engine import Demucs
from services.separation.job import Jobs
from services.separation.settings import SeparationSettings
from standins import tiny_demucs
from tests.services.separation.scripted_tasks import samples_of, stems_of

RATE = 44_100
REQUEST = SeparationRequest(encoding=Encoding("pcm_f32le"))
TURN = object()


def noise(frames: int, channels: int = 2) -> np.ndarray:
    return (0.02 + 0.1 * np.random.default_rng(2).standard_normal((channels, frames))).astype(np.float32)


# The job, on a tiny Demucs.


@dataclass
class ScriptedLiveTask:
    """A live task whose bytes are all there, with a turn wherever it is asked for."""

    data: bytes
    cut: int
    raw: RawPcm | None = None
    stop: Callable[[], None] = lambda: None
    limits: Limits = field(
        default_factory=lambda: Limits(max_seconds=3600.0, max_decoded_bytes=1 << 30, max_wall_seconds=600.0)
    )

    track: int | None = None

    def __post_init__(self) -> None:
        self.left = deque(self.data[at : at + self.cut] for at in range(0, len(self.data), self.cut))

    @property
    def ended(self) -> bool:
        return not self.left

    def take(self) -> Any:
        @dataclass
        class Piece:
            data: bytes

        return Piece(self.left.popleft()) if self.left else None

    def turn(self) -> object:
        return TURN

    def checkpoint(self) -> None:
        self.stop()


def upload(mix: np.ndarray, cut: int = 65_536, rate: int = RATE, **options: Any) -> ScriptedLiveTask:
    return ScriptedLiveTask(mix.T.astype("<f4").tobytes(), cut, RawPcm("f32le", rate, mix.shape[0]), **options)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    folder = tmp_path_factory.mktemp("live")
    tiny_demucs.write(folder / "weights", tiny_demucs.network("htdemucs"))
    files = {"tiny.yaml": tiny_demucs.yaml_of(["aaaa0000"]).encode()}
    return tiny_demucs.store(
        folder / "store", {"tiny": {**files, "aaaa0000.safetensors": (folder / "weights").read_bytes()}}
    )


@pytest.fixture(scope="module")
def jobs(store: Store) -> Jobs:
    return Jobs(SeparationSettings(device="cpu", backend="torch", default_model="tiny"), store)


def test_the_stems_are_those_of_the_engine_that_knows_no_level(jobs: Jobs, store: Store) -> None:
    mix = noise(200_001)
    *events, summary = (event for event in jobs.separate_live(upload(mix), REQUEST) if event is not TURN)
    header = next(event for event in events if isinstance(event, Header))
    assert (header.stems, header.sample_rate, header.channels) == (tuple(tiny_demucs.STEMS), RATE, 2)
    stems = {stem: samples_of(data) for stem, data in stems_of(events).items()}
    engine = Demucs.load(store.require("tiny"), SeparationSettings(device="cpu", backend="torch"))
    blocks = list(engine.separate([mix]))
    for stem, samples in stems.items():
        assert np.array_equal(samples, np.concatenate([block.stems[stem] for block in blocks], axis=1))
    assert isinstance(summary, Summary)
    assert summary.work.parameters["mode"] == "live"
    assert {report.frames for report in summary.stems} == {200_001}
    assert summary.source.frames == 200_001
    seconds = [event.audio_seconds for event in events if isinstance(event, ProgressReport) and not event.loading]
    assert seconds == sorted(seconds)
    assert seconds[-1] == 200_001 / RATE


@pytest.mark.parametrize("cut", [4_097, 1 << 20])
def test_how_the_upload_was_cut_changes_no_byte(jobs: Jobs, cut: int) -> None:
    mix = noise(150_000)
    assert stems_of(list(jobs.separate_live(upload(mix, cut), REQUEST))) == stems_of(
        list(jobs.separate_live(upload(mix, 30_000), REQUEST))
    )


def test_stems_come_before_the_upload_has_ended(jobs: Jobs) -> None:
    task = upload(noise(400_000), 40_000)
    events = jobs.separate_live(task, REQUEST)
    next(event for event in events if isinstance(event, StemBlock))
    assert len(task.left) * 40_000 > 0.6 * len(task.data), "a segment of two seconds is enough"
    events.close()


@pytest.mark.parametrize(("rate", "channels"), [(8_000, 1), (48_000, 2), (44_100, 6)])
def test_any_rate_and_channel_count_is_taken_live(jobs: Jobs, rate: int, channels: int) -> None:
    summary = list(jobs.separate_live(upload(noise(rate, channels), rate=rate), REQUEST))[-1]
    assert {report.frames for report in summary.stems} == {RATE}


def test_a_stream_without_samples_and_rescaling_are_refused(jobs: Jobs) -> None:
    with pytest.raises(AntiphonError, match="AUDIO_EMPTY"):
        list(jobs.separate_live(upload(noise(0)), REQUEST))
    with pytest.raises(AntiphonError, match="CLIP_MODE"):
        list(jobs.separate_live(upload(noise(9)), SeparationRequest(rescale=True)))


def test_a_cancel_ends_it_and_leaves_no_thread(jobs: Jobs, cancel_after: Callable[[int], Callable[[], None]]) -> None:
    before = threading.active_count()
    with pytest.raises(Cancelled):
        list(jobs.separate_live(upload(noise(400_000), stop=cancel_after(1)), REQUEST))
    assert threading.active_count() == before


# Over a socket, with the engine that needs no weights.


@asynccontextmanager
async def running(folder: Path, port: int, streams: int = 1) -> AsyncIterator[tuple[FamilyHost, Any]]:
    settings = ServerSettings(port=port, spool_dir=folder, lame_duck_seconds=0.0)
    workers = WorkerSettings(models=folder / "models", warm=False)
    family = service.family(SeparationSettings(device="cpu", default_model="dsp-4stems", live_streams=streams))
    host = FamilyHost(family, settings, workers)
    server = Server("separation", settings)
    server.add(service.Servicer(host), service.register, service.FULL_NAME)
    host.live.start()
    await server.start()
    options = [("grpc.use_local_subchannel_pool", 1)]
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}", options=options) as channel:
        try:
            yield host, pb_grpc.SeparationServiceStub(channel)
        finally:
            await server.drain()
            await host.close()


def chunks(mix: np.ndarray, cut: int = 100_000, **config: Any) -> Iterator[pb.StreamingSeparateRequest]:
    format_ = audio_pb2.AudioFormat(
        encoding=audio_pb2.INPUT_ENCODING_PCM_F32LE, sample_rate_hertz=RATE, channel_count=mix.shape[0]
    )
    encoding = audio_pb2.OUTPUT_ENCODING_PCM_F32LE
    yield pb.StreamingSeparateRequest(
        config=pb.SeparationConfig(audio_format=format_, output_encoding=encoding, **config)
    )
    data = mix.T.astype("<f4").tobytes()
    for at in range(0, len(data), cut):
        chunk = audio_pb2.AudioChunk(data=data[at : at + cut], byte_offset=at, last=at + cut >= len(data))
        yield pb.StreamingSeparateRequest(chunk=chunk)


async def failure(call: Any) -> AntiphonError:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        async for _ in keep_status(call):
            pass
    return status.from_status(status.from_rpc_error(caught.value))


async def first_stem(call: Any) -> None:
    async for response in call:
        if response.WhichOneof("event") == "stem_chunk" and response.stem_chunk.chunk.data:
            return
    pytest.fail("the answer ended without a stem")


async def test_a_caller_hears_stems_before_it_has_sent_all(tmp_path: Path, unused_tcp_port: int) -> None:
    mix = noise(20 * RATE)
    first, *rest = chunks(mix)
    async with running(tmp_path, unused_tcp_port) as (_, stub):
        call = stub.StreamingSeparate(timeout=120)
        await call.write(first)
        half = len(rest) // 2
        for request in rest[:half]:
            await call.write(request)
        await first_stem(call)  # nothing more is sent until it is there
        sent = asyncio.create_task(_send(call, rest[half:]))
        kinds = [response.WhichOneof("event") async for response in call]
        await sent
        assert kinds[-1] == "summary"
        assert "header" not in kinds, "it came before the first stem"


async def _send(call: Any, requests: list[Any]) -> None:
    for request in requests:
        await call.write(request)
    await call.done_writing()


async def test_what_a_live_call_cannot_have_is_refused(tmp_path: Path, unused_tcp_port: int) -> None:
    mix = noise(1000)
    async with running(tmp_path, unused_tcp_port) as (_, stub):
        for config, code, reason in (
            ({"clip": audio_pb2.ClipRange()}, "INVALID_ARGUMENT", "CLIP_RANGE"),
            ({"clip_mode": pb.CLIP_MODE_RESCALE}, "INVALID_ARGUMENT", "CLIP_MODE"),
            ({"model": "nonsense"}, "INVALID_ARGUMENT", "UNKNOWN_MODEL"),
            ({"stems": ["nonsense"]}, "INVALID_ARGUMENT", "UNKNOWN_STEM"),
            ({"shifts": 2}, "INVALID_ARGUMENT", "OPTION_NOT_SUPPORTED"),
        ):
            error = await failure(stub.StreamingSeparate(chunks(mix, **config), timeout=60))
            assert (error.code, error.reason) == (code, reason)


async def test_where_the_operator_allows_none_it_says_so(tmp_path: Path, unused_tcp_port: int) -> None:
    async with running(tmp_path, unused_tcp_port, streams=0) as (_, stub):
        error = await failure(stub.StreamingSeparate(chunks(noise(100)), timeout=60))
        assert (error.code, error.reason) == ("FAILED_PRECONDITION", "LIVE_NOT_SERVED")
        assert "start it with SEPARATION_LIVE_STREAMS=1" in error.message


async def test_a_caller_that_leaves_or_runs_late_frees_the_place(tmp_path: Path, unused_tcp_port: int) -> None:
    first, *rest = chunks(noise(20 * RATE))
    async with running(tmp_path, unused_tcp_port) as (host, stub):
        call = stub.StreamingSeparate(timeout=120)
        for request in [first, *rest[: len(rest) // 2]]:
            await call.write(request)
        await first_stem(call)
        call.cancel()
        await _until(lambda: host.live.status.admitted == 0)
        late = stub.StreamingSeparate(timeout=2)
        await late.write(first)  # and nothing more: the deadline comes while it waits for audio
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            async for _ in keep_status(late):
                pass
        assert caught.value.code() == grpc.StatusCode.DEADLINE_EXCEEDED
        await _until(lambda: host.live.status.admitted == 0)
        kinds = [each.WhichOneof("event") async for each in stub.StreamingSeparate(chunks(noise(5000)), timeout=60)]
        assert kinds[-1] == "summary"


async def test_kill_9_of_its_worker_is_told_and_a_fresh_one_serves(tmp_path: Path, unused_tcp_port: int) -> None:
    first, *rest = chunks(noise(20 * RATE))
    async with running(tmp_path, unused_tcp_port) as (_, stub):
        call = stub.StreamingSeparate(timeout=120)
        for request in [first, *rest[: len(rest) // 2]]:
            await call.write(request)
        await first_stem(call)
        for child in psutil.Process().children():
            if "chassis.worker.child" in " ".join(child.cmdline()):
                child.kill()
        error = await failure(call)
        assert (error.code, error.reason) == ("UNAVAILABLE", "WORKER_LOST")
        kinds = [each.WhichOneof("event") async for each in stub.StreamingSeparate(chunks(noise(5000)), timeout=60)]
        assert kinds[-1] == "summary"


async def _until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not condition():
            await asyncio.sleep(0.02)
