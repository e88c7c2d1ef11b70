"""The generation service over the wire: a real server, a worker process, tiny random weights."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import psutil
import pytest
import pytest_asyncio
from google.protobuf.duration_pb2 import Duration

from antiphon.audio.v1 import audio_pb2
from antiphon.evidence.v1 import evidence_pb2
from antiphon.generation.v1 import generation_service_pb2 as pb
from antiphon.generation.v1 import generation_service_pb2_grpc as pb_grpc
from antiphon_client import AntiphonClientError, Client
from chassis.family.host import FamilyHost
from chassis.models import Store
from chassis.models.pull import Puller
from chassis.models.settings import HubSettings, StoreSettings
from chassis.server import Server, ServerSettings, WorkerSettings
from services.generation import service
from services.generation.settings import GenerationSettings
from tests.fixtures import recordings
from tests.fixtures.scripted_hub import scripted_hub

pytestmark = pytest.mark.asyncio(loop_scope="module")
F32 = audio_pb2.OUTPUT_ENCODING_PCM_F32LE


@asynccontextmanager
async def serving(
    store: Store, settings: GenerationSettings, folder: Path, port: int, **workers: Any
) -> AsyncIterator[tuple[Client, FamilyHost]]:
    server_settings = ServerSettings(port=port, spool_dir=folder, lame_duck_seconds=0.0)
    extra = store.root.parent / "generation" / "models.toml"
    host = FamilyHost(
        service.family(settings), server_settings, WorkerSettings(models=store.root, models_extra=extra, **workers)
    )
    server = Server("generation", server_settings)
    server.add(service.Servicer(host), service.register, service.FULL_NAME)
    host.start()
    await server.start()
    async with Client(f"127.0.0.1:{port}") as client:
        try:
            yield client, host
        finally:
            await server.drain()
            await host.close()


def config(seconds: float = 1.0, prompts: tuple[str, ...] = ("warm piano",), **more: Any) -> pb.GenerationConfig:
    length = Duration()
    length.FromNanoseconds(round(seconds * 1e9))
    more.setdefault("output_encoding", F32)
    more.setdefault("seed", 3)
    return pb.GenerationConfig(duration=length, prompts=prompts, **more)


def audio_of(events: list[Any], piece: int = 0) -> bytes:
    return b"".join(e.chunk.data for e in events if isinstance(e, pb.PieceChunk) and e.piece == piece)


async def all_of(events: AsyncIterator[Any]) -> list[Any]:
    return [event async for event in events]


async def until(condition: Callable[[], bool], seconds: float = 60.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.02)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def running(
    tiny_store: Store,
    settings: GenerationSettings,
    tmp_path_factory: pytest.TempPathFactory,
    unused_tcp_port_factory: Callable[[], int],
) -> AsyncIterator[tuple[Client, FamilyHost]]:
    """One service for this file: it survives whatever is done to it."""
    folder, port = tmp_path_factory.mktemp("spool"), unused_tcp_port_factory()
    # A busy machine may take longer to the next step than the quarter of a second after which a worker is killed.
    async with serving(tiny_store, settings, folder, port, cancel_grace_seconds=60.0) as each:
        yield each


async def test_a_prompt_gives_a_header_audio_and_a_summary(running: tuple[Client, FamilyHost]) -> None:
    client, _ = running
    events = await all_of(client.generate(config()))
    told = [event for event in events if not isinstance(event, evidence_pb2.Progress)]
    header, summary = told[0], told[-1]
    assert isinstance(header, pb.GenerationHeader)
    assert (header.model, header.seeds, header.frame_count) == ("tiny-mono", [3], 32_000)
    assert not header.HasField("source")
    assert isinstance(summary, pb.GenerationSummary)
    (piece,) = summary.pieces
    assert len(audio_of(events)) == piece.byte_count == 4 * 32_000
    assert hashlib.sha256(audio_of(events)).digest() == piece.sha256
    made = summary.provenance
    assert (made.engine, made.seed, made.model.name, made.upload_sha256) == ("musicgen", 3, "tiny-mono", b"")
    assert made.model.license_spdx == "CC0-1.0"
    assert not made.HasField("pcm_sha256")
    assert made.parameters["duration"] == "1"
    done = [e.audio_done.ToNanoseconds() / 1e9 for e in events if isinstance(e, evidence_pb2.Progress)]
    assert done[-1] == 1.0
    assert done == sorted(done)
    again = await all_of(client.generate(config()))
    assert audio_of(again) == audio_of(events)


async def test_defaults_are_ten_seconds_of_wav(running: tuple[Client, FamilyHost]) -> None:
    client, _ = running
    events = await all_of(client.generate(pb.GenerationConfig(prompts=["calm"])))
    summary = events[-1]
    assert (summary.pieces[0].frame_count, summary.pieces[0].encoding) == (320_000, audio_pb2.OUTPUT_ENCODING_WAV)
    assert audio_of(events)[:4] == b"RIFF"
    assert summary.provenance.parameters["top_k"] == "250"
    assert summary.provenance.parameters["guidance_scale"] == "3"
    assert summary.pieces[0].seed == summary.provenance.seed


async def test_an_uploaded_clip_is_continued_or_followed(running: tuple[Client, FamilyHost], scale: np.ndarray) -> None:
    client, _ = running
    clip = recordings.wav(np.stack([scale, scale]), 32_000)
    continued = await all_of(client.generate(config(audio_role=pb.AUDIO_ROLE_CONTINUATION, include_clip=True), clip))
    summary = continued[-1]
    assert (summary.pieces[0].clip_frame_count, summary.pieces[0].frame_count) == (48_000, 80_000)
    assert summary.source.upload_sha256 == summary.provenance.upload_sha256 == hashlib.sha256(clip).digest()
    assert summary.provenance.pcm_sha256 == summary.source.pcm_sha256 != b""
    assert next(e for e in continued if isinstance(e, pb.GenerationHeader)).source.sample_rate_hertz == 32_000
    followed = await all_of(client.generate(config(audio_role=pb.AUDIO_ROLE_MELODY, model="tiny-melody"), clip))
    assert audio_of(followed) != audio_of(continued)


REFUSED: list[tuple[dict[str, Any], str, str]] = [
    ({"model": "nobody"}, "INVALID_ARGUMENT", "UNKNOWN_MODEL"),
    ({"model": "absent"}, "FAILED_PRECONDITION", "MODEL_NOT_INSTALLED"),
    ({"seconds": 0.0}, "INVALID_ARGUMENT", "DURATION_OUT_OF_RANGE"),
    ({"prompts": ("",)}, "INVALID_ARGUMENT", "PROMPT_EMPTY"),
    ({"prompts": ("warm " * 300,)}, "INVALID_ARGUMENT", "PROMPT_TOO_LONG"),
    ({"top_p": 1.5}, "INVALID_ARGUMENT", "SAMPLING_OUT_OF_RANGE"),
    ({"output_encoding": 99}, "INVALID_ARGUMENT", "OUTPUT_ENCODING"),
    ({"audio_role": 99}, "INVALID_ARGUMENT", "AUDIO_ROLE"),
]


async def test_a_bad_config_is_refused_with_its_field(running: tuple[Client, FamilyHost]) -> None:
    for changes, code, reason in REFUSED:
        with pytest.raises(AntiphonClientError) as caught:
            await all_of(running[0].generate(config(**changes)))
        assert (changes, caught.value.code, caught.value.reason) == (changes, code, reason)
        if code == "INVALID_ARGUMENT":
            assert caught.value.fields[0][0].startswith("config.")


async def test_a_clip_without_a_role_is_refused_and_not_ignored(running: tuple[Client, FamilyHost]) -> None:
    client, _ = running
    with pytest.raises(AntiphonClientError) as caught:
        await all_of(client.generate(config(seconds=60.0), bytes(1000)))
    assert (caught.value.code, caught.value.reason) == ("INVALID_ARGUMENT", "AUDIO_UNEXPECTED")


async def test_a_clip_that_is_no_audio_or_missing_is_refused(running: tuple[Client, FamilyHost]) -> None:
    client, _ = running
    continued = config(audio_role=pb.AUDIO_ROLE_CONTINUATION)
    for clip, reason in ((b"no audio" * 1000, "AUDIO_UNDECODABLE"), (b"", "UPLOAD_EMPTY"), (None, "UPLOAD_EMPTY")):
        with pytest.raises(AntiphonClientError) as caught:
            await all_of(client.generate(continued, clip))
        assert (caught.value.code, caught.value.reason) == ("INVALID_ARGUMENT", reason)


async def test_kill_9_of_the_worker_is_told_and_the_next_call_is_served(running: tuple[Client, FamilyHost]) -> None:
    client, host = running
    with pytest.raises(AntiphonClientError) as caught:
        async with aclosing(client.generate(config(seconds=300.0))) as events:
            async for event in events:
                if isinstance(event, pb.PieceChunk):
                    for pid in host.pool.pids:
                        psutil.Process(pid).kill()
    assert (caught.value.code, caught.value.reason) == ("UNAVAILABLE", "WORKER_LOST")
    assert isinstance((await all_of(client.generate(config())))[-1], pb.GenerationSummary)


async def test_a_caller_who_leaves_stops_the_compute_and_the_worker_lives(running: tuple[Client, FamilyHost]) -> None:
    client, host = running
    async with aclosing(client.generate(config(seconds=300.0))) as events:
        async for event in events:
            if isinstance(event, pb.PieceChunk):
                break
    (pid,) = host.pool.pids
    restarts = host.pool.restarts
    await until(lambda: host.pool.admitted == 0)
    # Five minutes of music would keep it busy: the next call is served by the same worker, at once.
    assert isinstance((await all_of(client.generate(config())))[-1], pb.GenerationSummary)
    assert host.pool.pids == [pid]
    assert host.pool.restarts == restarts


async def test_a_deadline_ends_a_call_and_the_next_one_is_served(running: tuple[Client, FamilyHost]) -> None:
    client, _ = running
    await all_of(client.generate(config()))
    with pytest.raises(AntiphonClientError) as caught:
        await all_of(client.generate(config(seconds=600.0), timeout_seconds=1.0))
    assert caught.value.code == "DEADLINE_EXCEEDED"
    assert isinstance((await all_of(client.generate(config())))[-1], pb.GenerationSummary)


async def test_a_full_queue_says_so_at_once(
    tiny_store: Store, settings: GenerationSettings, tmp_path: Path, unused_tcp_port: int
) -> None:
    async with serving(tiny_store, settings, tmp_path, unused_tcp_port, max_pending=0) as (client, _):
        async with aclosing(client.generate(config(seconds=300.0))) as events:
            async for event in events:
                if isinstance(event, pb.PieceChunk):
                    break
            with pytest.raises(AntiphonClientError) as caught:
                await all_of(client.generate(config()))
        assert (caught.value.code, caught.value.reason) == ("RESOURCE_EXHAUSTED", "QUEUE_FULL")
        assert caught.value.retry_after is not None


async def test_the_commercial_policy_refuses_and_the_service_stays_up(
    tiny_store: Store, settings: GenerationSettings, tmp_path: Path, unused_tcp_port: int
) -> None:
    refused = replace(settings, default_model="noncommercial")
    async with serving(tiny_store, refused, tmp_path, unused_tcp_port, licence_policy="commercial") as (client, _):
        with pytest.raises(AntiphonClientError) as caught:
            await all_of(client.generate(config()))
        assert (caught.value.code, caught.value.reason) == ("FAILED_PRECONDITION", "LICENCE_REFUSED")
        assert isinstance((await all_of(client.generate(config(model="tiny-mono"))))[-1], pb.GenerationSummary)


async def test_the_models_are_listed_with_their_licences(running: tuple[Client, FamilyHost]) -> None:
    client, _ = running
    async with grpc.aio.insecure_channel(client.target) as channel:
        listed = await pb_grpc.GenerationServiceStub(channel).ListModels(pb.ListModelsRequest())
    found = {model.identity.name: model for model in listed.models}
    assert found["tiny-mono"].installed
    assert [name for name, model in found.items() if model.default_model] == ["tiny-mono"]
    assert not found["absent"].installed
    assert (found["noncommercial"].identity.license_spdx, found["noncommercial"].identity.commercial_use) == (
        "CC-BY-NC-4.0",
        False,
    )


async def test_a_model_pulled_by_name_from_a_hub_answers_and_says_where_its_digests_come_from(
    tiny_store: Store, root: Path, tmp_path: Path, settings: GenerationSettings, unused_tcp_port: int
) -> None:
    store = Store(tmp_path / "hub", root / "services/generation/models.toml")
    files = {name: path.read_bytes() for name, path in tiny_store.require("tiny-mono").files.items()}
    with scripted_hub() as hub:
        # Rows that name a commit are pulled at the one that this hub has.
        hub.aliases["4c8334b02c6ec4e8664a91979669a501ec497792"] = "main"
        hub.publish("facebook/musicgen-small", files)
        Puller(root, StoreSettings(), HubSettings(hub.url, ""), lambda event: None).pull(store, "musicgen-small")
    (tmp_path / "generation").mkdir()
    (tmp_path / "generation" / "models.toml").write_text("models = []")
    chosen = replace(settings, default_model="")
    async with serving(store, chosen, tmp_path, unused_tcp_port) as (client, _):
        for asked in ({}, {"model": "small"}):
            model = (await all_of(client.generate(config(**asked))))[-1].provenance.model
            assert (model.name, model.digest_source) == ("musicgen-small", "hub at first pull")
