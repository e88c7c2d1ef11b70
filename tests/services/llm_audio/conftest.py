"""The installed model, loaded once, the facts of a song, and a service over the wire."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from antiphon_client import Client
from chassis.family.host import FamilyHost
from chassis.models import Manifest, Store
from chassis.server import Server, ServerSettings, WorkerSettings
from services.llm_audio import service
from services.llm_audio.job import Jobs
from services.llm_audio.settings import LlmAudioSettings
from tests.services.llm_audio.tiny_stores import MANIFEST

SMOL = "smollm2-135m-instruct"
SONG: dict[str, Any] = {
    "essentia": {
        "features": {
            "signal": {"duration_seconds": 10.88},
            "rhythm": {"bpm": 109.93},
            "tonal": {"key_tonic": "F", "key_scale": "major"},
            "loudness": {"integrated_lufs": -9.34},
        },
        "tag_sets": [
            {
                "model": {"name": "musicnn-msd"},
                "tags": [
                    {"label": "rock", "name": "rock", "score": 0.31},
                    {"label": "guitar", "name": "guitar", "score": 0.2},
                    {"label": "female vocalists", "name": "female vocalists", "score": 0.14},
                ],
            }
        ],
    },
    "speech": {"segments": [{"text": " Time stands still. "}], "summary": {"language_code": "en"}},
}


@pytest.fixture(scope="session")
def store() -> Store:
    """The store with the real weights, installed or not."""
    return Store(None, Manifest.load(MANIFEST))


@pytest.fixture(scope="session")
def smol(store: Store) -> Path:
    """The real model's file; the test is skipped where it is not installed."""
    if not store.installed(SMOL):
        pytest.skip(f"{SMOL} is not installed in {store.root}: antiphon models pull {SMOL}")
    (path,) = store.require(SMOL).files.values()
    return path


@pytest.fixture(scope="session")
def jobs(store: Store, smol: Path) -> Jobs:
    """The job with the real model, loaded once."""
    return Jobs(LlmAudioSettings("text-gguf", device="cpu"), store)


Serve = Callable[..., Any]


@pytest.fixture
def serve(store: Store, request: pytest.FixtureRequest, tmp_path: Path, unused_tcp_port: int) -> Serve:
    """Serves the family in this process, its worker in one of its own: ``async with serve() as (host, client)``.

    With the real text model as its default, where no other settings are given. From the store of the real models,
    without which the test is skipped, or from one of the test's own.
    """

    @asynccontextmanager
    async def serving(
        root: Path | None = None, extra: Path | None = None, workers: int = 1, max_pending: int = 8, **settings: Any
    ) -> AsyncIterator[tuple[FamilyHost, Client]]:
        if root is None:
            request.getfixturevalue("smol")
        server_settings = ServerSettings(port=unused_tcp_port, spool_dir=tmp_path, lame_duck_seconds=0.0)
        worker_settings = WorkerSettings(
            models=root or store.root, models_extra=extra, worker_count=workers, max_pending=max_pending
        )
        family = service.family(LlmAudioSettings(**{"engine": "text-gguf", "device": "cpu", **settings}))
        host = FamilyHost(family, server_settings, worker_settings)
        server = Server("llm_audio", server_settings)
        server.add(service.Servicer(host), service.register, service.FULL_NAME)
        host.start()
        await server.start()
        try:
            async with Client(f"127.0.0.1:{unused_tcp_port}") as client:
                yield host, client
        finally:
            await server.drain()
            await host.close()

    return serving


@pytest.fixture
def wait() -> Callable[[Callable[[], bool]], Any]:
    """Waits until a condition holds; fails where it does not within a minute."""

    async def waiting(condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(60):
            while not condition():
                await asyncio.sleep(0.01)

    return waiting
