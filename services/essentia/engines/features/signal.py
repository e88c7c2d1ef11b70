"""Measures the signal group: length, stereo image, clipping, offset."""

from __future__ import annotations

import numpy as np

from services.essentia.contract import SAMPLE_RATE
from services.essentia.engines.features.sheet import Sheet
from services.essentia.engines.features.values import decibels

# Share of the power, -60 dB: with less in the middle, the width would be a quotient by rounding errors.
LEAST_MIDDLE = 1e-6


class Signal:
    """Sums over the windows, from which everything in the group follows."""

    def __init__(self) -> None:
        self._frames = 0
        self._sums = np.zeros(2)
        # Powers of left and right, and their product.
        self._products = np.zeros(3)
        self._alive = np.zeros(2, bool)

    def feed(self, window: Sheet) -> None:
        """Adds a window."""
        channels = window.clip.channels
        self._frames += channels.shape[1]
        self._sums[: len(channels)] += channels.sum(1, dtype=np.float64)
        self._alive[: len(channels)] |= window.clip.alive
        if len(channels) == 2:
            left, right = channels
            self._products += (_dot(left, left), _dot(right, right), _dot(left, right))

    def finish(self, sheet: Sheet) -> None:
        """Fills the group."""
        values, channels, gauge = sheet.groups["signal"], sheet.channel_count, sheet.gauge
        values.put("duration_seconds", self._frames / SAMPLE_RATE)
        values["channel_count"] = channels
        values["sample_rate_hertz"] = SAMPLE_RATE
        # Of the samples as they are stored: a resampler lifts some over full scale and takes others down.
        values["saturation_count"] = gauge.saturated
        values.put("saturation_ratio", gauge.saturated / gauge.samples)
        values.put("dc_offset", gauge.total / gauge.samples)
        if channels == 2 and self._alive.all():
            self._put_stereo(sheet)

    def _put_stereo(self, sheet: Sheet) -> None:
        values = sheet.groups["signal"]
        left_mean, right_mean = (float(total) / self._frames for total in self._sums)
        left, right, product = (float(total) / self._frames for total in self._products)
        deviations = (left - left_mean**2) * (right - right_mean**2)
        if deviations > 0:
            correlation = (product - left_mean * right_mean) / deviations**0.5
            values.put("stereo_correlation", min(1.0, max(-1.0, correlation)))
        # |(l ± r) / 2|² = (l² ± 2 l r + r²) / 4, so the three products give both the sum and the difference.
        middle, side = left + 2 * product + right, max(0.0, left - 2 * product + right)
        if middle > LEAST_MIDDLE * (left + right):
            values.put("stereo_width_ratio", (side / middle) ** 0.5)
        values.put("stereo_balance_db", decibels((left / right) ** 0.5))


def _dot(first: np.ndarray, second: np.ndarray) -> float:
    # In pieces, summed in double: one float32 sum over minutes of audio loses digits.
    step = 1 << 14
    return sum(
        float(np.dot(first[start : start + step], second[start : start + step])) for start in range(0, first.size, step)
    )
