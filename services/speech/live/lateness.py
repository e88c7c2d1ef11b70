"""How late a session is: by when its audio came in, and by how long its last step took."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from services.speech.live.arrivals import Arrivals


class Lateness:
    """The lag of one stream, in seconds.

    Attributes:
        largest: The largest lag that was noted.
    """

    def __init__(self, clock: Callable[[], float], tolerated: float) -> None:
        self._clock = clock
        self._tolerated = tolerated
        self._arrivals = Arrivals()
        self._step_seconds = 0.0
        self.largest = 0.0

    def arrived(self, end: int, received: float) -> None:
        """Notes that all samples before ``end`` had come by ``received``, on the monotonic clock."""
        self._arrivals.add(end, received)

    def due(self, position: int) -> float:
        """Tells when the audio up to ``position`` was there to be heard; see :meth:`.arrivals.Arrivals.due`."""
        return self._arrivals.due(position)

    def lag(self, position: int) -> float:
        """Tells for how long the audio up to ``position`` has been there to be heard."""
        return max(0.0, self._clock() - self._arrivals.due(position))

    def behind(self, position: int) -> bool:
        """Tells whether the lag is more than what is tolerated, and than the last step took."""
        return self.lag(position) > max(self._tolerated, self._step_seconds)

    def note(self, position: int) -> None:
        """Notes the lag as one that the stream had."""
        self.largest = max(self.largest, self.lag(position))

    @contextmanager
    def step(self, position: int) -> Iterator[None]:
        """Notes the lag with which a step begins, and how long it takes."""
        started = self._clock()
        self.note(position)
        yield
        self._step_seconds = self._clock() - started
