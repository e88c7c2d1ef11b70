"""Loudness of a recording, 93 ms at a time, after ISO 532 B (Zwicker), and the two models that rest on it alone."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from services.essentia.engines.features.clip import Samples
from services.essentia.engines.features.timbral.specific_loudness import STEPS, specific_loudness
from services.essentia.engines.features.timbral.third_octaves import WINDOW, band_levels

Numbers = NDArray[np.float64]

# Sharpness after Fastl, acum: the centroid of the loudness on the Bark scale, weighed more from 14 Bark up, by a
# polynomial that Churchill (2004) fitted to the curve in Zwicker and Fastl's book, as timbral_models has it (highest
# power first). The factor gives a band of noise at 1 kHz, 60 dB, one acum.
ACUM, STEEP_FROM_STEP = 0.11, 140
STEEP = (0.00012, -0.0056, 0.1, -0.81, 3.5)
# Booming index of Hatano and Hashimoto (2000): loudness below 280 Hz over all, times a sum of levels that weigh less by
# a factor of e^-0.151 from one third octave to the next, 2.13 at the band below 25 Hz. Their lowest weights roll off;
# the author of timbral_models calls the first an estimate.
BOOMING_BELOW_HZ = 280
BOOMING_WEIGHT, BOOMING_DECAY = 2.13, -0.151
BOOMING_LOWEST = (0.8, 1.05, 1.10, 1.18)
# Middles of the two lowest third octaves, Hz, between which the weights' scale is one.
FIRST_HZ, SECOND_HZ = 25, 31.5
# Tenths of a Bark, up to 770 Hz or so: the loudness of what is low.
LOW = (0, 70)
# Regressions on the ratings of listeners, 0 to 100 (timbral_sharpness and timbral_booming of timbral_models 0.4.0):
# points for a factor of ten, and at 1; of booming, points for a factor of ten in the loudness of what is low, too.
SHARPNESS_LINE = (102.50508921364404, 34.432655185001735)
BOOMING_LINE = (43.67402696195865, 26.836530575185435)
BOOMING_LOW = -10.90054738389845
# A normal curve's inverse width, squared: so wide that between the ends of a hump it is nearly a parabola. The models
# meant the width itself, 0.01, and multiply where one divides.
HUMP = 1e-4


class Loudness:
    """Specific loudness of a recording, window by window.

    Attributes:
        specific: (windows, 240), sone a Bark, from 0.1 to 24 Bark.
        rms: (windows,).
    """

    def __init__(self, samples: Samples) -> None:
        # One window more where the last one is full: the models were fitted so.
        short = WINDOW - samples.size % WINDOW
        windows = np.pad(samples, (0, short)).reshape(-1, WINDOW)
        self.rms = np.sqrt(np.einsum("ij,ij->i", windows, windows, dtype=np.float64) / WINDOW)
        self.specific = specific_loudness(band_levels(windows))

    def level(self, first: int, end: int) -> tuple[float, float]:
        """Gives the loudness of steps ``first`` to ``end`` (0.1 Bark) under a hump: mean, and mean weighed by RMS."""
        weighed = self.specific[:, first:end] @ hump(first, end)
        return float(weighed.mean()), float(np.average(weighed, weights=self.rms))

    def sharpness(self) -> float | None:
        """Scores sharpness by Fastl, weighed by power; None where nothing is heard."""
        bark = np.arange(1, STEPS + 1) / 10
        fourth, third, second, first, rest = STEEP
        steep = fourth * bark**4 + third * bark**3 + second * bark**2 + first * bark + rest
        weights = np.where(np.arange(STEPS) < STEEP_FROM_STEP, 1.0, steep) * bark
        sharpness = ACUM * self._shares(self.specific @ weights)
        return _line(self._mean(sharpness), SHARPNESS_LINE)

    def booming(self) -> float | None:
        """Scores booming by Hatano and Hashimoto, weighed by power; None where nothing is heard."""
        # Bark to Hz by Schroeder's formula z = 6 arsinh(f / 600), at steps of 0.1 Bark.
        hz = 600 * np.sinh(np.arange(1, STEPS + 1) / 60)
        # And Hz to third octaves, counted from 1 at 25 Hz.
        place = np.log10(hz / FIRST_HZ) / np.log10(SECOND_HZ / FIRST_HZ) + 1
        weights = BOOMING_WEIGHT * np.exp(BOOMING_DECAY * place)
        weights[: len(BOOMING_LOWEST)] = BOOMING_LOWEST
        below = int(np.argmax(hz >= BOOMING_BELOW_HZ))
        # Loudness is put in for levels, as the models do: each step counts as so many decibels.
        total = 10 * np.log10((10 ** (self.specific * weights / 10)).sum(1))
        index = self._mean(total * self._shares(self.specific[:, :below].sum(1)))
        low = self.level(*LOW)[0]
        if index is None or low <= 0:
            return None
        booming = _line(index, BOOMING_LINE)
        return None if booming is None else booming + BOOMING_LOW * float(np.log10(low))

    def _shares(self, part: Numbers) -> Numbers:
        whole = self.specific.sum(1)
        return np.asarray(np.divide(part, whole, out=np.zeros_like(whole), where=whole > 0))

    def _mean(self, values: Numbers) -> float | None:
        power = np.square(self.rms)
        return float(np.average(values, weights=power)) if power.sum() > 0 else None


def hump(first: int, end: int) -> Numbers:
    """Gives the upper part of a wide normal curve over steps ``first`` to ``end``, from 0 to 1."""
    curve = np.exp(-np.square(np.arange(first, end) - (first + end) / 2) / 2 * HUMP)
    curve -= curve.min()
    return np.asarray(curve / curve.max())


def _line(value: float | None, coefficients: tuple[float, float]) -> float | None:
    return None if value is None or value <= 0 else float(coefficients[0] * np.log10(value) + coefficients[1])
