"""A service that is left, killed and asked again and again has nothing left over: few times here, many in make soak."""

from __future__ import annotations

import asyncio
import os
import random
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import grpc
import numpy as np
import psutil
import pytest

from antiphon_wire import status
from antiphon_wire.calls import keep_status
from antiphon_wire.errors import AntiphonError
from tests.services.separation.test_service import RATE, Running, answered, requests, running

pytestmark = pytest.mark.timeout(3600)


@pytest.fixture
def noise() -> np.ndarray:
    """Ten seconds, which take the engine a while."""
    return np.random.default_rng(0).uniform(-0.5, 0.5, (2, 10 * RATE)).astype(np.float32)


@pytest.fixture
async def service(tmp_path: Path, unused_tcp_port: int) -> AsyncIterator[Running]:
    async with running(tmp_path, unused_tcp_port) as each:
        await each.worker()
        yield each


def short_and_long(few: int, many: int) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("times", [few, pytest.param(many, marks=pytest.mark.soak)])


async def at_rest(each: Running) -> None:
    """Waits until no call holds anything."""
    host = each.host
    async with asyncio.timeout(60):
        while host.pool.admitted or host.uploads.held or host.spool.used_bytes or not host.pool.ready:
            await asyncio.sleep(0.02)


@short_and_long(12, 400)
async def test_callers_that_leave_at_any_moment_leave_nothing_behind(
    service: Running, noise: np.ndarray, times: int
) -> None:
    chance, process = random.Random(times), psutil.Process()
    await answered(service, requests(noise[:, :RATE]))
    before = process.num_fds()
    for _ in range(times):
        call = service.stub.Separate(requests(noise, cut=chance.choice([4_000, 40_000, 400_000])), timeout=120)
        task = asyncio.create_task(call.read())
        await asyncio.sleep(chance.uniform(0.0, 0.4))
        call.cancel()
        await asyncio.gather(task, return_exceptions=True)
    await at_rest(service)
    assert len(service.host.pool.pids) == 1
    assert process.num_fds() <= before + 5, "connections of the call that is just ending"
    stems, _ = await answered(service, requests(noise[:, :RATE]))
    assert len(stems) == 4


@short_and_long(3, 60)
async def test_a_worker_killed_at_any_moment_costs_its_own_call_alone(
    service: Running, noise: np.ndarray, times: int
) -> None:
    chance = random.Random(times)
    for number in range(times):
        # Each is another recording: one that took two workers is refused for an hour.
        call = service.stub.Separate(requests(noise * (1 - number / (2 * times))), timeout=120)
        killed = asyncio.create_task(_kill(service, chance.uniform(0.0, 0.5)))
        try:
            async for _ in keep_status(call):
                pass
        except grpc.aio.AioRpcError as error:
            told = status.from_status(status.from_rpc_error(error))
            assert isinstance(told, AntiphonError)
            assert told.reason == "WORKER_LOST"
        await killed
        # One that is killed between two calls may still be given the next, until its end has been noticed.
        async with asyncio.timeout(60):
            while service.host.pool.restarts <= number or not service.host.pool.ready:
                await asyncio.sleep(0.02)
        stems, _ = await answered(service, requests(noise[:, :RATE]))
        assert len(stems) == 4
    await at_rest(service)
    assert service.host.pool.restarts == times


async def _kill(each: Running, seconds: float) -> None:
    await asyncio.sleep(seconds)
    os.kill(each.host.pool.pids[0], signal.SIGKILL)


@short_and_long(40, 1000)
async def test_many_small_calls_do_not_make_the_worker_grow(service: Running, noise: np.ndarray, times: int) -> None:
    worker = await service.worker()
    grown = []
    for number in range(times):
        await answered(service, requests(noise[:, : RATE // 2]))
        if number >= times // 3:
            grown.append(worker.memory_info().rss)
    assert service.host.pool.restarts == 0
    # 33 KB a call were seen, levelling off; an allocator's arenas come in whole megabytes.
    assert grown[-1] - grown[0] < 100_000 * len(grown) + (16 << 20)
