"""Roughness by Vassilakis (2001, 2007): how strongly the partials of a moment beat against each other.

A pair of partials with amplitudes A ≥ B and frequencies f ≤ g is as rough as

    (A B)^0.1 · 0.5 · (2 B / (A + B))^3.11 · (e^(-3.51 s (g - f)) - e^(-5.75 s (g - f)))
    with s = 0.24 / (0.0207 f + 18.96)

The first factor says how little the level matters, the second how deep the beats are: Vassilakis's own. The third is
Sethares's curve (1993) through the judgements of Plomp and Levelt (1965): s makes the distance one of critical bands,
in which the roughest is 0.24 of a band away.
"""

from __future__ import annotations

import numpy as np

from services.essentia.contract import SAMPLE_RATE
from services.essentia.engines.features.clip import Samples
from services.essentia.engines.features.timbral.peaks import prominent

# Samples: 50 ms, filled up to a power of two for the transform, every 25 ms.
FRAME, SIZE = round(0.05 * SAMPLE_RATE), 4096
HOP = FRAME // 2
# The mean of so many frames, evenly spread, is that of all to within a few per cent.
MOST_FRAMES = 600
# Samples of silence before the recording, as the models were fitted.
LEAD = 512
# Share of the recording's range of magnitudes by which a partial must stand out.
PEAK = 0.01
# Below this mean the models say 0: the logarithm would go on falling without anything to hear.
LEAST = 0.01
# Points for a factor of ten in the mean, and for a mean of 1: regression on the ratings of listeners, timbral_roughness
# of timbral_models 0.4.0.
SCORE_SLOPE, SCORE_REST = 13.98779569, 48.97606571545886
# How the roughness of a pair grows with its level, and with the depth of its beats (Vassilakis 2001).
LEVEL_POWER, DEPTH_POWER = 0.1, 3.11
# Sethares's fit: the distance of the greatest roughness (critical bands), the width of a band as a line over the lower
# frequency (Hz), and the exponents of rise and fall.
ROUGHEST, BAND_PER_HZ, BAND_AT_ZERO = 0.24, 0.0207, 18.96
RISE, FALL = 3.51, 5.75


def measure(samples: Samples) -> float | None:
    """Scores roughness; 0 where hardly any partials beat."""
    padded = np.pad(samples, (LEAD, max(0, FRAME - samples.size)))
    frames = np.lib.stride_tricks.sliding_window_view(padded, FRAME)[::HOP]
    frames = frames[:: max(1, len(frames) // MOST_FRAMES)]
    spectra = np.abs(np.fft.rfft(frames * np.hamming(FRAME + 2)[1:-1].astype(np.float32), SIZE))
    low, high = float(spectra.min()), float(spectra.max())
    if high <= low:
        return None
    found = prominent((spectra - low) / (high - low), PEAK)
    mean = float(np.mean([_beating(curve, peaks) for curve, peaks in zip(spectra, found, strict=True)]))
    return 0.0 if mean < LEAST else float(np.log10(mean) * SCORE_SLOPE + SCORE_REST)


def _beating(curve: np.ndarray, peaks: np.ndarray) -> float:
    if peaks.size < 2:
        return 0.0
    hz, height = _refine(curve.astype(np.float64), peaks)
    upper, lower = np.triu_indices(peaks.size, 1)
    # Each pair counts once; the models weigh it by the higher one, where Vassilakis takes the lower one.
    band = BAND_PER_HZ * np.minimum(hz[upper], hz[lower]) + BAND_AT_ZERO
    distance = np.abs(hz[upper] - hz[lower]) * ROUGHEST / band
    weight = 2 * height[upper] / (height[upper] + height[lower])
    beats = np.exp(-RISE * distance) - np.exp(-FALL * distance)
    return float(((height[upper] * height[lower]) ** LEVEL_POWER * 0.5 * weight**DEPTH_POWER * beats).sum())


def _refine(curve: np.ndarray, peaks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    # By height, the highest first: of a pair the lower one is compared with the higher one.
    peaks = peaks[np.argsort(curve[peaks])[::-1]]
    inner = np.clip(peaks, 1, curve.size - 2)
    below, middle, above = curve[inner - 1], curve[inner], curve[inner + 1]
    # The vertex of the parabola through the peak and its neighbours: place and height between the bins.
    bend = 2 * middle - above - below
    shift = np.where((inner == peaks) & (bend > 0), (above - below) / (2 * np.where(bend > 0, bend, 1)), 0)
    height = np.where(shift != 0, middle + 0.25 * (above - below) * shift, curve[peaks])
    return (peaks + shift) * SAMPLE_RATE / SIZE, height
