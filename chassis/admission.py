"""Places that calls hold: counted, handed on in the order of asking, and measured."""

from __future__ import annotations

import asyncio
import itertools
import math
import time
from collections import deque
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import aclosing

_NEWEST_SHARE = 0.2
"""Weight of the newest length in the running mean: a change of the load shows after some five calls, not after one."""


class Ticket:
    """A place that a call holds until it gives it back."""

    def __init__(self, give_back: Callable[[], None]) -> None:
        self._give_back: Callable[[], None] | None = give_back

    def release(self) -> None:
        """Gives the place back; a second call does nothing."""
        if self._give_back is not None:
            self._give_back()
            self._give_back = None


class _Waiter:
    """One who waits; ``changed`` is set whenever that becomes less long, ``given`` once there is a place."""

    def __init__(self) -> None:
        self.changed = asyncio.Event()
        self.given = False
        self.since = time.monotonic()


class Admission:
    """Counts the places that are held, and how long one usually is.

    Args:
        limit: Places that there are.
        first_guess_seconds: How long one is held before any has been measured (s).
        longest_seconds: The longest that :meth:`until_free` says (s).
    """

    def __init__(self, limit: int, first_guess_seconds: float, longest_seconds: float = math.inf) -> None:
        self.limit = limit
        self.held = 0
        self._line: deque[_Waiter] = deque()
        self._first_guess_seconds = first_guess_seconds
        self._longest_seconds = longest_seconds
        self._mean_seconds: float | None = None
        self._numbers = itertools.count()
        self._since: dict[int, float] = {}

    @property
    def full(self) -> bool:
        """Whether no place is left."""
        return self.held >= self.limit

    @property
    def oldest_wait_seconds(self) -> float:
        """How long the first who waits for a place has waited (s); 0 where nobody does."""
        return time.monotonic() - self._line[0].since if self._line else 0.0

    @property
    def usual_seconds(self) -> float:
        """How long places were held lately (s); a guess while none has been given back."""
        return self._first_guess_seconds if self._mean_seconds is None else self._mean_seconds

    def take(self, released: Callable[[], None] = lambda: None) -> Ticket:
        """Takes a place, which the caller has seen to be free; ``released`` is called once it is given back."""
        self.held += 1
        return self._ticket(released)

    async def wait(self) -> Ticket:
        """Takes a place, and waits for one where none is free; who asked first gets the first."""
        async with aclosing(self.steps()) as steps:
            async for step in steps:
                if isinstance(step, Ticket):
                    return step
        raise AssertionError("the last step is the place")

    async def steps(self) -> AsyncGenerator[int | Ticket, None]:
        """Takes a place as :meth:`wait` does; yields how many wait ahead, whenever that changes, and the place last."""
        if not self.full:
            yield self.take()
            return
        waiter = _Waiter()
        self._line.append(waiter)
        try:
            while not waiter.given:
                yield self._line.index(waiter)
                await waiter.changed.wait()
                waiter.changed.clear()
        except BaseException:
            # It may have been given the place at the moment at which it left.
            if waiter.given:
                self._hand_on()
            else:
                self._line.remove(waiter)
                self._tell()
            raise
        yield self._ticket(lambda: None)

    def until_free(self, since: Iterable[float] | None = None) -> float:
        """When a place should be free again (s), judged by those that were given back.

        One that is held longer than usual is held as long again, as far as anybody knows.

        Args:
            since: When those that count were taken, on the monotonic clock; all that are held where None.
        """
        now, usual = time.monotonic(), self.usual_seconds
        ages = [now - began for began in (self._since.values() if since is None else since)]
        left = min((usual - age if age < usual else age for age in ages), default=usual)
        return min(left, self._longest_seconds)

    def learn(self, seconds: float) -> None:
        """Counts how long a place was held (s)."""
        old = seconds if self._mean_seconds is None else self._mean_seconds
        self._mean_seconds = (1.0 - _NEWEST_SHARE) * old + _NEWEST_SHARE * seconds

    def _ticket(self, released: Callable[[], None]) -> Ticket:
        number = next(self._numbers)
        self._since[number] = time.monotonic()

        def give_back() -> None:
            del self._since[number]
            self._hand_on()
            released()

        return Ticket(give_back)

    def _hand_on(self) -> None:
        """Gives a place to the first who waits; only where nobody does is it free."""
        if not self._line:
            self.held -= 1
            return
        first = self._line.popleft()
        first.given = True
        first.changed.set()
        self._tell()

    def _tell(self) -> None:
        for waiter in self._line:
            waiter.changed.set()
