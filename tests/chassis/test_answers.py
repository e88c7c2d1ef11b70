"""Answers and their readers: one who reads slowly holds no worker, and little else."""

from __future__ import annotations

import asyncio
import os
import stat
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import grpc
import pytest

from antiphon.speech.v1 import speech_service_pb2 as pb
from antiphon_wire import status
from antiphon_wire.calls import keep_status
from antiphon_wire.errors import AntiphonError, invalid
from chassis.answer_spool import LEAST_BYTES, AnswerSpool
from chassis.server.answers import WINDOW_BYTES, Reading, relay
from chassis.upload_limits import UploadLimits
from tests.chassis.test_server import Running, error, messages, responses, running

SLOW = ("DEADLINE_EXCEEDED", "READER_TOO_SLOW")
QUICK = {"reader_wait_seconds": 0.2}
ONE = {"max_pending": 0}
FLOOD = 40
"""MiB of an answer: several times what gRPC keeps on its way over loopback."""


async def until(true: Any) -> None:
    async with asyncio.timeout(30):
        while not true():
            await asyncio.sleep(0.01)


async def begun(each: Running, verb: str = f"flood {FLOOD}") -> Any:
    """A call of which no more is read than that a worker has it."""
    call = keep_status(each.stub.Transcribe(iter(messages(verb)), timeout=60))
    while not (await call.read()).HasField("segment"):
        pass
    return call


async def end_of(call: Any) -> AntiphonError:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        while await call.read() is not grpc.aio.EOF:
            pass
    return status.from_status(status.from_rpc_error(caught.value))


async def test_a_slow_reader_holds_neither_worker_nor_place_and_gets_all_in_the_end(
    tmp_path: Path, unused_tcp_port: int
) -> None:
    async with running(tmp_path, unused_tcp_port, ONE, **QUICK) as each:
        call, spool = await begun(each), each.server.reading.spool
        await until(lambda: each.host.pool.admitted == 0)
        assert 10 << 20 < spool.used_bytes < FLOOD << 20
        for _ in range(3):
            assert len(await responses(each, messages("count 1"))) >= 1
        sizes = []
        while (response := await call.read()) is not grpc.aio.EOF:
            sizes.append(len(response.segment.text))
        assert sizes == [1 << 20] * (FLOOD - 1)
        await until(lambda: spool.used_bytes == 0)


async def test_where_answers_have_no_more_room_the_slow_reader_is_let_go(tmp_path: Path, unused_tcp_port: int) -> None:
    async with running(tmp_path, unused_tcp_port, ONE, answer_spool_bytes=4 << 20, **QUICK) as each:
        call = await begun(each)
        await until(lambda: each.host.pool.admitted == 0)
        # It is told at once, and not once it has read what came before.
        await until(lambda: each.server.in_flight.count == 0)
        assert each.server.reading.spool.used_bytes == 0
        ended = await end_of(call)
        assert (ended.code, ended.reason) == SLOW
        assert len(await responses(each, messages("count 1"))) >= 1


async def test_a_spooled_answer_waits_only_so_long_for_its_reader(tmp_path: Path, unused_tcp_port: int) -> None:
    async with running(tmp_path, unused_tcp_port, ONE, reader_seconds=1.0, **QUICK) as each:
        call = await begun(each)
        ended: list[AntiphonError] = []

        async def sip() -> None:
            """Takes a message now and then, so that no pause is too long."""
            try:
                while await call.read() is not grpc.aio.EOF:
                    await asyncio.sleep(0.3)
            except grpc.aio.AioRpcError as failed:
                ended.append(status.from_status(status.from_rpc_error(failed)))

        sipping = asyncio.create_task(sip())
        await until(lambda: each.server.in_flight.count == 0)
        assert each.server.reading.spool.used_bytes == 0
        await asyncio.wait_for(sipping, 30)
        assert [(each.code, each.reason) for each in ended] == [SLOW]


async def test_a_reader_who_leaves_takes_the_spooled_answer_along(tmp_path: Path, unused_tcp_port: int) -> None:
    async with running(tmp_path, unused_tcp_port, ONE, **QUICK) as each:
        call = await begun(each)
        await until(lambda: each.host.pool.admitted == 0)
        call.cancel()
        await until(lambda: each.server.in_flight.count == 0)
        await until(lambda: each.server.reading.spool.used_bytes == 0)


async def test_many_slow_readers_of_one_worker_keep_no_honest_caller_waiting(
    tmp_path: Path, unused_tcp_port: int
) -> None:
    async with running(tmp_path, unused_tcp_port, **QUICK) as each:
        calls = [await begun(each, "flood 20") for _ in range(9)]
        assert len(await responses(each, messages("count 1"))) >= 1
        for call in calls:
            call.cancel()


