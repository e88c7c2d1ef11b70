"""The separation service over a real socket, with its worker process: uploads in any cut, slow readers, faults."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
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
from antiphon_wire.errors import AntiphonError
from chassis.family.host import FamilyHost
from chassis.server import Server, ServerSettings, WorkerSettings
from services.separation import service
from services.separation.contract import SUM_BOUNDS_DB
from services.separation.settings import SeparationSettings
from tests.services.separation.conftest import Signals

RATE = 44_100
MODEL = "dsp-4stems"
"""The engine that computes without weights and starts at once; what is tested here is around it."""


@dataclass
class Running:
    host: FamilyHost
    stub: pb_grpc.SeparationServiceStub

    async def worker(self) -> psutil.Process:
        """The worker process, once it is there."""
        async with asyncio.timeout(60):
            while True:
                for child in psutil.Process().children():
                    if "chassis.worker.child" in child.cmdline() and self.host.pool.ready:
                        return child
                await asyncio.sleep(0.02)


@asynccontextmanager
async def running(tmp_path: Path, port: int) -> AsyncIterator[Running]:
    settings = ServerSettings(port=port, spool_dir=tmp_path, lame_duck_seconds=0.0)
    workers = WorkerSettings(models=tmp_path / "models", warm=False)
    host = FamilyHost(service.family(SeparationSettings(device="cpu", default_model=MODEL)), settings, workers)
    server = Server("separation", settings)
    server.add(service.Servicer(host), service.register, service.FULL_NAME)
    host.report_to(server)
    host.start()
    await server.start()
    options = [("grpc.use_local_subchannel_pool", 1)]
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}", options=options) as channel:
        try:
            yield Running(host, pb_grpc.SeparationServiceStub(channel))
        finally:
            await server.drain()
            await host.close()


def requests(samples: np.ndarray, cut: int = 256 << 10, rate: int = RATE, **config: Any) -> Iterator[Any]:
    """An upload of float PCM in chunks of ``cut`` bytes."""
    config.setdefault("output_encoding", audio_pb2.OUTPUT_ENCODING_PCM_F32LE)
    encoding = audio_pb2.INPUT_ENCODING_PCM_F32LE
    format_ = audio_pb2.AudioFormat(encoding=encoding, sample_rate_hertz=rate, channel_count=samples.shape[0])
    yield pb.SeparateRequest(config=pb.SeparationConfig(audio_format=format_, **config))
    data = samples.T.astype("<f4").tobytes()
    for at in range(0, max(len(data), 1), cut):
        piece = audio_pb2.AudioChunk(data=data[at : at + cut], byte_offset=at, last=at + cut >= len(data))
        yield pb.SeparateRequest(chunk=piece)


async def answered(each: Running, messages: Iterator[Any]) -> tuple[dict[str, bytes], pb.SeparationSummary]:
    """The stems' bytes, by name, and the summary."""
    found: dict[str, bytes] = {}
    summary = pb.SeparationSummary()
    async for response in keep_status(each.stub.Separate(messages, timeout=120)):
        match response.WhichOneof("event"):
            case "stem_chunk":
                assert len(found.get(response.stem_chunk.stem, b"")) == response.stem_chunk.chunk.byte_offset
                found[response.stem_chunk.stem] = (
                    found.get(response.stem_chunk.stem, b"") + response.stem_chunk.chunk.data
                )
            case "summary":
                summary = response.summary
    return found, summary


async def failure(each: Running, messages: Iterator[Any]) -> AntiphonError:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await answered(each, messages)
    return status.from_status(status.from_rpc_error(caught.value))


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not condition():
            await asyncio.sleep(0.02)


async def test_any_cutting_of_the_upload_gives_the_same_bytes(
    tmp_path: Path, unused_tcp_port: int, signals: Signals
) -> None:
    mix = sum(signals.song(4.0).values())
    async with running(tmp_path, unused_tcp_port) as each:
        whole, summary = await answered(each, requests(mix, cut=1 << 20))
        assert list(whole) == ["drums", "bass", "other", "vocals"]
        for cut in (4_099, 65_536):
            stems, _ = await answered(each, requests(mix, cut))
            assert stems == whole
    for stem in summary.stems:
        assert hashlib.sha256(whole[stem.name]).digest() == stem.sha256
        assert stem.HasField("integrated_lufs")
    assert summary.sum_bound_db == SUM_BOUNDS_DB["dsp"]
    assert summary.residual_energy_share < 10 ** (SUM_BOUNDS_DB["dsp"] / 10)
    assert summary.provenance.engine == "dsp"
    assert summary.provenance.parameters["preview"] == "true"
    assert not summary.provenance.HasField("model")


