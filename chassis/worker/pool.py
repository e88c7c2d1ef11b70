"""The workers of a service: a bounded queue in front, a fresh process after a crash, a kill for what will not stop."""

from __future__ import annotations

import asyncio
import itertools
import logging
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from antiphon_wire.errors import AntiphonError, busy, lost
from chassis.admission import Admission, Ticket
from chassis.reports import LoadReport, PoolStatus
from chassis.worker.messages import Cancel, Ended, Init, Job, Run
from chassis.worker.options import WorkerOptions
from chassis.worker.process import Process, WorkerDiedError
from chassis.worker.respawn import Keeper
from chassis.worker.waiting import WaitingLine

log = logging.getLogger(__name__)

_FIRST_GUESS_SECONDS = 1.0  # of a job's length, for RetryInfo, before any job has been measured


@dataclass(frozen=True)
class Queued:
    """A job waits; ``position`` jobs are ahead of it."""

    position: int


@dataclass(frozen=True)
class Started:
    """A job has begun after waiting ``queue_seconds``."""

    queue_seconds: float


class Pool:
    """The worker processes of one service.

    Args:
        init: What each worker becomes.
        options: How they are kept.
        on_change: Called whenever readiness may have changed.

    Attributes:
        on_loads: Takes what workers say of models that they loaded.
    """

    def __init__(self, init: Init, options: WorkerOptions, on_change: Callable[[], None] = lambda: None) -> None:
        self._options = options
        self.on_change = on_change
        self.on_loads: Callable[[tuple[LoadReport, ...]], None] = lambda loads: None
        self._keeper = Keeper(init, options.environment, options.events, "worker", self._attend, self._changed)
        self._line = WaitingLine()
        self._cleanups: set[asyncio.Task[None]] = set()
        self._ids = itertools.count(1)
        self._admission = Admission(options.count + options.max_pending, _FIRST_GUESS_SECONDS)
        self._running: dict[int, float] = {}  # job by job, since when on the monotonic clock

    @property
    def ready(self) -> bool:
        """Whether at least one worker is up with what it loads at start."""
        return self._keeper.ready

    @property
    def restarts(self) -> int:
        """Workers that died, or were replaced, since the start; without those killed for a call that was given up."""
        return self._keeper.restarts

    @property
    def fresh(self) -> bool:
        """Whether no worker has taken another's place yet."""
        return self._keeper.fresh

    @property
    def status(self) -> PoolStatus:
        """How the workers are just now."""
        # Those in the line have a place already, and those who wait for one stand behind them.
        waits = (self._line.oldest_wait_seconds, self._admission.oldest_wait_seconds)
        return self._keeper.status(self._admission.held, self._admission.limit, max(waits))

    @property
    def admitted(self) -> int:
        """Calls that hold a place, running or waiting."""
        return self._admission.held

    @property
    def pids(self) -> list[int]:
        """Process ids of the live workers."""
        return self._keeper.pids

    @property
    def problem(self) -> AntiphonError | None:
        """Why the workers could not load what they load at start; None where they could."""
        return self._keeper.problem

    def start(self) -> None:
        """Starts the workers in the background."""
        for _ in range(self._options.count):
            self._keeper.keep()

    async def stop(self) -> None:
        """Kills the workers; jobs under way end with WORKER_LOST."""
        await self._keeper.stop()
        await asyncio.gather(*self._cleanups, return_exceptions=True)

    def admit(self) -> Ticket:
        """Takes a place.

        Raises:
            AntiphonError: QUEUE_FULL, with the delay after which a place should be free.
        """
        self.refuse_where_full()
        return self._admission.take()

    async def places(self) -> AsyncGenerator[Queued | Ticket, None]:
        """Takes a place for a call whose upload is in; yields :class:`Queued` while it waits, and the place last."""
        async with aclosing(self._admission.steps()) as steps:
            async for step in steps:
                yield step if isinstance(step, Ticket) else Queued(step + self._options.max_pending)

    def refuse_where_full(self) -> None:
        """Tells a caller before the upload that there is no place.

        Raises:
            AntiphonError: QUEUE_FULL, with the delay after which a place should be free.
        """
        if (places := self._admission).full:
            raise busy(
                "QUEUE_FULL",
                f"{places.held} calls are running or waiting, which is the limit of this server; try again later",
                retry_after_seconds=max(0.1, places.until_free(self._running.values())),
                admitted=places.held,
                limit=places.limit,
            )

    async def run(self, job: Job) -> AsyncGenerator[Any, None]:
        """Runs a job: yields :class:`Queued` while it waits, :class:`Started` once, then what it yields.

        Leaving the iterator early cancels the job: the worker is asked, and killed after the grace.

        Raises:
            AntiphonError: what the job raised; WORKER_LOST where its process died; WORKER_NOT_STARTING where none
                comes up.
        """
        asked = time.monotonic()
        waiter = self._line.join()
        try:
            while waiter.process is None:
                self._keeper.refuse_where_hopeless()
                yield Queued(self._line.position(waiter))
                await waiter.changed.wait()
                waiter.changed.clear()
        except BaseException:
            self._line.leave(waiter)
            raise
        async with aclosing(self._work(waiter.process, job, asked)) as events:
            async for event in events:
                yield event

    async def _work(self, process: Process, job: Job, asked: float) -> AsyncGenerator[Any, None]:
        """Has a process do a job. However this is left, the process is free again, being cancelled, or dead."""
        job_id = next(self._ids)
        started = self._running[job_id] = time.monotonic()
        ended = False
        try:
            yield Started(started - asked)
            await process.assign(Run(job_id, job))
            while not isinstance(message := await process.about(job_id), Ended):
                yield message.payload
            self.on_loads(message.loads)
            self._after(process, message, time.monotonic() - started)
            ended = True
            message.raise_what_went_wrong()
        except WorkerDiedError as died:
            ended = True
            raise lost(
                f"the worker process ended ({died}) while it worked on this call; a fresh one is being started",
                exit_code=died.exit_code,
                verb=job.verb,
            ) from died
        finally:
            del self._running[job_id]
            # The caller has left: nobody is there to wait for the worker, which still has to be stopped.
            if not ended:
                self._spawn_cleanup(self._cancel(process, job_id))

    def _after(self, process: Process, ended: Ended, seconds: float | None) -> None:
        if seconds is not None and not ended.cancelled and ended.error is None and not ended.fault:
            self._admission.learn(seconds)
        # What a library never gives back (caches, fragmented heaps) goes with its process, between two calls.
        growth = self._options.recycle_growth_bytes
        assert process.ready is not None
        if growth is not None and ended.rss_bytes - process.ready.rss_bytes > growth:
            log.info("worker %d grew by more than %d bytes; replacing it", process.pid, growth)
            self._spawn_cleanup(process.kill())
        else:
            self._line.hand_over(process)

    def _spawn_cleanup(self, coroutine: Any) -> None:
        task = asyncio.create_task(coroutine)
        self._cleanups.add(task)
        task.add_done_callback(self._cleanups.discard)

    async def _cancel(self, process: Process, job_id: int) -> None:
        try:
            async with asyncio.timeout(self._options.cancel_grace_seconds):
                await process.send(Cancel(job_id))
                # What the job yielded before it heard of the cancel is still in the pipe, and nobody wants it.
                while not isinstance(message := await process.about(job_id), Ended):
                    pass
            self._after(process, message, None)
        except TimeoutError:
            log.warning("worker %d did not stop within the grace; killing it", process.pid)
            await process.give_up()
        except WorkerDiedError:
            pass

    async def _attend(self, process: Process) -> None:
        """Lends a process to the calls until it ends."""
        assert process.ready is not None
        self.on_loads(process.ready.loads)
        self._line.hand_over(process)
        try:
            await process.ended()
        finally:
            self._line.forget(process)

    async def _changed(self) -> None:
        if not self.ready:
            # Whether it is hopeless is for each of them to see.
            self._line.tell_all()
        self.on_change()
