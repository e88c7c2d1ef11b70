"""Keeps a pool's worker processes alive: a fresh one after each death, backing off where they die at every start."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any

from antiphon_wire.errors import AntiphonError, not_ready
from chassis.reports import PoolStatus
from chassis.worker.messages import Init
from chassis.worker.process import Process, WorkerDiedError

log = logging.getLogger(__name__)

_RESTART_DELAYS = (0.0, 0.2, 1.0, 5.0, 15.0)
_HOPELESS_STARTS = 3  # in a row, after which waiting calls are refused
_WARM_STARTS = 2  # in a row that may fail before a process is started that loads nothing


class Keeper:
    """The processes of one pool, and what became of those before them.

    Args:
        init: What each process becomes.
        environment: Variables of the processes.
        events: What their jobs yield; see :class:`WorkerOptions`.
        name: What one of them is called where its end is told, such as ``worker``.
        attend: Has a process that is ready work; returns when it has ended.
        changed: Called when one is ready, has ended or could not be started.

    Attributes:
        restarts: Processes that ended, those that were given up not counted.
        fresh: Whether none has ended yet.
    """

    def __init__(
        self,
        init: Init,
        environment: Mapping[str, str],
        events: Any,
        name: str,
        attend: Callable[[Process], Awaitable[None]],
        changed: Callable[[], Awaitable[None]],
    ) -> None:
        self._init = init
        self._environment = environment
        self._events = events
        self._name = name
        self._attend = attend
        self._changed = changed
        self._tasks: list[asyncio.Task[None]] = []
        self._processes: set[Process] = set()
        self._failed_starts = 0
        self._last_restart: float | None = None
        self._last_problem = ""
        self._last_failure = ""
        self._cold = ""  # why processes load nothing at start any more
        self.restarts = 0
        self.fresh = True

    @property
    def kept(self) -> int:
        """Processes that are kept, ready or not."""
        return len(self._tasks)

    @property
    def pids(self) -> list[int]:
        """Process ids of those that live."""
        return [process.pid for process in self._processes if process.alive]

    @property
    def ready(self) -> bool:
        """Whether one is up with what it loads at start."""
        return any(process.alive and process.ready for process in self._processes)

    def status(self, admitted: int, limit: int, oldest_wait_seconds: float = 0.0) -> PoolStatus:
        """How they are just now, with the calls that hold a place, how many may, and how long one has waited."""
        ready = [process.ready for process in self._processes if process.alive and process.ready]
        return PoolStatus(
            kept=self.kept,
            ready=len(ready),
            restarts=self.restarts,
            last_restart=self._last_restart,
            last_problem=self._last_problem,
            admitted=admitted,
            admitted_limit=limit,
            loaded=(self._cold or ready[0].note) if ready else "",
            sandbox=ready[0].sandbox if ready else "",
            oldest_wait_seconds=oldest_wait_seconds,
        )

    @property
    def problem(self) -> AntiphonError | None:
        """Why one of those that are ready could not load what it loads at start; None where all could."""
        if self._cold:
            return not_ready("MODEL_UNREADABLE", self._cold)
        ready = [process.ready for process in self._processes if process.alive and process.ready]
        return next((each.problem for each in ready if each.problem is not None), None)

    def keep(self) -> None:
        """Keeps one more, starting it in the background."""
        self._tasks.append(asyncio.create_task(self._keep()))

    async def stop(self) -> None:
        """Kills all of them."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.gather(*(process.kill() for process in list(self._processes)), return_exceptions=True)

    def refuse_where_hopeless(self) -> None:
        """Processes that die at every start will not come; waiting for them would hang the caller.

        Raises:
            AntiphonError: WORKER_NOT_STARTING.
        """
        if self._failed_starts >= _HOPELESS_STARTS and not self.ready:
            raise AntiphonError(
                "UNAVAILABLE",
                "WORKER_NOT_STARTING",
                f"no {self._name} could be started in {self._failed_starts} tries; the service's log has the reason",
                {"tries": self._failed_starts},
                retry_after_seconds=_RESTART_DELAYS[-1],
            )

    def _warm(self) -> bool:
        """Whether the next process is to load something at start; what ends each that does must not end the service."""
        if self._init.warm and self._failed_starts >= _WARM_STARTS and not self._cold:
            self._cold = (
                f"nothing is loaded at start: that ended {self._failed_starts} processes ({self._last_failure})"
            )
            log.error("%s", self._cold)
        return self._init.warm and not self._cold

    async def _keep(self) -> None:
        while True:
            await asyncio.sleep(_RESTART_DELAYS[min(self._failed_starts, len(_RESTART_DELAYS) - 1)])
            process: Process | None = None
            try:
                become = replace(self._init, warm=self._warm())
                process = await Process.start(become, self._environment, self._events)
                self._processes.add(process)
                ready = await process.wait_ready()
                self._failed_starts = 0
                log.info("%s %d is ready %s (sandbox: %s)", self._name, process.pid, ready.note, ready.sandbox)
                await self._changed()
                await self._attend(process)
                # One that only closed its socket, or sent what no worker of ours sends, is as good as dead.
                await process.kill()
                problem = f"the {self._name} ended with exit code {await process.ended()}; a fresh one is being started"
            except (WorkerDiedError, OSError) as error:
                self._failed_starts += 1
                self._last_failure = str(error)
                problem = f"the {self._name} ended before it was ready ({error}); see the log"
            finally:
                # Reached by a cancel too, while the service stops: no process of ours may outlive this task, so the
                # kill is shielded from a second cancel.
                if process is not None:
                    self._processes.discard(process)
                    with contextlib.suppress(ProcessLookupError):
                        await asyncio.shield(process.kill())
            self.fresh = False
            if process is None or not process.given_up:
                self.restarts += 1
                self._last_restart, self._last_problem = time.time(), problem
                log.warning("%s", problem)
            await self._changed()