@pytest.mark.parametrize(
    ("channels", "rate", "seconds"),
    [(1, RATE, 1.0), (6, RATE, 1.0), (2, 8_000, 1.0), (2, 192_000, 1.0), (2, RATE, 0.1), (1, 4_000, 0.01)],
    ids=["mono", "5.1", "8 kHz", "192 kHz", "0.1 s", "10 ms at 4 kHz"],
)
async def test_odd_audio_is_separated_at_its_own_rate(
    tmp_path: Path, unused_tcp_port: int, channels: int, rate: int, seconds: float
) -> None:
    samples = (0.1 * np.random.default_rng(2).standard_normal((channels, round(seconds * rate)))).astype(np.float32)
    async with running(tmp_path, unused_tcp_port) as each:
        stems, summary = await answered(each, requests(samples, rate=rate, keep_sample_rate=True))
    lengths = {stem.frame_count for stem in summary.stems}
    assert len(lengths) == 1
    assert abs(lengths.pop() - samples.shape[1]) <= 2, "two resamplings round"
    assert {stem.sample_rate_hertz for stem in summary.stems} == {rate}
    assert all(len(stems[stem.name]) == 8 * stem.frame_count for stem in summary.stems)


async def test_silence_and_clipped_audio_are_answered_and_damaged_samples_refused(
    tmp_path: Path, unused_tcp_port: int, signals: Signals
) -> None:
    async with running(tmp_path, unused_tcp_port) as each:
        stems, summary = await answered(each, requests(np.zeros((2, RATE), np.float32)))
        assert not any(any(data) for data in stems.values())
        for stem in summary.stems:
            assert stem.peak == 0
            for field in ("peak_dbfs", "rms_dbfs", "integrated_lufs", "energy_share"):
                assert not stem.HasField(field)
        assert not summary.HasField("residual_energy_share")

        square = np.sign(signals.noise(RATE)).astype(np.float32)
        settings = {"output_encoding": audio_pb2.OUTPUT_ENCODING_PCM_S16LE, "clip_mode": pb.CLIP_MODE_RESCALE}
        _, summary = await answered(each, requests(1.5 * square, stems=["vocals", "no_vocals"], **settings))
        assert summary.gain_db < 0
        assert {stem.clipped_sample_count for stem in summary.stems} == {0}

        for bad, reason in ((np.nan, "AUDIO_NOT_FINITE"), (np.inf, "AUDIO_NOT_FINITE"), (1e7, "AUDIO_LEVEL")):
            mix = signals.noise(RATE)
            mix[1, 20_000] = bad
            error = await failure(each, requests(mix))
            assert (error.code, error.reason) == ("INVALID_ARGUMENT", reason)
        assert (await answered(each, requests(square)))[1].stems, "the next call is served"


async def test_bad_requests_are_refused_by_field(tmp_path: Path, unused_tcp_port: int, signals: Signals) -> None:
    aac = audio_pb2.OUTPUT_ENCODING_AAC
    cases: list[tuple[dict[str, Any], tuple[str, str]]] = [
        ({"output_encoding": 99}, ("OUTPUT_ENCODING", "config.output_encoding")),
        ({"clip_mode": 9}, ("CLIP_MODE", "config.clip_mode")),
        ({"output_sample_rate_hertz": 3_999}, ("OUTPUT_SAMPLE_RATE", "config.output_sample_rate_hertz")),
        ({"output_sample_rate_hertz": 384_001}, ("OUTPUT_SAMPLE_RATE", "config.output_sample_rate_hertz")),
        (
            {"output_sample_rate_hertz": 50_000, "output_encoding": aac},
            ("OUTPUT_SAMPLE_RATE", "config.output_sample_rate_hertz"),
        ),
        ({"stems": ["vocals", "no_kazoo"]}, ("UNKNOWN_STEM", "config.stems[1]")),
        ({"stems": ["no_vocals", "no_vocals"]}, ("DUPLICATE_STEM", "config.stems[1]")),
        ({"model": "demuks"}, ("UNKNOWN_MODEL", "config.model")),
        ({"shifts": 3}, ("OPTION_NOT_SUPPORTED", "config.shifts")),
    ]
    async with running(tmp_path, unused_tcp_port) as each:
        for config, (reason, field) in cases:
            error = await failure(each, requests(signals.noise(1_000), **config))
            assert (error.code, error.reason, error.field) == ("INVALID_ARGUMENT", reason, field)


