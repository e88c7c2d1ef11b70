"""The service's side of one live stream, and of the worker that hosts it with others."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import AsyncGenerator, Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any

from antiphon_wire.errors import lost
from chassis.reports import LoadReport, ProgressReport
from chassis.traces import WorkerFaultError
from chassis.worker.messages import Cancel, Ended, Event, Feed, LiveJob, RunLive, Taken
from chassis.worker.process import Process, WorkerDiedError

log = logging.getLogger(__name__)

FEED_BYTES = 64 << 10
"""Longest piece fed at once: what one piece can decode to stays small, and a worker is never busy long with one."""


@dataclass(frozen=True)
class LiveOptions:
    """How a service hosts live streams.

    Attributes:
        streams: Streams at once; one more is refused.
        peer_streams: Of these, how many one address may have that is not this machine's own; 0 for all.
        processes: Workers, each with a copy of the model; the next is started when each that is up has a stream.
        unread_bytes: Bytes that a stream may have sent and the model not yet taken; then no more is read from it.
        unsent_events: Events that a stream's caller may leave unread; then no more is read from it, and of the events
            that may be dropped only the newest is kept.
        cancel_grace_seconds: Time between a cancel and the kill. A kill ends the other streams of that worker too, so
            this is for a worker that hangs.
        environment: Variables of the processes, such as thread counts.
        events: What their jobs yield; see :class:`chassis.worker.WorkerOptions`.
        allowed_by: Setting by which the operator allows streams, named where there are none.
    """

    streams: int
    processes: int = 1
    peer_streams: int = 0
    unread_bytes: int = 256 << 10
    unsent_events: int = 64
    cancel_grace_seconds: float = 10.0
    environment: Mapping[str, str] = field(default_factory=dict)
    events: Any = ProgressReport
    allowed_by: str = ""


class LiveStream:
    """One stream on its worker. Use as an async context; leaving it early cancels the job.

    One task feeds, another reads :meth:`events`.

    Args:
        host: Its worker.
        job: What it asks for.
        job_id: Its number on that worker.
        options: How the service hosts live streams.
        spawn: Runs a clean-up that nobody waits for.
    """

    def __init__(
        self,
        host: LiveHost,
        job: LiveJob,
        job_id: int,
        options: LiveOptions,
        spawn: Callable[[Coroutine[Any, Any, None]], None],
    ) -> None:
        self._host = host
        self._job = job
        self._job_id = job_id
        self._options = options
        self._spawn = spawn
        self._unread = 0
        self._outbox: deque[Any] = deque()
        self._changed = asyncio.Condition()
        self._error: BaseException | None = None
        self.finished = asyncio.Event()
        self.dropped = 0
        self.lag_seconds = 0.0
        """How late it was when it last said: the ``lag_seconds`` of its last event that has one."""

    async def __aenter__(self) -> LiveStream:
        await self._send(RunLive(self._job_id, self._job))
        return self

    async def __aexit__(self, *_: object) -> None:
        if not self.finished.is_set():
            self._spawn(self._cancel())

    async def feed(self, data: bytes, last: bool = False) -> None:
        """Hands bytes to the job; waits while it has too many that it has not read, or its events are not read.

        Does nothing once the job has ended: :meth:`events` says how.
        """
        received = time.monotonic()
        options = self._options
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
            self._unread = max(0, self._unread - message.byte_count)  # more than was fed makes no room for more
        elif isinstance(message, Event):
            self._put(message.payload)
        else:
            if message.error is not None:
                self._error = self._error or message.error
            elif message.fault:
                self._error = self._error or WorkerFaultError(message.fault)
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
        self.lag_seconds = getattr(payload, "lag_seconds", self.lag_seconds)
        # A caller who reads slowly wants the newest guess, not all that have been overtaken; what may not be dropped
        # is bounded by feeding no more audio while it waits (see feed).
        if getattr(payload, "droppable", False):
            if self._outbox and getattr(self._outbox[-1], "droppable", False):
                self._outbox.pop()
                self.dropped += 1
            elif len(self._outbox) >= self._options.unsent_events:
                self.dropped += 1
                return
        self._outbox.append(payload)

    async def _tell(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    async def _cancel(self) -> None:
        try:
            async with asyncio.timeout(self._options.cancel_grace_seconds):
                await self._host.send(Cancel(self._job_id))
                await self.finished.wait()
        except TimeoutError:
            log.warning("live worker %d did not stop within the grace; killing it", self._host.process.pid)
            # With other streams on it that are lost now, it is a crash to them.
            alone = all(stream is self for stream in self._host.streams.values())
            await (self._host.process.give_up() if alone else self._host.process.kill())
        except WorkerDiedError:
            pass


class LiveHost:
    """One live worker and the streams on it; ``on_loads`` takes what it says of models that it loaded."""

    def __init__(self, process: Process, on_loads: Callable[[tuple[LoadReport, ...]], None]) -> None:
        self.process = process
        self._on_loads = on_loads
        self.streams: dict[int, LiveStream] = {}
        self._sending = asyncio.Lock()

    async def send(self, message: object) -> None:
        """Sends a message, one at a time; raises WorkerDiedError where nobody is there to read it."""
        # A message longer than the socket's buffer is written in parts; another one must not get between them.
        async with self._sending:
            await self.process.send(message)

    async def listen(self) -> None:
        """Hands every message to its stream until the worker dies; raises WorkerDiedError then."""
        while True:
            message = await self.process.receive()
            # One reader serves all streams, so it never waits for one of their callers; and a stream that was
            # cancelled may be gone while its last events still come.
            stream = self.streams.get(getattr(message, "job_id", -1))
            if stream is not None and isinstance(message, Event | Taken | Ended):
                if isinstance(message, Ended):
                    self._on_loads(message.loads)
                    del self.streams[message.job_id]
                await stream.hear(message)
