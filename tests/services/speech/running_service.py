"""The speech service in this process, with the real whisper-tiny.en in its workers, and a client of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from antiphon_client import Client
from chassis.family.host import FamilyHost
from chassis.models import Store
from chassis.server import Server, ServerSettings, WorkerSettings
from services.speech import service
from services.speech.settings import SpeechSettings

TINY = "whisper-tiny.en"


def require_tiny(store: Store) -> None:
    """Skips the test where the model is not installed."""
    if not store.installed(TINY):
        pytest.skip(f"{TINY} is not installed in {store.root}: antiphon models pull {TINY}")


@asynccontextmanager
async def serving(
    store: Store, folder: Path, port: int, live_streams: int = 0
) -> AsyncIterator[tuple[Client, FamilyHost]]:
    """Serves recordings with one worker; where ``live_streams`` is above 0, so many live streams and nothing else."""
    require_tiny(store)
    settings = ServerSettings(port=port, spool_dir=folder, lame_duck_seconds=0.0)
    family = service.family(SpeechSettings(device="cpu", default_model=TINY, live_streams=live_streams))
    host = FamilyHost(family, settings, WorkerSettings(models=store.root))
    server = Server("speech", settings)
    server.add(service.Servicer(host), service.register, service.FULL_NAME)
    if live_streams:
        host.live.start()
    else:
        host.start()
    await server.start()
    async with Client(f"127.0.0.1:{port}") as client:
        try:
            yield client, host
        finally:
            await server.drain()
            await host.close()
