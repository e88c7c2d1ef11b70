"""Few descriptors: idle connections make room, and there is always enough left to spool and to start a worker."""

from __future__ import annotations

import asyncio
import os
import resource
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager, suppress
from pathlib import Path

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from antiphon_wire.errors import AntiphonError
from chassis import open_files
from chassis.answer_spool import AnswerSpool
from chassis.server import connections
from chassis.spool import Spool
from tests.chassis.test_answers import until
from tests.chassis.test_server import Running, messages, responses, running

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\x00\x00\x00\x04\x00\x00\x00\x00\x00"


@asynccontextmanager
async def idle(port: int, count: int) -> AsyncIterator[list[socket.socket]]:
    """Connections that speak HTTP/2 and then nothing."""
    with ExitStack() as stack:
        made = []
        for _ in range(count):
            with suppress(OSError):
                each = stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=5))
                each.sendall(PREFACE)
                made.append(each)
            await asyncio.sleep(0.005)
        yield made


async def fresh(port: int) -> int:
    """Asks for health by a connection of its own."""
    options = [("grpc.use_local_subchannel_pool", 1)]
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}", options=options) as channel:
        asked = health_pb2.HealthCheckRequest()
        answer = await health_pb2_grpc.HealthStub(channel).Check(asked, timeout=10, wait_for_ready=True)
        return int(answer.status)


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "_LOOK_SECONDS", 0.05)
    monkeypatch.setattr("chassis.server.serving.connections_of", lambda _: 16)


@pytest.mark.usefixtures("few")
async def test_idle_connections_make_room_the_oldest_first_and_those_with_a_call_stay(
    tmp_path: Path, unused_tcp_port: int
) -> None:
    async with running(tmp_path, unused_tcp_port) as each:
        call = each.stub.Transcribe(iter(messages("step 0.01")))
        while not (await call.read()).progress.HasField("fraction"):
            pass
        async with idle(unused_tcp_port, 100):
            for _ in range(5):
                assert await fresh(unused_tcp_port) == health_pb2.HealthCheckResponse.SERVING
            assert not call.done()
            call.cancel()
            assert len(await responses(each, messages("count 1"))) >= 1
            assert each.server.connections.closed_count > 0


@pytest.mark.usefixtures("few")
async def test_a_worker_that_dies_while_connections_are_many_is_replaced(tmp_path: Path, unused_tcp_port: int) -> None:
    async with running(tmp_path, unused_tcp_port) as each:
        await until(lambda: each.host.pool.ready)
        async with idle(unused_tcp_port, 100):
            (pid,) = each.host.pool.pids
            os.kill(pid, signal.SIGKILL)
            await until(lambda: each.host.pool.ready and each.host.pool.pids != [pid])
            assert await honest(each) >= 1


async def honest(each: Running) -> int:
    return len(await responses(each, messages("count 1")))


@pytest.mark.usefixtures("few")
async def test_an_open_watch_of_health_is_a_call_and_its_connection_stays(tmp_path: Path, unused_tcp_port: int) -> None:
    async with running(tmp_path, unused_tcp_port) as each:
        watch = each.health.Watch(health_pb2.HealthCheckRequest(service="liveness"))
        await watch.read()
        async with idle(unused_tcp_port, 60):
            await until(lambda: each.server.connections.closed_count > 0)
            assert not watch.done()
        watch.cancel()


@pytest.mark.parametrize(
    ("soft", "hard", "raised"),
    [(1024, 4096, 4096), (64, 64, 64), (1024, resource.RLIM_INFINITY, 16_384), (200_000, 300_000, 200_000)],
)
def test_the_limit_of_open_files_is_raised_as_far_as_it_goes(
    soft: int, hard: int, raised: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits = [(soft, hard)]
    monkeypatch.setattr(resource, "getrlimit", lambda _: limits[-1])
    monkeypatch.setattr(resource, "setrlimit", lambda _, pair: limits.append(pair))
    assert open_files.raise_limit() == raised
    assert limits[-1] == (raised, hard)


def test_uploads_and_answers_leave_the_last_descriptors_to_workers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool, answers = Spool(tmp_path, 1 << 20, 1 << 20), AnswerSpool(tmp_path, 4 << 20)
    files = [spool.file() for _ in range(3)]
    # Of the numbers up to that of the last file all are used: they are given in order.
    last = files[-1]._file.fileno()
    monkeypatch.setattr(resource, "getrlimit", lambda _: (last + 12, last + 12))
    with pytest.raises(AntiphonError) as caught:
        spool.file()
    assert (caught.value.code, caught.value.reason) == ("RESOURCE_EXHAUSTED", "SPOOL_FULL")
    with pytest.raises(AntiphonError, match="as many files open"):
        answers.file()
    assert answers.used_bytes == 0
    monkeypatch.setattr(resource, "getrlimit", lambda _: (last + 1000, last + 1000))
    files.append(spool.file())
    for file in files:
        file.remove()
    assert list(spool.folder.iterdir()) == []
    spool.close()


def test_an_upload_on_disk_is_nobody_elses(tmp_path: Path) -> None:
    spool = Spool(tmp_path, 1 << 20, 1 << 20)
    assert spool.file().path.stat().st_mode & 0o777 == 0o600
    spool.close()
