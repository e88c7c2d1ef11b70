"""How long a piece of work will still take, from how long what is done of it took."""

from __future__ import annotations

import time
from collections.abc import Callable


class Pace:
    """Measures the rate of one piece of work from its beginning on.

    >>> clock = iter([100.0, 130.0])
    >>> Pace(lambda: next(clock)).remaining(0.25)
    90.0

    Args:
        clock: Gives the time in seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._started = clock()

    def remaining(self, fraction: float | None) -> float | None:
        """Seconds left where ``fraction`` of the work is done, 0 to 1; None where none is done or that is unknown."""
        if fraction is None or fraction <= 0:
            return None
        return (self._clock() - self._started) * (1 - min(fraction, 1.0)) / fraction
