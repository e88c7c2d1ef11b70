"""Speech put together without its pauses, and the way back from times in it to times in the recording."""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate

import numpy as np

from services.speech.engine import SAMPLE_RATE

Span = tuple[int, int]
"""A stretch of audio: first sample, and the one after its last."""


class Spans:
    """Stretches of a window that are listened to, in order and apart from each other; at least one."""

    def __init__(self, spans: tuple[Span, ...]) -> None:
        self._spans = spans
        self._starts = [0, *accumulate(end - start for start, end in spans)]

    @property
    def sample_count(self) -> int:
        """Samples in all stretches together."""
        return self._starts[-1]

    @property
    def end_seconds(self) -> float:
        """Where the last stretch ends in the window."""
        return self._spans[-1][1] / SAMPLE_RATE

    def joined(self, samples: np.ndarray) -> np.ndarray:
        """The stretches of ``samples`` (n,), one after the other."""
        if len(self._spans) == 1:
            start, end = self._spans[0]
            return samples[start:end]
        return np.concatenate([samples[start:end] for start, end in self._spans])

    def place(self, start: float, end: float) -> tuple[float, float]:
        """Seconds in the joined audio to seconds in the window.

        Start and end stay in the stretch that holds their middle, so that a word never spans a pause it was not in.
        """
        middle = (start + end) / 2 * SAMPLE_RATE
        index = min(bisect_right(self._starts, middle) - 1, len(self._spans) - 1)
        first, after = self._spans[index]
        shift = first - self._starts[index]
        return tuple(  # type: ignore[return-value]
            min(max(seconds * SAMPLE_RATE + shift, first), after) / SAMPLE_RATE for seconds in (start, end)
        )


def overlap(spans: tuple[Span, ...], start: float, end: float) -> bool:
    """Tells whether any span meets the stretch from ``start`` to ``end``, in seconds."""
    return any(first < end * SAMPLE_RATE and after > start * SAMPLE_RATE for first, after in spans)
