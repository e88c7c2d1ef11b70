"""When each sample of a stream came in, and when it would have at the pace of speech."""

from __future__ import annotations

from collections import deque

from services.speech.contract import SAMPLE_RATE

LIVE_CHUNK_SECONDS = 0.25
"""Longest first chunk that is taken for one that was spoken until it came; of a longer one only its last part is."""


class Arrivals:
    """The times, on the monotonic clock, of one stream's samples."""

    def __init__(self) -> None:
        self._ends: deque[tuple[int, float]] = deque()
        self._origin: float | None = None

    def add(self, end: int, received: float) -> None:
        """Notes that all samples before ``end`` had come by ``received``."""
        if self._origin is None:
            self._origin = received - min(end / SAMPLE_RATE, LIVE_CHUNK_SECONDS)
        self._ends.append((end, received))

    def due(self, position: int) -> float:
        """Tells when the audio up to ``position`` was there to be heard; positions never fall from call to call.

        A recording that is sent faster than it was spoken is due at the pace of speech: it is never late, and others
        go first.
        """
        while len(self._ends) > 1 and self._ends[0][0] < position:
            self._ends.popleft()
        if self._origin is None:
            return 0.0
        return max(self._ends[0][1], self._origin + position / SAMPLE_RATE)
