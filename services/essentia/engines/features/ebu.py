"""Loudness by EBU R128 as sums over 100 ms: streamed in, so that an hour needs no more memory than its 36,000 sums."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.essentia.contract import SAMPLE_RATE
from services.essentia.engines.features.clip import Samples
from services.essentia.essentia_library import es

BLOCK = SAMPLE_RATE // 10
MOMENTARY, SHORT_TERM = 4, 30
# Absolute gate of BS.1770: what is not above it has no loudness.
GATE_LUFS = -70.0
INTEGRATED_GATE_LU, RANGE_GATE_LU = -10.0, -20.0
RANGE_PERCENTILES = (10, 95)
OFFSET_LUFS = -0.691


class Meter:
    """Weighs channels as BS.1770 does and sums their power over blocks of 100 ms.

    Args:
        channels: How many; each counts once, so mono is 3 dB quieter than the same in two channels.
    """

    def __init__(self, channels: int) -> None:
        # Essentia's filter keeps its state from call to call, so what is fed may be cut anywhere.
        self._filters = [(_shelf(), _high_pass()) for _ in range(channels)]
        self._rest: NDArray[np.float32] = np.empty(0, np.float32)
        self._powers: list[NDArray[np.float64]] = []

    def feed(self, channels: Samples) -> None:
        """Adds (channels, samples)."""
        total: NDArray[np.float32] | None = None
        for samples, (shelf, high_pass) in zip(channels, self._filters, strict=True):
            weighted = np.asarray(high_pass(shelf(np.ascontiguousarray(samples))))
            np.square(weighted, out=weighted)
            total = weighted if total is None else np.add(total, weighted, out=total)
        if total is None:
            return
        if self._rest.size:
            total = np.concatenate((self._rest, total))
        count = total.size // BLOCK
        blocks = total[: count * BLOCK].reshape(count, BLOCK)
        self._powers.append(blocks.sum(1, dtype=np.float64) / BLOCK)
        self._rest = total[count * BLOCK :].copy()

    def blocks(self) -> NDArray[np.float64]:
        """Mean weighted power of each whole block of 100 ms, summed over the channels."""
        return np.concatenate(self._powers) if self._powers else np.empty(0)


def lufs(power: float) -> float | None:
    """Loudness of a mean weighted power; None at the gate of -70 LUFS and below."""
    loudness = OFFSET_LUFS + 10 * math.log10(power) if power > 0 else -math.inf
    return loudness if loudness > GATE_LUFS else None


def sliding(blocks: NDArray[np.float64], width: int) -> NDArray[np.float64]:
    """Mean power over ``width`` blocks at every block; empty where there are fewer."""
    if blocks.size < width:
        return np.empty(0)
    sums = np.concatenate(([0.0], np.cumsum(blocks)))
    return np.asarray(np.maximum(sums[width:] - sums[:-width], 0) / width)


def integrated(blocks: NDArray[np.float64]) -> float | None:
    """Integrated loudness (LUFS): momentary powers gated at -70 LUFS, then 10 LU below their mean."""
    loud = _gated(sliding(blocks, MOMENTARY), INTEGRATED_GATE_LU)
    return lufs(float(loud.mean())) if loud.size else None


def loudness_range(blocks: NDArray[np.float64]) -> float | None:
    """Loudness range (LU) by EBU Tech 3342; None below two short-term values, whose range is not known to be 0."""
    powers = sliding(blocks, SHORT_TERM)
    loud = _gated(powers, RANGE_GATE_LU)
    if powers.size < 2 or not loud.size:
        return None
    low, high = np.percentile(10 * np.log10(loud), RANGE_PERCENTILES)
    return float(high - low)


def levels(powers: NDArray[np.float64]) -> NDArray[np.float64]:
    """Loudness of each power, LUFS, not below the gate."""
    floor = 10 ** ((GATE_LUFS - OFFSET_LUFS) / 10)
    return np.asarray(np.maximum(OFFSET_LUFS + 10 * np.log10(np.maximum(powers, floor)), GATE_LUFS))


def _gated(powers: NDArray[np.float64], gate_lu: float) -> NDArray[np.float64]:
    loud = powers[powers > 10 ** ((GATE_LUFS - OFFSET_LUFS) / 10)]
    return loud[loud > loud.mean() * 10 ** (gate_lu / 10)] if loud.size else loud


# The two filters of BS.1770 at another rate than its 48 kHz: their analogue prototypes, made digital for this one.
def _shelf() -> Any:
    gain, quality = 10 ** (3.999843853973347 / 20), 0.7071752369554196
    turn = math.tan(math.pi * 1681.974450955533 / SAMPLE_RATE)
    middle = gain**0.4996667741545416
    rest = 1 + turn / quality + turn**2
    return es.IIR(
        numerator=[
            (gain + middle * turn / quality + turn**2) / rest,
            2 * (turn**2 - gain) / rest,
            (gain - middle * turn / quality + turn**2) / rest,
        ],
        denominator=[1, 2 * (turn**2 - 1) / rest, (1 - turn / quality + turn**2) / rest],
    )


def _high_pass() -> Any:
    quality = 0.5003270373238773
    turn = math.tan(math.pi * 38.13547087602444 / SAMPLE_RATE)
    rest = 1 + turn / quality + turn**2
    return es.IIR(
        numerator=[1, -2, 1],
        denominator=[1, 2 * (turn**2 - 1) / rest, (1 - turn / quality + turn**2) / rest],
    )
