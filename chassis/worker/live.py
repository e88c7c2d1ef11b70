"""The service's side of live jobs: a few workers that host many streams each, fed while they run."""

from __future__ import annotations

import asyncio
import itertools
import logging
import math
import time
from collections import deque
from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from chassis.errors import AntiphonError, busy, lost
from chassis.facts import PoolStatus
from chassis.worker.keeper import Keeper
from chassis.worker.messages import Cancel, DecodeLimits, Ended, Event, Feed, Init, RawFormat, RunLive, Taken
from chassis.worker.pool import Ticket
from chassis.worker.process import Process, WorkerDiedError

log = logging.getLogger(__name__)

FEED_BYTES = 64 << 10
"""Longest piece fed at once: what one piece can decode to stays small, and a worker is never busy long with one."""
_FIRST_GUESS_SECONDS = 5.0  # until a place is free, before any stream has ended
_LONGEST_GUESS_SECONDS = 60.0


@dataclass(frozen=True)
class LiveOptions:
    """How a service hosts live streams.

    Attributes:
        streams: Streams at once; one more is refused.
        processes: Workers, each with a copy of the model; the next is started when those that are up have their share.
        unread_bytes: Bytes that a stream may have sent and the model not yet taken; then no more is read from it.
        unsent_events: Events that a stream's caller may leave unread; then no more is read from it, and of the events
            that may be dropped only the newest is kept.
        cancel_grace_seconds: Time between a cancel and the kill. A kill ends the other streams of that worker too, so
            this is for a worker that hangs.
        environment: Variables of the processes, such as thread counts.
    """

    streams: int
    processes: int = 1
    unread_bytes: int = 256 << 10
    unsent_events: int = 64
    cancel_grace_seconds: float = 10.0
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class LiveJob:
    """What a live stream asks for; see :class:`chassis.worker.messages.RunLive`."""

    verb: str
    request: Any
    limits: DecodeLimits
    raw: RawFormat | None = None


