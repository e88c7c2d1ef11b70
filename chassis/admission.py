"""Places that calls hold: counted, handed on in the order of asking, and measured."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

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


class Admission:
    """Counts the places that are held, and how long one usually is.

    Args:
        limit: Places that there are.
        first_guess_seconds: Length of a call for RetryInfo before any has been measured (s).
    """

    def __init__(self, limit: int, first_guess_seconds: float) -> None:
        self.limit = limit
        self.held = 0
        self._line: deque[asyncio.Future[None]] = deque()
        self._first_guess_seconds = first_guess_seconds
        self._mean_seconds: float | None = None

    @property
    def full(self) -> bool:
        """Whether no place is left."""
        return self.held >= self.limit

    @property
    def usual_seconds(self) -> float:
        """How long calls took lately (s); a guess while none has ended."""
        return self._first_guess_seconds if self._mean_seconds is None else self._mean_seconds

    def take(self, released: Callable[[], None] = lambda: None) -> Ticket:
        """Takes a place, which the caller has seen to be free; ``released`` is called once it is given back."""
        self.held += 1

        def give_back() -> None:
            self._hand_on()
            released()

        return Ticket(give_back)

    async def wait(self) -> Ticket:
        """Takes a place, and waits for one where none is free; who asked first gets the first."""
        if not self.full:
            return self.take()
        waiter = asyncio.get_running_loop().create_future()
        self._line.append(waiter)
        try:
            await waiter
        except asyncio.CancelledError:
            # It may have been given the place at the moment at which it left.
            if not waiter.cancelled():
                self._hand_on()
            raise
        return Ticket(self._hand_on)

    def _hand_on(self) -> None:
        """Gives a place to the first who waits; only where nobody does is it free."""
        while self._line:
            waiter = self._line.popleft()
            if not waiter.done():
                waiter.set_result(None)
                return
        self.held -= 1

    def learn(self, seconds: float) -> None:
        """Counts the length of a call that has ended (s)."""
        old = seconds if self._mean_seconds is None else self._mean_seconds
        self._mean_seconds = (1.0 - _NEWEST_SHARE) * old + _NEWEST_SHARE * seconds
