"""A gateway that follows a script, in this process or in one of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass

import grpc
import pytest
import pytest_asyncio

from tests.fixtures.gateway_process import Gateway, gateway_process
from tests.fixtures.scripted_gateway import ScriptedGateway, serve


@dataclass(frozen=True)
class Peer:
    """A scripted gateway in this event loop."""

    target: str
    seen: ScriptedGateway
    server: grpc.aio.Server


@pytest_asyncio.fixture
async def peer() -> AsyncIterator[Peer]:
    server, seen, port = await serve("127.0.0.1:0")
    yield Peer(f"127.0.0.1:{port}", seen, server)
    await server.stop(None)


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    with gateway_process(tmp_path_factory.mktemp("gateway")) as running:
        yield running
