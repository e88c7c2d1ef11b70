"""What a server shows, and to whom: reflection and status by settings, health always."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from antiphon.status.v1 import status_service_pb2 as status_pb2
from antiphon.status.v1 import status_service_pb2_grpc as status_grpc
from chassis.server import Server, ServerSettings

UNIMPLEMENTED = grpc.StatusCode.UNIMPLEMENTED


@asynccontextmanager
async def served(**settings: Any) -> AsyncIterator[int]:
    """The port of a server with nothing but what every server has."""
    server = Server("speech", ServerSettings(port=-1, lame_duck_seconds=0.0, **settings))
    yield await server.start()
    await server.drain()


async def codes(channel: grpc.aio.Channel) -> dict[str, grpc.StatusCode]:
    """How each of the calls that every server knows ends."""
    listing = reflection_pb2.ServerReflectionRequest(list_services="")
    asked: dict[str, Any] = {
        "health": health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(), timeout=10),
        "watch": health_pb2_grpc.HealthStub(channel).Watch(health_pb2.HealthCheckRequest(), timeout=10),
        "status": status_grpc.StatusServiceStub(channel).GetStatus(status_pb2.GetStatusRequest(), timeout=10),  # type: ignore[no-untyped-call]
        "reflection": reflection_pb2_grpc.ServerReflectionStub(channel).ServerReflectionInfo(
            iter([listing]), timeout=10
        ),
    }
    result = {}
    for name, call in asked.items():
        try:
            # The first answer of a stream is enough: a watch has no end.
            await (anext(aiter(call)) if name in ("watch", "reflection") else call)
            result[name] = grpc.StatusCode.OK
        except grpc.aio.AioRpcError as error:
            result[name] = error.code()
        call.cancel()
    return result


@pytest.mark.parametrize(
    ("settings", "missing"),
    [
        ({}, set()),
        ({"reflection": False}, {"reflection"}),
        ({"status_service": False}, {"status"}),
        ({"reflection": False, "status_service": False}, {"reflection", "status"}),
    ],
)
async def test_reflection_and_status_are_there_unless_switched_off_and_health_always(
    settings: dict[str, Any], missing: set[str]
) -> None:
    async with served(**settings) as port, grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        ended = await codes(channel)
    assert {name for name, code in ended.items() if code == UNIMPLEMENTED} == missing
    assert {code for name, code in ended.items() if name not in missing} == {grpc.StatusCode.OK}


async def test_reflection_does_not_name_a_status_that_is_switched_off() -> None:
    async with served(status_service=False) as port, grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        request = reflection_pb2.ServerReflectionRequest(list_services="")
        stub = reflection_pb2_grpc.ServerReflectionStub(channel)
        (answer,) = [each async for each in stub.ServerReflectionInfo(iter([request]), timeout=10)]
    names = {each.name for each in answer.list_services_response.service}
    assert names == {"grpc.health.v1.Health", "grpc.reflection.v1alpha.ServerReflection"}
