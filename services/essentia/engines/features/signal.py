"""Measures the signal group: length, stereo image, clipping, offset."""

from __future__ import annotations

import numpy as np

from services.essentia.engine import SAMPLE_RATE
from services.essentia.engines.features.sheet import Sheet
from services.essentia.engines.features.values import decibels

# The greatest 16-bit sample, so that clipped 16-bit audio counts.
FULL_SCALE = 32767 / 32768


def measure(sheet: Sheet) -> None:
    """Fills the signal group."""
    clip, values = sheet.clip, sheet.groups["signal"]
    channels = clip.channels
    values.put("duration_seconds", clip.seconds)
    values["channel_count"] = len(channels)
    values["sample_rate_hertz"] = SAMPLE_RATE
    # NaN was refused before, so counting the two sides separately misses nothing and needs no array of magnitudes.
    saturated = int((channels >= FULL_SCALE).sum() + (channels <= -FULL_SCALE).sum())
    values["saturation_count"] = saturated
    values.put("saturation_ratio", saturated / channels.size)
    values.put("dc_offset", float(channels.mean(dtype=np.float64)))
    if len(channels) == 2 and all(clip.alive):
        _measure_stereo(sheet)


def _measure_stereo(sheet: Sheet) -> None:
    values = sheet.groups["signal"]
    left, right = sheet.clip.channels
    size = left.size
    left_mean, right_mean = (float(channel.mean(dtype=np.float64)) for channel in (left, right))
    left_power, right_power, product = _dot(left, left) / size, _dot(right, right) / size, _dot(left, right) / size
    deviations = (left_power - left_mean**2) * (right_power - right_mean**2)
    if deviations > 0:
        correlation = (product - left_mean * right_mean) / deviations**0.5
        values.put("stereo_correlation", min(1.0, max(-1.0, correlation)))
    # |(l ± r) / 2|² = (l² ± 2 l r + r²) / 4, so the three products give both the sum and the difference.
    middle, side = left_power + 2 * product + right_power, max(0.0, left_power - 2 * product + right_power)
    if middle > 1e-6 * (left_power + right_power):
        values.put("stereo_width_ratio", (side / middle) ** 0.5)
    values.put("stereo_balance_db", decibels((left_power / right_power) ** 0.5))


def _dot(first: np.ndarray, second: np.ndarray) -> float:
    # In pieces, summed in double: one float32 sum over minutes of audio loses digits.
    step = 1 << 16
    return sum(
        float(np.dot(first[start : start + step].astype(np.float64), second[start : start + step]))
        for start in range(0, first.size, step)
    )
