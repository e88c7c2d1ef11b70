"""The samples of a stream that are still looked at; what lies before is let go."""

from __future__ import annotations

import numpy as np


class HeldSamples:
    """A stream's samples from some place on, float32; positions are samples from the stream's start."""

    def __init__(self) -> None:
        self._samples = np.zeros(0, np.float32)
        self._start = 0

    def __len__(self) -> int:
        return len(self._samples)

    @property
    def end(self) -> int:
        """How many samples have been added so far."""
        return self._start + len(self._samples)

    def add(self, samples: np.ndarray) -> None:
        """Takes the next samples (n,)."""
        self._samples = np.concatenate([self._samples, samples])

    def between(self, start: int, end: int) -> np.ndarray:
        """Gives the samples (n,) of a stretch that has not been let go."""
        return self._samples[start - self._start : end - self._start]

    def drop(self, before: int) -> None:
        """Lets go of what lies before a place."""
        count = min(max(0, before - self._start), len(self._samples))
        self._samples, self._start = self._samples[count:], self._start + count
