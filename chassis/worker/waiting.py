"""Who gets the next free worker: calls in the order they came, each told when its place changes."""

from __future__ import annotations

import asyncio
import time
from collections import deque

from chassis.worker.process import Process


class Waiter:
    """A call in the queue; ``changed`` is set whenever its place changes, ``process`` once it has a worker.

    It has waited since ``since``, on the monotonic clock.
    """

    def __init__(self) -> None:
        self.since = time.monotonic()
        self.changed = asyncio.Event()
        self.process: Process | None = None


class WaitingLine:
    """Free workers and waiting calls; of the two, one is always empty."""

    def __init__(self) -> None:
        self._idle: deque[Process] = deque()
        self._waiters: deque[Waiter] = deque()

    def join(self) -> Waiter:
        """Takes a free worker, or a place at the end."""
        waiter = Waiter()
        if self._idle:
            waiter.process = self._idle.popleft()
        else:
            self._waiters.append(waiter)
        return waiter

    def position(self, waiter: Waiter) -> int:
        """Calls that are ahead of one that waits."""
        return self._waiters.index(waiter)

    @property
    def oldest_wait_seconds(self) -> float:
        """How long the first in the line has waited; 0 where nobody waits."""
        return time.monotonic() - self._waiters[0].since if self._waiters else 0.0

    def leave(self, waiter: Waiter) -> None:
        """Gives a place up. A worker that was handed over just then goes to the next: it would be lost to everybody."""
        if waiter.process is not None:
            self.hand_over(waiter.process)
        elif waiter in self._waiters:
            self._waiters.remove(waiter)
            self.tell_all()

    def hand_over(self, process: Process) -> None:
        """Gives a free worker to whoever waits longest; one that has died to nobody."""
        if not process.alive:
            return
        if self._waiters:
            waiter = self._waiters.popleft()
            waiter.process = process
            waiter.changed.set()
            self.tell_all()
        else:
            self._idle.append(process)

    def tell_all(self) -> None:
        """Has every waiting call look again at what it waits for."""
        for waiter in self._waiters:
            waiter.changed.set()

    def forget(self, process: Process) -> None:
        """Takes a worker that has ended out of the free ones."""
        if process in self._idle:
            self._idle.remove(process)
