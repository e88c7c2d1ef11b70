"""Speech put together without its pauses, and the way back from times in it to times in the recording."""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate

import numpy as np

from services.speech.contract import SAMPLE_RATE

Span = tuple[int, int]
"""A stretch of audio: first sample, and the one after its last."""


class Spans:
    """Stretches of a window that are listened to, in order and apart from each other; at least one.

    >>> spans = Spans(((0, 16_000), (48_000, 64_000)))  # the first second, and the fourth
    >>> spans.seconds, spans.place(1.25, 1.5)
    (2.0, (3.25, 3.5))
    """

    def __init__(self, spans: tuple[Span, ...]) -> None:
        self._spans = spans
        self._starts = [0, *accumulate(end - start for start, end in spans)]

    @property
    def seconds(self) -> float:
        """Length of all stretches together."""
        return self._starts[-1] / SAMPLE_RATE

    @property
    def end_seconds(self) -> float:
        """Where the last stretch ends in the window."""
        return self._spans[-1][1] / SAMPLE_RATE

    def joined(self, samples: np.ndarray) -> np.ndarray:
        """Puts the stretches of ``samples`` (n,) one after the other."""
        if len(self._spans) == 1:
            start, end = self._spans[0]
            return samples[start:end]
        return np.concatenate([samples[start:end] for start, end in self._spans])

    def inside(self, runs: tuple[Span, ...]) -> tuple[Span, ...]:
        """Says where runs, each in one of the stretches, lie in the joined audio; those outside are left out."""
        found = []
        for start, end in runs:
            index = bisect_right(self._spans, start, key=lambda span: span[0]) - 1
            if index >= 0 and start < self._spans[index][1]:
                shift = self._starts[index] - self._spans[index][0]
                found.append((start + shift, min(end, self._spans[index][1]) + shift))
        return tuple(found)

    def place(self, start: float, end: float) -> tuple[float, float]:
        """Seconds of a word in the joined audio to seconds in the window.

        Both stay in the stretch that holds the middle, so that a word never spans a pause it was not in.
        """
        index = self._index((start + end) / 2)
        return self._within(index, start), self._within(index, end)

    def place_line(self, start: float, end: float) -> tuple[float, float]:
        """Seconds of a line in the joined audio to seconds in the window; a line may go over pauses."""
        # An end on the border of two stretches belongs to the first of them.
        last = self._index(max(start, end - 1 / SAMPLE_RATE))
        return self._within(self._index(start), start), self._within(last, end)

    def _index(self, seconds: float) -> int:
        return min(bisect_right(self._starts, seconds * SAMPLE_RATE) - 1, len(self._spans) - 1)

    def _within(self, index: int, seconds: float) -> float:
        first, after = self._spans[index]
        return min(max(seconds * SAMPLE_RATE - self._starts[index] + first, first), after) / SAMPLE_RATE


def overlap(spans: tuple[Span, ...], start: float, end: float) -> bool:
    """Tells whether any span meets the stretch from ``start`` to ``end``, in seconds."""
    return any(first < end * SAMPLE_RATE and after > start * SAMPLE_RATE for first, after in spans)
