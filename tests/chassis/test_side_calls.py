"""Watches of health and reflection are bounded: many, large or unread ones starve nobody."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from antiphon.status.v1 import status_service_pb2 as status_pb2
from antiphon.status.v1 import status_service_pb2_grpc as status_grpc
from antiphon_wire import status
from antiphon_wire.calls import keep_status
from antiphon_wire.errors import AntiphonError
from chassis.server import model_health, side_calls
from chassis.server.model_health import ModelHealth
from tests.chassis.test_answers import until
from tests.chassis.test_server import messages, responses, running


async def refusal(call: Any) -> AntiphonError:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        while await call.read() is not grpc.aio.EOF:
            pass
    return status.from_status(status.from_rpc_error(caught.value))


async def test_one_address_has_its_share_of_watches_and_calls_go_on(tmp_path: Path, unused_tcp_port: int) -> None:
    async with running(tmp_path, unused_tcp_port) as each:
        watches = [each.health.Watch(health_pb2.HealthCheckRequest()) for _ in range(side_calls.PEER_WATCHES)]
        for watch in watches:
            await watch.read()
        refused = await refusal(keep_status(each.health.Watch(health_pb2.HealthCheckRequest())))
        assert (refused.code, refused.reason) == ("RESOURCE_EXHAUSTED", "SIDE_CALLS_FULL")
        assert (await each.health.Check(health_pb2.HealthCheckRequest(), timeout=10)).status == 1
        assert len(await responses(each, messages("count 1"))) >= 1
        for watch in watches:
            watch.cancel()
        again = each.health.Watch(health_pb2.HealthCheckRequest())
        assert (await again.read()).status == 1
        again.cancel()


async def test_reflection_is_bounded_in_number_and_time(
    tmp_path: Path, unused_tcp_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(side_calls, "REFLECTION_SECONDS", 1.0)
    async with running(tmp_path, unused_tcp_port) as each:
        stub = reflection_pb2_grpc.ServerReflectionStub(each.channel)
        asked = reflection_pb2.ServerReflectionRequest(list_services="")
        open_ones = [keep_status(stub.ServerReflectionInfo()) for _ in range(side_calls.PEER_REFLECTIONS)]
        for call in open_ones:
            await call.write(asked)
            await call.read()
        refused = await refusal(keep_status(stub.ServerReflectionInfo()))
        assert refused.reason == "SIDE_CALLS_FULL"
        assert (await refusal(open_ones[0])).reason == "SIDE_CALL_TOO_LONG"


async def test_a_name_that_is_no_name_is_refused(tmp_path: Path, unused_tcp_port: int) -> None:
    long = "x" * (side_calls.MAX_BYTES + 1)
    async with running(tmp_path, unused_tcp_port) as each:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await each.health.Check(health_pb2.HealthCheckRequest(service=long), timeout=10)
        assert status.from_status(status.from_rpc_error(caught.value)).reason == "MESSAGE_TOO_LARGE"
        watch = keep_status(each.health.Watch(health_pb2.HealthCheckRequest(service=long)))
        assert (await refusal(watch)).reason == "MESSAGE_TOO_LARGE"
        stub = reflection_pb2_grpc.ServerReflectionStub(each.channel)
        asked = reflection_pb2.ServerReflectionRequest(file_containing_symbol=long)
        assert (await refusal(keep_status(stub.ServerReflectionInfo(iter([asked]))))).reason == "MESSAGE_TOO_LARGE"


async def test_a_flood_of_status_calls_keeps_no_call_out(tmp_path: Path, unused_tcp_port: int) -> None:
    async with running(tmp_path, unused_tcp_port) as each:
        stub = status_grpc.StatusServiceStub(each.channel)
        flood = [asyncio.ensure_future(stub.GetStatus(status_pb2.GetStatusRequest(), timeout=60)) for _ in range(500)]
        assert len(await asyncio.wait_for(responses(each, messages("count 1")), 60)) >= 1
        assert all(answer.service == "speech" for answer in await asyncio.gather(*flood))


class Unread:
    """Somebody who watches and never reads."""

    def __init__(self) -> None:
        self.writing = asyncio.Event()

    async def write(self, _: Any) -> None:
        self.writing.set()
        await asyncio.Event().wait()


async def test_who_watches_and_reads_nothing_keeps_nobody_from_being_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_health, "WRITE_SECONDS", 1.0)
    health, unread = ModelHealth(), Unread()
    watching = asyncio.create_task(health.Watch(health_pb2.HealthCheckRequest(service="readiness"), unread))
    await unread.writing.wait()
    async with asyncio.timeout(10):
        await health.set("readiness", 2)
        await health.enter_graceful_shutdown()
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(watching, 10)


async def test_a_watch_is_told_each_change(tmp_path: Path, unused_tcp_port: int) -> None:
    async with running(tmp_path, unused_tcp_port) as each:
        await until(lambda: each.host.pool.ready)
        watch = each.health.Watch(health_pb2.HealthCheckRequest(service="made.up"))
        assert (await watch.read()).status == health_pb2.HealthCheckResponse.SERVICE_UNKNOWN
        await each.server._health.set("made.up", 2)
        assert (await asyncio.wait_for(watch.read(), 10)).status == 2
        watch.cancel()