class LiveStream:
    """One stream on its worker. Use as an async context; leaving it early cancels the job.

    One task feeds, another reads :meth:`events`.
    """

    def __init__(self, pool: LivePool, host: _Host, job: LiveJob, job_id: int) -> None:
        self._pool = pool
        self._host = host
        self._job = job
        self._job_id = job_id
        self._unread = 0
        self._outbox: deque[Any] = deque()
        self._changed = asyncio.Condition()
        self._error: BaseException | None = None
        self.finished = asyncio.Event()
        self.dropped = 0

    async def __aenter__(self) -> LiveStream:
        run = RunLive(self._job_id, self._job.verb, self._job.request, self._job.raw, self._job.limits)
        await self._send(run)
        return self

    async def __aexit__(self, *_: object) -> None:
        if not self.finished.is_set():
            self._pool.spawn(self._cancel())

    async def feed(self, data: bytes, last: bool = False) -> None:
        """Hands bytes to the job; waits while it has too many that it has not read, or its events are not read.

        Does nothing once the job has ended: :meth:`events` says how.
        """
        received = time.monotonic()
        options = self._pool.options
        for start in range(0, max(len(data), 1), FEED_BYTES):
            piece = data[start : start + FEED_BYTES]
            async with self._changed:
                await self._changed.wait_for(
                    lambda: (
                        self.finished.is_set()
                        or (self._unread < options.unread_bytes and len(self._outbox) < options.unsent_events)
                    )
                )
            if self.finished.is_set():
                return
            self._unread += len(piece)
            ends = last and start + FEED_BYTES >= len(data)
            await self._send(Feed(self._job_id, piece, received, ends))

    async def fail(self, error: BaseException) -> None:
        """Ends :meth:`events` with ``error`` once the events before it are read."""
        self._error = self._error or error
        await self._tell()

    async def events(self) -> AsyncGenerator[Any, None]:
        """Yields what the job yields, until it ends.

        Raises:
            AntiphonError: what the job raised; WORKER_LOST where its process died.
        """
        while True:
            async with self._changed:
                await self._changed.wait_for(lambda: self._outbox or self._error or self.finished.is_set())
                event = self._outbox.popleft() if self._outbox else None
                self._changed.notify_all()
            if event is not None:
                yield event
            elif self._error is not None:
                raise self._error
            else:
                return

    async def hear(self, message: Event | Taken | Ended) -> None:
        """Takes a message of the worker; never waits for the caller to read."""
        if isinstance(message, Taken):
            self._unread -= message.byte_count
        elif isinstance(message, Event):
            self._put(message.payload)
        else:
            if message.error is not None:
                self._error = self._error or message.error
            elif message.fault:
                self._error = self._error or RuntimeError(f"the worker failed:\n{message.fault}")
            self.finished.set()
        await self._tell()

    async def lose(self, died: WorkerDiedError) -> None:
        """The worker is gone."""
        if not self.finished.is_set():
            error = lost(
                f"the worker process ended ({died}) while it listened to this stream; a fresh one is being started",
                exit_code=died.exit_code,
                verb=self._job.verb,
            )
            self._error = self._error or error
            self.finished.set()
        await self._tell()

    async def _send(self, message: object) -> None:
        try:
            await self._host.send(message)
        except WorkerDiedError as died:
            await self.lose(died)

    def _put(self, payload: Any) -> None:
        if getattr(payload, "droppable", False):
            if self._outbox and getattr(self._outbox[-1], "droppable", False):
                self._outbox.pop()
                self.dropped += 1
            elif len(self._outbox) >= self._pool.options.unsent_events:
                self.dropped += 1
                return
        self._outbox.append(payload)

    async def _tell(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    async def _cancel(self) -> None:
        try:
            async with asyncio.timeout(self._pool.options.cancel_grace_seconds):
                await self._host.send(Cancel(self._job_id))
                await self.finished.wait()
        except TimeoutError:
            log.warning("live worker %d did not stop within the grace; killing it", self._host.process.pid)
            await self._host.process.kill()
        except WorkerDiedError:
            pass


class _Host:
    """One live worker and the streams on it."""

    def __init__(self, process: Process) -> None:
        self.process = process
        self.streams: dict[int, LiveStream] = {}
        self._sending = asyncio.Lock()

    async def send(self, message: object) -> None:
        async with self._sending:
            await self.process.send(message)

    async def listen(self) -> None:
        """Hands every message to its stream until the worker dies; raises WorkerDiedError then."""
        while True:
            message = await self.process.receive()
            stream = self.streams.get(getattr(message, "job_id", -1))
            if stream is not None and isinstance(message, Event | Taken | Ended):
                if isinstance(message, Ended):
                    del self.streams[message.job_id]
                await stream.hear(message)


class LivePool:
    """The live workers of one service, apart from those for files: a long file never delays a live stream.

    Args:
        init: What each worker becomes; ``live`` must be set.
        options: How they are kept.
        on_change: Called whenever readiness may have changed.
    """

    def __init__(self, init: Init, options: LiveOptions, on_change: Callable[[], None] = lambda: None) -> None:
        self.options = options
        self.on_change = on_change
        self._keeper = Keeper(init, options.environment, "live worker", self._attend, self._tell)
        self._hosts: list[_Host] = []
        self._cleanups: set[asyncio.Task[None]] = set()
        self._changed = asyncio.Condition()
        self._ids = itertools.count(1)
        self._admitted = 0
        self._mean_seconds: float | None = None

    @property
    def ready(self) -> bool:
        """Whether a worker is up."""
        return bool(self._hosts)

    @property
    def restarts(self) -> int:
        """Workers that died since the start."""
        return self._keeper.restarts

    @property
    def status(self) -> PoolStatus:
        """How the workers are just now."""
        return self._keeper.status(self._admitted, self.options.streams)

    @property
    def admitted(self) -> int:
        """Streams that hold a place."""
        return self._admitted

    @property
    def pids(self) -> list[int]:
        """Process ids of the live workers."""
        return [host.process.pid for host in self._hosts]

    def start(self) -> None:
        """Starts the first worker in the background; none where no streams are allowed."""
        if self.options.streams > 0:
            self._keeper.keep()

    async def stop(self) -> None:
        """Kills the workers; streams under way end with WORKER_LOST."""
        await self._keeper.stop()
        for task in self._cleanups:
            task.cancel()
        await asyncio.gather(*self._cleanups, return_exceptions=True)

    def admit(self) -> Ticket:
        """Takes a place. A live stream cannot wait for one: what is said meanwhile would be late for ever.

        Raises:
            AntiphonError: LIVE_NOT_SERVED where this server takes none; LIVE_STREAMS_FULL.
        """
        limit = self.options.streams
        if limit <= 0:
            raise AntiphonError("FAILED_PRECONDITION", "LIVE_NOT_SERVED", "this server is set to take no live streams")
        if self._admitted >= limit:
            mean = _FIRST_GUESS_SECONDS if self._mean_seconds is None else self._mean_seconds
            raise busy(
                "LIVE_STREAMS_FULL",
                f"{self._admitted} live streams are under way, which is what this server can carry; try again later",
                retry_after_seconds=min(max(1.0, mean / limit), _LONGEST_GUESS_SECONDS),
                admitted=self._admitted,
                limit=limit,
            )
        self._admitted += 1
        started = time.monotonic()

        def give_back() -> None:
            self._admitted -= 1
            seconds = time.monotonic() - started
            self._mean_seconds = seconds if self._mean_seconds is None else 0.8 * self._mean_seconds + 0.2 * seconds

        return Ticket(give_back)

    async def open(self, job: LiveJob) -> LiveStream:
        """Finds the worker with the fewest streams; waits only while none has come up yet.

        Raises:
            AntiphonError: WORKER_NOT_STARTING where none comes up.
        """
        async with self._changed:
            while not self._hosts:
                self._keeper.refuse_where_hopeless()
                await self._changed.wait()
        host = min(self._hosts, key=lambda one: len(one.streams))
        stream = LiveStream(self, host, job, next(self._ids))
        host.streams[stream._job_id] = stream
        # Ahead of need: a stream cannot wait for a worker to start, and one on a full worker stays there.
        each = math.ceil(self.options.streams / self.options.processes)
        if all(len(one.streams) >= each for one in self._hosts) and self._keeper.kept < self.options.processes:
            self._keeper.keep()
        return stream

    def spawn(self, coroutine: Any) -> None:
        """Runs a clean-up that its caller does not wait for."""
        task = asyncio.create_task(coroutine)
        self._cleanups.add(task)
        task.add_done_callback(self._cleanups.discard)

    async def _attend(self, process: Process) -> None:
        """Gives a process streams until it ends."""
        host = _Host(process)
        self._hosts.append(host)
        died = WorkerDiedError(None)
        try:
            await self._tell()
            await host.listen()
        except WorkerDiedError as error:
            died = error
        finally:
            self._hosts.remove(host)
            for stream in list(host.streams.values()):
                await stream.lose(died)
            host.streams.clear()

    async def _tell(self) -> None:
        self.on_change()
        async with self._changed:
            self._changed.notify_all()
