"""A default model that is damaged harms its own calls alone, and is well again once its file is replaced."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from antiphon.audio.v1 import audio_pb2
from antiphon.separation.v1 import separation_service_pb2 as pb
from antiphon.separation.v1 import separation_service_pb2_grpc as pb_grpc
from antiphon.status.v1 import status_service_pb2, status_service_pb2_grpc
from antiphon_wire import status
from antiphon_wire.calls import keep_status
from chassis.family.host import FamilyHost
from chassis.server import Server, ServerSettings, WorkerSettings
from services.separation import service
from services.separation.settings import SeparationSettings
from standins import tiny_spleeter

SECOND = 44_100
READY = status_service_pb2.ModelStatus.STATE_READY
DAMAGED = status_service_pb2.ModelStatus.STATE_DAMAGED
NOT_INSTALLED = status_service_pb2.ModelStatus.STATE_NOT_INSTALLED
SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING


def messages(model: str = "") -> Iterator[pb.SeparateRequest]:
    """Half a second of noise for a model; for the default where none is named."""
    noise = np.random.default_rng(1).uniform(-0.5, 0.5, SECOND).astype("<f4").tobytes()
    form = audio_pb2.AudioFormat(encoding=audio_pb2.INPUT_ENCODING_PCM_F32LE, sample_rate_hertz=SECOND, channel_count=2)
    yield pb.SeparateRequest(config=pb.SeparationConfig(audio_format=form, model=model))
    yield pb.SeparateRequest(chunk=audio_pb2.AudioChunk(data=noise, last=True))


async def stems(stub: Any, model: str = "") -> set[str]:
    chunks = [one async for one in keep_status(stub.Separate(messages(model), timeout=120))]
    return {one.stem_chunk.stem for one in chunks if one.WhichOneof("event") == "stem_chunk"}


async def test_one_changed_byte_in_the_default_model_is_told_and_mended_without_a_restart(
    tmp_path: Path, unused_tcp_port: int
) -> None:
    made = tiny_spleeter.store(tmp_path)
    blob = made.blobs.path(made.manifest.model("tiny").files[0].sha256)
    right = blob.read_bytes()
    blob.write_bytes(right[:-1000] + bytes([right[-1000] ^ 1]) + right[-999:])

    server_settings = ServerSettings(port=unused_tcp_port, spool_dir=tmp_path, lame_duck_seconds=0.0)
    manifest = tmp_path / "separation" / "models.toml"
    manifest.write_text(manifest.read_text().replace("default = true", "default = false"))
    workers = WorkerSettings(models=made.root, models_extra=manifest)
    host = FamilyHost(service.family(SeparationSettings(device="cpu", default_model="tiny")), server_settings, workers)
    server = Server("separation", server_settings)
    server.add(service.Servicer(host), service.register, service.FULL_NAME)
    host.report_to(server)
    host.start()
    await server.start()
    options = [("grpc.use_local_subchannel_pool", 1)]
    async with grpc.aio.insecure_channel(f"127.0.0.1:{unused_tcp_port}", options=options) as channel:
        stub = pb_grpc.SeparationServiceStub(channel)
        try:
            assert await stems(stub, "dsp-4stems") == {"drums", "bass", "other", "vocals"}
            for model in ("", "tiny"):
                with pytest.raises(grpc.aio.AioRpcError) as caught:
                    await stems(stub, model)
                error = status.from_status(status.from_rpc_error(caught.value))
                assert (error.code, error.reason) == ("FAILED_PRECONDITION", "MODEL_CORRUPT")
                assert error.metadata["command"] == "antiphon models pull tiny"
                assert str(made.root) not in f"{error} {error.metadata}"
            assert "MODEL_CORRUPT: tiny.safetensors of the model 'tiny'" in (await loaded(channel))
            assert await installed(stub) == {"tiny": False, "dsp-4stems": True}
            told = await readiness(channel)
            assert told["dsp-4stems"] == (READY, "", "")
            state, problem, command = told["tiny"]
            assert (state, command) == (DAMAGED, "antiphon models pull tiny")
            assert problem.startswith("MODEL_CORRUPT: tiny.safetensors of the model 'tiny'")
            assert told["htdemucs"] == (NOT_INSTALLED, "", "antiphon models pull htdemucs")
            assert await healths(channel) == {"": SERVING, "tiny": NOT_SERVING, "dsp-4stems": SERVING}

            # As a pull does: a whole file is put in the place of the damaged one.
            fresh = blob.with_suffix(".fresh")
            fresh.write_bytes(right)
            fresh.replace(blob)
            assert await installed(stub) == {"tiny": True, "dsp-4stems": True}
            assert (await readiness(channel))["tiny"] == (READY, "", "")
            assert await healths(channel) == {"": SERVING, "tiny": SERVING, "dsp-4stems": SERVING}
            with pytest.raises(grpc.aio.AioRpcError, match="NOT_FOUND"):
                await health(channel, f"{service.FULL_NAME}/nobody")
            assert await stems(stub) == {"vocals", "accompaniment"}
            assert host.pool.restarts == 0
        finally:
            await server.drain()
            await host.close()


async def loaded(channel: grpc.aio.Channel) -> str:
    answer = await status_service_pb2_grpc.StatusServiceStub(channel).GetStatus(status_service_pb2.GetStatusRequest())
    return str(answer.workers.loaded)


async def readiness(channel: grpc.aio.Channel) -> dict[str, tuple[Any, str, str]]:
    answer = await status_service_pb2_grpc.StatusServiceStub(channel).GetStatus(status_service_pb2.GetStatusRequest())
    return {each.name: (each.state, each.problem, each.command) for each in answer.models}


async def health(channel: grpc.aio.Channel, name: str) -> Any:
    stub = health_pb2_grpc.HealthStub(channel)
    return (await stub.Check(health_pb2.HealthCheckRequest(service=name), timeout=10)).status


async def healths(channel: grpc.aio.Channel) -> dict[str, Any]:
    """Of the service, and of two of its models."""
    names = ("", "tiny", "dsp-4stems")
    return {name: await health(channel, f"{service.FULL_NAME}/{name}".rstrip("/")) for name in names}


async def installed(stub: Any) -> dict[str, bool]:
    answer = await stub.ListModels(pb.ListModelsRequest())
    found = {one.identity.name: one.installed for one in answer.models}
    return {name: found[name] for name in ("tiny", "dsp-4stems")}
