"""The level of a mix: counted while it comes in, and how high it may be."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from antiphon_wire.errors import invalid
from services.separation.contract import MixLevel

MAX_PEAK = 1e6
"""Largest sample taken, full scale 1.0: magnitudes of its spectrum can still be squared in float32."""


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


def mix_level(blocks: Iterable[np.ndarray]) -> MixLevel:
    """Takes the level of a mix, ``(channels, samples)`` in any blocks, in one pass and constant memory."""
    meter = LevelMeter()
    for block in blocks:
        meter.add(block)
    return meter.level


def check_peak(samples: np.ndarray) -> None:
    """Refuses samples that nothing can be computed with.

    Raises:
        AntiphonError: INVALID_ARGUMENT, ``AUDIO_LEVEL``: one is beyond MAX_PEAK.
    """
    peak = float(np.abs(samples).max()) if samples.size else 0.0
    if not peak <= MAX_PEAK:
        message = f"a sample is {peak:.3g} times full scale; at most {MAX_PEAK:.0e} can be separated: is it float PCM?"
        raise invalid("AUDIO_LEVEL", message, peak=peak, limit=MAX_PEAK)
