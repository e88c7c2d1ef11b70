"""The long forms of the attacks on places: with the settings that a service has by default, for minutes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Coroutine
from pathlib import Path
from typing import Any

import grpc
import pytest

from antiphon_wire.calls import keep_status
from chassis.server.side_calls import PEER_WATCHES
from tests.chassis.test_connections import idle
from tests.chassis.test_server import Running, messages, responses, running
from tests.chassis.test_upload_places import drip
from tests.chassis.test_worker_live import chunk, config, serving, until

pytestmark = pytest.mark.soak

SECONDS = 150.0
FLOOD_MIB = 40


async def again_and_again(attack: Any) -> None:
    """Repeats an attack whenever it is ended."""
    while True:
        try:
            await attack()
        except grpc.aio.AioRpcError:
            await asyncio.sleep(0.5)


async def besieged(each: Running, attacks: list[Coroutine[Any, Any, None]]) -> int:
    """Counts honest calls, each of which must succeed, while attacks go on."""
    tasks = [asyncio.create_task(attack) for attack in attacks]
    ended, served = time.monotonic() + SECONDS, 0
    try:
        while time.monotonic() < ended:
            async with asyncio.timeout(30):
                assert len(await responses(each, messages("count 1"))) >= 1
            served += 1
            await asyncio.sleep(0.5)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return served


@pytest.mark.parametrize("attackers", [9, 16])
@pytest.mark.timeout(600)
async def test_slow_uploads_for_minutes(tmp_path: Path, unused_tcp_port: int, attackers: int) -> None:
    async with running(tmp_path, unused_tcp_port) as each:

        async def upload() -> None:
            async for _ in each.stub.Transcribe(drip(10.0)):
                pass

        assert await besieged(each, [again_and_again(upload) for _ in range(attackers)]) > 10


@pytest.mark.timeout(600)
async def test_slow_readers_for_minutes(tmp_path: Path, unused_tcp_port: int) -> None:
    async with running(tmp_path, unused_tcp_port) as each:

        async def sip() -> None:
            call = keep_status(each.stub.Transcribe(iter(messages(f"flood {FLOOD_MIB}"))))
            try:
                while await call.read() is not grpc.aio.EOF:
                    await asyncio.sleep(4.0)
            finally:
                call.cancel()

        assert await besieged(each, [again_and_again(sip) for _ in range(3)]) > 10
        await until(lambda: each.server.reading.spool.used_bytes == 0)


@pytest.mark.timeout(600)
async def test_idle_connections_and_watches_for_minutes(tmp_path: Path, unused_tcp_port: int) -> None:
    async with running(tmp_path, unused_tcp_port) as each:

        async def sit() -> None:
            async with idle(unused_tcp_port, 400):
                await asyncio.sleep(10.0)

        async def watch() -> None:
            async with asyncio.timeout(10.0):
                async for _ in each.health.Watch(_anything()):
                    pass

        attacks = [again_and_again(sit), *(again_and_again(_quiet(watch)) for _ in range(2 * PEER_WATCHES))]
        assert await besieged(each, attacks) > 10


def _anything() -> Any:
    from grpc_health.v1 import health_pb2

    return health_pb2.HealthCheckRequest(service="readiness")


def _quiet(attack: Any) -> Any:
    async def attempt() -> None:
        try:
            await attack()
        except TimeoutError:
            return

    return attempt


@pytest.mark.timeout(600)
async def test_live_holders_for_minutes(tmp_path: Path, unused_tcp_port: int) -> None:
    async def hold() -> AsyncIterator[Any]:
        yield config("echo")
        for offset in range(1000):
            yield chunk(b"R", offset)
            await asyncio.sleep(20.0)

    async with serving(tmp_path, unused_tcp_port, streams=3) as (stub, host):
        calls = [keep_status(stub.StreamingRecognize(hold())) for _ in range(3)]
        await until(lambda: host.live.ready and len(host.live._hosts[0].streams) == 3)
        ended, outcomes = time.monotonic() + SECONDS, []
        while time.monotonic() < ended:
            requests = iter([config("echo"), chunk(b"x", 0, last=True)])
            try:
                heard = [response async for response in stub.StreamingRecognize(requests, timeout=30)]
                outcomes.append(heard[-1].HasField("summary"))
            except grpc.aio.AioRpcError as error:
                assert error.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
                outcomes.append(False)
            await asyncio.sleep(5.0)
        # Until they have been silent for long enough they may be honest speakers who think.
        assert all(outcomes[4:])
        for call in calls:
            call.cancel()