async def test_models_are_listed_with_what_they_claim(tmp_path: Path, unused_tcp_port: int) -> None:
    async with running(tmp_path, unused_tcp_port) as each:
        answer = await each.stub.ListModels(pb.ListModelsRequest())
    listed = {model.identity.name: model for model in answer.models}
    assert [name for name, model in listed.items() if model.default_model] == [MODEL], "the one set for this service"
    assert listed[MODEL].installed, "it needs no weights"
    assert not listed["spleeter-2stems"].installed
    assert answer.sum_bound_db[MODEL] == SUM_BOUNDS_DB["dsp"]
    assert answer.sum_bound_db["spleeter-2stems"] == SUM_BOUNDS_DB["spleeter"]


async def test_a_slow_reader_holds_the_work_up_and_costs_no_memory(
    tmp_path: Path, unused_tcp_port: int, signals: Signals
) -> None:
    minutes = np.tile(signals.noise(10 * RATE), (1, 10))  # its stems are 141 MB
    async with running(tmp_path, unused_tcp_port) as each:
        worker, front = await each.worker(), psutil.Process()
        call = each.stub.Separate(requests(minutes, cut=1 << 20), timeout=280)
        first = None
        async for response in call:
            if response.WhichOneof("event") == "stem_chunk":
                first = response
                break
        assert first is not None
        before = front.memory_info().rss

        used = [-1.0, sum(worker.cpu_times()[:2])]
        async with asyncio.timeout(120):
            while used[-1] != used[-2]:  # until it stands still because nobody reads
                await asyncio.sleep(0.5)
                used.append(sum(worker.cpu_times()[:2]))
        # What is on its way: gRPC's windows and the pipe, some blocks of half a megabyte each.
        assert front.memory_info().rss - before < 64 << 20
        assert worker.memory_info().rss < 400 << 20
        count = 1 + sum([1 async for each_ in call if each_.WhichOneof("event") == "stem_chunk"])
        assert count * (512 << 10) > 141_000_000, "all of it came in the end"


async def test_a_caller_who_leaves_frees_the_worker(tmp_path: Path, unused_tcp_port: int, signals: Signals) -> None:
    long = np.tile(signals.noise(10 * RATE), (1, 12))
    async with running(tmp_path, unused_tcp_port) as each:
        worker = await each.worker()
        call = each.stub.Separate(requests(long, cut=1 << 20), timeout=280)
        async for response in call:
            if response.WhichOneof("event") == "stem_chunk":
                break
        call.cancel()
        await until(lambda: each.host.pool.admitted == 0)
        assert (await answered(each, requests(long[:, :RATE])))[1].stems
        assert (await each.worker()).pid == worker.pid, "it gave up at a checkpoint and was not killed"
        assert each.host.pool.restarts == 0


async def test_a_deadline_ends_the_work(tmp_path: Path, unused_tcp_port: int, signals: Signals) -> None:
    long = np.tile(signals.noise(10 * RATE), (1, 30))  # 10 s of computing for the two passes
    async with running(tmp_path, unused_tcp_port) as each:
        await each.worker()
        settings = {"clip_mode": pb.CLIP_MODE_RESCALE, "model": MODEL}
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            async for _ in keep_status(each.stub.Separate(requests(long, cut=1 << 20, **settings), timeout=2.0)):
                pass
        assert caught.value.code() == grpc.StatusCode.DEADLINE_EXCEEDED
        await until(lambda: each.host.pool.admitted == 0)
        assert (await answered(each, requests(long[:, :RATE])))[1].stems


async def test_kill_9_of_the_worker_is_unavailable_and_the_next_call_is_served(
    tmp_path: Path, unused_tcp_port: int, signals: Signals
) -> None:
    long = np.tile(signals.noise(10 * RATE), (1, 12))
    async with running(tmp_path, unused_tcp_port) as each:
        worker = await each.worker()

        async def killed() -> None:
            async for response in keep_status(each.stub.Separate(requests(long, cut=1 << 20), timeout=120)):
                if response.WhichOneof("event") == "stem_chunk" and worker.is_running():
                    worker.kill()

        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await killed()
        error = status.from_status(status.from_rpc_error(caught.value))
        assert (error.code, error.reason) == ("UNAVAILABLE", "WORKER_LOST")
        assert (await answered(each, requests(long[:, :RATE])))[1].stems
        assert each.host.pool.restarts == 1