async def test_errors_of_the_front_come_as_they_are(tmp_path: Path, unused_tcp_port: int) -> None:
    async with running(tmp_path, unused_tcp_port) as each:
        assert (await error(each, messages("refuse"))).reason == "REFUSED"
        assert (await error(each, messages("fail"))).reason == "INTERNAL"


# Without a server: readers that do what the test says.


class Reader:
    """Takes a message whenever the test lets it."""

    def __init__(self, free: int = 0) -> None:
        self.taken: list[str] = []
        self.free = asyncio.Semaphore(free)

    async def write(self, message: pb.TranscribeResponse) -> None:
        await self.free.acquire()
        self.taken.append(message.segment.text[-3:])


def reading(tmp_path: Path, budget: int = 64 << 20, wait: float = 0.0) -> Reading:
    return Reading(UploadLimits(idle_seconds=20.0), wait, AnswerSpool(tmp_path, budget))


def segment(number: int, size: int = 100 << 10) -> pb.TranscribeResponse:
    return pb.TranscribeResponse(segment=pb.Segment(text=f"{number:03}".rjust(size)))


async def numbered(count: int, made: list[int], last: Exception | None = None) -> AsyncGenerator[Any, None]:
    for number in range(count):
        made.append(number)
        yield segment(number)
    if last is not None:
        raise last


async def test_order_holds_through_memory_and_disk_and_an_error_comes_last(tmp_path: Path) -> None:
    reader, made, how = Reader(), list[int](), reading(tmp_path)
    answer = numbered(50, made, invalid("LAST", "after all"))
    sending = asyncio.create_task(relay(reader, answer, how))  # type: ignore[arg-type]
    await until(lambda: len(made) == 50)
    assert how.spool.used_bytes > 40 * (100 << 10)
    for _ in range(50):
        reader.free.release()
    with pytest.raises(AntiphonError, match="after all"):
        await asyncio.wait_for(sending, 20)
    assert reader.taken == [f"{number:03}" for number in range(50)]
    assert how.spool.used_bytes == 0


async def test_a_reader_who_is_nearly_quick_enough_is_waited_for_and_nothing_is_spooled(tmp_path: Path) -> None:
    reader, made, how = Reader(), list[int](), reading(tmp_path, wait=20.0)
    sending = asyncio.create_task(relay(reader, numbered(30, made), how))  # type: ignore[arg-type]
    while not sending.done():
        reader.free.release()
        await asyncio.sleep(0.001)
        # One is being written, one waits to be taken in, and between them is the window.
        assert len(made) - len(reader.taken) <= 2 + WINDOW_BYTES // (100 << 10) + 1
    assert await sending == 0
    assert len(reader.taken) == 30


async def test_a_reader_who_caught_up_is_served_from_memory_again_and_the_room_is_free(tmp_path: Path) -> None:
    reader, made, how = Reader(), list[int](), reading(tmp_path)
    more = asyncio.Event()

    async def twice() -> AsyncGenerator[Any, None]:
        async for each in numbered(20, made):
            yield each
        await more.wait()
        yield segment(20)

    sending = asyncio.create_task(relay(reader, twice(), how))  # type: ignore[arg-type]
    await until(lambda: len(made) == 20)
    for _ in range(20):
        reader.free.release()
    await until(lambda: len(reader.taken) == 20)
    assert how.spool.used_bytes == LEAST_BYTES
    more.set()
    reader.free.release()
    assert await asyncio.wait_for(sending, 20) > 0
    assert reader.taken[-1] == "020"


async def test_a_handler_that_leaves_by_a_cancel_of_its_own_ends_the_call(tmp_path: Path) -> None:
    async def cancelled() -> AsyncGenerator[Any, None]:
        yield segment(0)
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(relay(Reader(1), cancelled(), reading(tmp_path)), 20)  # type: ignore[arg-type]


def test_an_answer_on_disk_has_no_name_and_is_nobody_elses(tmp_path: Path) -> None:
    file = AnswerSpool(tmp_path / "made", 2 << 20).file()
    found = os.fstat(file._descriptor)
    assert (stat.S_IMODE(found.st_mode), found.st_nlink, list((tmp_path / "made").iterdir())) == (0o600, 0, [])
    file.put(b"one")
    file.put(b"")
    assert (file.take(), file.take(), file.empty) == (b"one", b"", True)
    file.close()
    file.close()


def test_each_answer_on_disk_counts_a_mebibyte_at_least(tmp_path: Path) -> None:
    spool = AnswerSpool(tmp_path, 2 << 20)
    files = [spool.file(), spool.file()]
    with pytest.raises(AntiphonError) as caught:
        spool.file()
    assert (caught.value.code, caught.value.reason) == SLOW
    files[0].put(bytes(1000))
    with pytest.raises(AntiphonError):
        files[0].put(bytes(1 << 20))
    for file in files:
        file.close()
    assert spool.used_bytes == 0
