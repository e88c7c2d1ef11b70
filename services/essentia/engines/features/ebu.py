"""Loudness by EBU R128 as sums over 10 ms: streamed in, so that an hour needs no more memory than its 360,000 sums.

Momentary and short-term loudness are looked at every 10 ms, so that an event that begins between the steps of 100 ms is
not measured in two halves. The gated values keep to the steps of 100 ms that BS.1770 and Tech 3342 prescribe.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chassis.audio.resample import Resampler
from services.essentia.contract import SAMPLE_RATE
from services.essentia.engines.features.clip import Samples
from services.essentia.essentia_library import es

# Rates that are weighted as they are, Hz. All others are brought to the last: below, the bilinear transform bends the
# shelf; far above, the high pass asks for more digits than Essentia's filter has.
RATES = (44100, 48000)
# Blocks a second: every window of EBU Tech 3341 and 3342 is whole blocks.
BLOCKS_PER_SECOND = 100
BLOCK_SECONDS = 1 / BLOCKS_PER_SECOND
# Blocks: 0.4 s and 3 s; and the 0.1 s by which the windows of gated loudness are apart, an overlap of three quarters.
MOMENTARY, SHORT_TERM, STEP = 40, 300, 10
# Absolute gate of BS.1770: what is not above it has no loudness.
GATE_LUFS = -70.0
# Relative gates, LU below the mean of what is above the absolute one: of BS.1770, and of Tech 3342 for the range, which
# is to keep the quiet passages and lose the pauses.
INTEGRATED_GATE_LU, RANGE_GATE_LU = -10.0, -20.0
# Percent of the short-term values that the range leaves out below and above: a fade-out, a single bang (Tech 3342).
RANGE_PERCENTILES = (10, 95)
# The weighting raises 997 Hz by 0.691 dB; so much less, and a sine at full scale reads -3.01 LUFS as in BS.1770.
OFFSET_LUFS = -0.691
# BS.1770 gives the coefficients of its two filters at 48 kHz alone. These are the analogue filters that the bilinear
# transform turns into just those coefficients there (a test holds them to it), solved for backwards, as libebur128 has
# them: a shelf that raises what is above its corner as a head does, and a high pass. Hz, dB, and no unit.
SHELF_HZ, SHELF_DB, SHELF_QUALITY = 1681.974450955533, 3.999843853973347, 0.7071752369554196
# The exponent that makes the middle of the shelf's slope: 0.5 would be half of its height in dB.
SHELF_MIDDLE = 0.4996667741545416
HIGH_PASS_HZ, HIGH_PASS_QUALITY = 38.13547087602444, 0.5003270373238773

Coefficients = tuple[list[float], list[float]]


class Meter:
    """Weighs channels as BS.1770 does and sums their power over blocks of 10 ms.

    Args:
        weights: For each channel, how much its power counts; see speakers.py. Each of mono and stereo counts once, so
            mono is 3 dB quieter than the same in two channels.
        rate: Samples a second, Hz.
    """

    def __init__(self, weights: Sequence[float], rate: int = SAMPLE_RATE) -> None:
        self._weights = weights
        self._heard = [index for index, weight in enumerate(weights) if weight]
        used = rate if rate in RATES else RATES[-1]
        self._resampler = Resampler(rate, used, len(self._heard)) if used != rate and self._heard else None
        self._block = used // BLOCKS_PER_SECOND
        # Essentia's filter keeps its state from call to call, so what is fed may be cut anywhere.
        self._filters = [(_filter(*shelf(used)), _filter(*high_pass(used))) for _ in self._heard]
        self._rest: NDArray[np.float32] = np.empty(0, np.float32)
        self._powers: list[NDArray[np.float64]] = []

    def feed(self, channels: Samples) -> None:
        """Adds (channels, samples)."""
        if len(self._heard) < len(channels):
            channels = channels[self._heard]
        self._weigh(channels if self._resampler is None else self._resampler.apply(channels))

    def blocks(self) -> NDArray[np.float64]:
        """Ends the measurement; gives the mean weighted power of each whole block of 10 ms, summed over channels."""
        if self._resampler is not None:
            self._weigh(self._resampler.finish())
            self._resampler = None
        return np.concatenate(self._powers) if self._powers else np.empty(0)

    def _weigh(self, channels: Samples) -> None:
        if not channels.size:
            return
        total: NDArray[np.float32] | None = None
        for index, samples, (raise_high, cut_low) in zip(self._heard, channels, self._filters, strict=True):
            weighted = np.asarray(cut_low(raise_high(np.ascontiguousarray(samples))))
            np.square(weighted, out=weighted)
            if self._weights[index] != 1:
                weighted *= np.float32(self._weights[index])
            total = weighted if total is None else np.add(total, weighted, out=total)
        assert total is not None
        if self._rest.size:
            total = np.concatenate((self._rest, total))
        count = total.size // self._block
        blocks = total[: count * self._block].reshape(count, self._block)
        self._powers.append(blocks.sum(1, dtype=np.float64) / self._block)
        self._rest = total[count * self._block :].copy()


def lufs(power: float) -> float | None:
    """Gives the loudness of a mean weighted power; None at the gate of -70 LUFS and below."""
    loudness = OFFSET_LUFS + 10 * math.log10(power) if power > 0 else -math.inf
    return loudness if loudness > GATE_LUFS else None


def sliding(blocks: NDArray[np.float64], width: int) -> NDArray[np.float64]:
    """Gives the mean power over ``width`` blocks at every block; empty where there are fewer."""
    if blocks.size < width:
        return np.empty(0)
    sums = np.concatenate(([0.0], np.cumsum(blocks)))
    # A difference of two sums may come out a rounding error below nothing.
    return np.asarray(np.maximum(sums[width:] - sums[:-width], 0) / width)


def integrated(blocks: NDArray[np.float64]) -> float | None:
    """Gives the integrated loudness (LUFS): momentary powers gated at -70 LUFS, then 10 LU below their mean."""
    loud = _gated(sliding(blocks, MOMENTARY)[::STEP], INTEGRATED_GATE_LU)
    return lufs(float(loud.mean())) if loud.size else None


def loudness_range(blocks: NDArray[np.float64]) -> float | None:
    """Gives the loudness range (LU) by EBU Tech 3342; None below two short-term values: their range need not be 0."""
    powers = sliding(blocks, SHORT_TERM)[::STEP]
    loud = _gated(powers, RANGE_GATE_LU)
    if powers.size < 2 or not loud.size:
        return None
    low, high = np.percentile(10 * np.log10(loud), RANGE_PERCENTILES)
    return float(high - low)


def levels(powers: NDArray[np.float64]) -> NDArray[np.float64]:
    """Gives the loudness of each power, LUFS, not below the gate."""
    floor = 10 ** ((GATE_LUFS - OFFSET_LUFS) / 10)
    return np.asarray(np.maximum(OFFSET_LUFS + 10 * np.log10(np.maximum(powers, floor)), GATE_LUFS))


def _gated(powers: NDArray[np.float64], gate_lu: float) -> NDArray[np.float64]:
    loud = powers[powers > 10 ** ((GATE_LUFS - OFFSET_LUFS) / 10)]
    return loud[loud > loud.mean() * 10 ** (gate_lu / 10)] if loud.size else loud


# The bilinear transform: s = (1 - z⁻¹) / (1 + z⁻¹) over the warped corner, put into a filter of order 2 and multiplied
# out by powers of z⁻¹.
def shelf(rate: float) -> Coefficients:
    """Gives numerator and denominator of BS.1770's first filter at a sample rate (Hz), by rising powers of z⁻¹."""
    gain, turn = 10 ** (SHELF_DB / 20), math.tan(math.pi * SHELF_HZ / rate)
    middle = gain**SHELF_MIDDLE
    rest = 1 + turn / SHELF_QUALITY + turn**2
    numerator = [
        (gain + middle * turn / SHELF_QUALITY + turn**2) / rest,
        2 * (turn**2 - gain) / rest,
        (gain - middle * turn / SHELF_QUALITY + turn**2) / rest,
    ]
    return numerator, [1, 2 * (turn**2 - 1) / rest, (1 - turn / SHELF_QUALITY + turn**2) / rest]


def high_pass(rate: float) -> Coefficients:
    """Gives numerator and denominator of BS.1770's second filter, whose numerator it does not normalise; see shelf."""
    turn = math.tan(math.pi * HIGH_PASS_HZ / rate)
    rest = 1 + turn / HIGH_PASS_QUALITY + turn**2
    return [1, -2, 1], [1, 2 * (turn**2 - 1) / rest, (1 - turn / HIGH_PASS_QUALITY + turn**2) / rest]


def _filter(numerator: list[float], denominator: list[float]) -> Any:
    return es.IIR(numerator=numerator, denominator=denominator)
