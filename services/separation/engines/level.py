"""The level of a mix, counted while it comes in."""

from __future__ import annotations

import math

import numpy as np

from services.separation.engine import MixLevel


class LevelMeter:
    """Counts mean and deviation of the mean of the channels, in one pass and constant memory.

    Chan, Golub and LeVeque's update of (count, mean, sum of squares about it), which a large offset does not spoil.
    """

    def __init__(self) -> None:
        self._count = 0
        self._mean = 0.0
        self._squares = 0.0

    def add(self, samples: np.ndarray) -> None:
        """Takes the next samples, ``(channels, n)``, n >= 0."""
        if not samples.shape[1]:
            return
        mono = samples.mean(0, dtype=np.float64)
        mean = float(mono.mean())
        apart, total = mean - self._mean, self._count + mono.size
        self._squares += float(np.square(mono - mean).sum()) + apart * apart * self._count * mono.size / total
        self._mean += apart * mono.size / total
        self._count = total

    @property
    def level(self) -> MixLevel:
        """The level of all that came so far."""
        deviation = math.sqrt(self._squares / (self._count - 1)) if self._count > 1 else 0.0
        return MixLevel(self._mean, deviation)
