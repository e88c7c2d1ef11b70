"""Sends an answer at its reader's pace without its handler waiting: a little in memory, what is more on disk.

A handler that is not done holds a worker, a place and its upload. So its reader may hold it up for a short time
altogether, which is the back-pressure that readers of good will need; then what it makes goes to disk, and it ends as
soon as it can. The reader is served from there for as long as it reads at all.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections import deque
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Any

import grpc
from google.protobuf.message import Message
from grpc._cython import cygrpc  # type: ignore[attr-defined]  # the only place of the error it raises

from antiphon_wire.errors import AntiphonError
from chassis.answer_spool import AnswerFile, AnswerSpool
from chassis.upload_limits import LIVE_WINDOWS, UploadLimits, UploadWatch

Context = grpc.aio.ServicerContext[Any, Any]

WINDOW_BYTES = 256 << 10
"""Bytes of an answer that wait in memory; one message may be longer."""
_WINDOW_MESSAGES = 64


@dataclass(frozen=True)
class Reading:
    """How slowly answers may be read.

    Attributes:
        limits: Pauses, total time and least rate; only time in which a reader holds up its answer counts.
        wait_seconds: Time that a reader may hold up the handler altogether (s); then its answer is spooled.
        spool: Where to.
    """

    limits: UploadLimits
    wait_seconds: float
    spool: AnswerSpool

    @property
    def live_limits(self) -> UploadLimits:
        """The limits of a live stream, which may go on for as long as its reader keeps up with it."""
        longer = self.limits.window_seconds * LIVE_WINDOWS
        return replace(self.limits, total_seconds=math.inf, window_seconds=longer)


class _Answer:
    """What a handler has made and its reader has not taken yet, in order."""

    def __init__(self, spool: AnswerSpool, wait_seconds: float, at_once: Callable[[], None]) -> None:
        self._spool = spool
        self._wait_left = wait_seconds
        self._at_once = at_once
        self._memory: deque[tuple[Message, int]] = deque()
        self._memory_bytes = 0
        self._file: AnswerFile | None = None
        self._kind: type[Message] | None = None
        self._came, self._left = asyncio.Event(), asyncio.Event()
        self._ended = False
        self.error: BaseException | None = None

    @property
    def spooled_bytes(self) -> int:
        return 0 if self._file is None else self._file.byte_count

    async def put(self, message: Message) -> None:
        """Adds a message; waits for the reader while it may be waited for.

        Raises:
            AntiphonError: READER_TOO_SLOW where there is no room on disk; the reader is told at once.
        """
        size = message.ByteSize()
        if self._full(size) and not self._on_disk:
            await self._wait_for_room(size)
        if self._ended:
            raise asyncio.CancelledError
        if self._full(size) or self._on_disk:
            try:
                self._write(message)
            except AntiphonError as error:
                self.end(error)
                self._at_once()
                raise
        else:
            self._memory.append((message, size))
            self._memory_bytes += size
        self._came.set()

    async def take(self) -> Message | None:
        """Takes the oldest message out, and waits for one where there is none; None at the end.

        Raises:
            BaseException: what the handler ended with, once all that came before it is taken.
        """
        while not (self._memory or self._on_disk):
            if self.error is not None:
                raise self.error
            if self._ended:
                return None
            self._came.clear()
            await self._came.wait()
        if self._memory:
            message, size = self._memory.popleft()
            self._memory_bytes -= size
            self._left.set()
            return message
        assert self._file is not None
        assert self._kind is not None
        return self._kind.FromString(self._file.take())

    def end(self, error: BaseException | None = None) -> None:
        """Says that nothing follows; what was said first stands."""
        if not self._ended:
            self._ended, self.error = True, error
        self._came.set()

    def close(self) -> None:
        self.end()
        if self._file is not None:
            self._file.close()

    @property
    def _on_disk(self) -> bool:
        return self._file is not None and not self._file.empty

    def _full(self, size: int) -> bool:
        if not self._memory:
            return False
        return self._memory_bytes + size > WINDOW_BYTES or len(self._memory) >= _WINDOW_MESSAGES

    async def _wait_for_room(self, size: int) -> None:
        began = time.monotonic()
        try:
            async with asyncio.timeout(self._wait_left):
                while self._full(size):
                    self._left.clear()
                    await self._left.wait()
        except TimeoutError:
            pass
        finally:
            self._wait_left = max(0.0, self._wait_left - (time.monotonic() - began))

    def _write(self, message: Message) -> None:
        if self._file is None:
            self._file = self._spool.file()
        self._kind = type(message)
        self._file.put(message.SerializeToString())


async def relay(context: Context, responses: AsyncGenerator[Message, None], reading: Reading) -> int:
    """Runs a handler to its end and sends what it yields; returns how many bytes of that had to be spooled.

    Raises:
        AntiphonError: what the handler raises; READER_TOO_SLOW.
        CancelledError: the caller is gone.
    """
    loop, watch = asyncio.get_running_loop(), UploadWatch(reading.limits)
    broken = asyncio.timeout(None)
    answer = _Answer(reading.spool, reading.wait_seconds, lambda: broken.reschedule(loop.time()))
    making = asyncio.create_task(_make(responses, answer))
    try:
        async with broken:
            while (message := await answer.take()) is not None:
                await write(context, message, watch)
    except TimeoutError:
        if broken.expired() and answer.error is not None:
            raise answer.error from None
        raise
    finally:
        making.cancel()
        try:
            # Not left behind: the place and the upload are given back before this returns.
            await asyncio.wait([making])
        finally:
            answer.close()  # also where a second cancel comes meanwhile
    return answer.spooled_bytes


async def _make(responses: AsyncGenerator[Message, None], answer: _Answer) -> None:
    try:
        async with aclosing(responses):
            async for response in responses:
                await answer.put(response)
    except asyncio.CancelledError as error:
        answer.end(error)
        raise
    except BaseException as error:
        # Also what is no Exception: it is for the call's own task to tell.
        answer.end(error)
    else:
        answer.end()


async def write(context: Context, message: Message, watch: UploadWatch) -> None:
    """Sends a response, and waits for its reader as long as ``watch`` allows.

    Raises:
        AntiphonError: READER_TOO_SLOW.
        CancelledError: the caller is gone, which gRPC may tell by an error of its own.
    """
    patience, began = watch.patience(rated=True), time.monotonic()
    try:
        async with asyncio.timeout(patience):
            await context.write(message)
    except TimeoutError:
        raise _too_slow(watch.limits, patience) from None
    except (cygrpc.ExecuteBatchError, asyncio.InvalidStateError) as error:
        raise asyncio.CancelledError from error
    watch.brought(message.ByteSize())
    watch.waited(time.monotonic() - began, rated=True)


def _too_slow(limits: UploadLimits, waited: float) -> AntiphonError:
    if waited >= limits.idle_seconds:
        why = f"the caller took nothing for {limits.idle_seconds:g} s"
    else:
        why = (
            f"the caller took less than {limits.least_rate:g} bytes per second for {limits.window_seconds:g} s, or "
            f"held its answer up for {limits.total_seconds:g} s in all"
        )
    values = {"idle_seconds": limits.idle_seconds, "least_rate": limits.least_rate, "seconds": limits.total_seconds}
    return AntiphonError("DEADLINE_EXCEEDED", "READER_TOO_SLOW", f"{why}; read the answer while it comes", values)
