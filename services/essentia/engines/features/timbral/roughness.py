"""Roughness by Vassilakis: how strongly the partials of a moment beat against each other."""

from __future__ import annotations

import numpy as np

from services.essentia.contract import SAMPLE_RATE
from services.essentia.engines.features.clip import Samples
from services.essentia.engines.features.timbral.peaks import prominent

FRAME, SIZE = round(0.05 * SAMPLE_RATE), 4096
HOP = FRAME // 2
# The mean of so many frames, evenly spread, is that of all to within a few per cent.
MOST_FRAMES = 600
LEAD = 512
PEAK = 0.01
LEAST = 0.01


def measure(samples: Samples) -> float | None:
    """Roughness; 0 where hardly any partials beat."""
    padded = np.pad(samples, (LEAD, max(0, FRAME - samples.size)))
    frames = np.lib.stride_tricks.sliding_window_view(padded, FRAME)[::HOP]
    frames = frames[:: max(1, len(frames) // MOST_FRAMES)]
    spectra = np.abs(np.fft.rfft(frames * np.hamming(FRAME + 2)[1:-1].astype(np.float32), SIZE))
    low, high = float(spectra.min()), float(spectra.max())
    if high <= low:
        return None
    found = prominent((spectra - low) / (high - low), PEAK)
    mean = float(np.mean([_beating(curve, peaks) for curve, peaks in zip(spectra, found, strict=True)]))
    return 0.0 if mean < LEAST else float(np.log10(mean) * 13.98779569 + 48.97606571545886)


def _beating(curve: np.ndarray, peaks: np.ndarray) -> float:
    if peaks.size < 2:
        return 0.0
    hz, height = _refine(curve.astype(np.float64), peaks)
    upper, lower = np.triu_indices(peaks.size, 1)
    # Each pair counts once; the models weigh it by the higher one, where Vassilakis takes the lower one.
    distance = np.abs(hz[upper] - hz[lower]) * 0.24 / (0.0207 * np.minimum(hz[upper], hz[lower]) + 18.96)
    weight = 2 * height[upper] / (height[upper] + height[lower])
    beats = np.exp(-3.51 * distance) - np.exp(-5.75 * distance)
    return float(((height[upper] * height[lower]) ** 0.1 * 0.5 * weight**3.11 * beats).sum())


def _refine(curve: np.ndarray, peaks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    # By height, the highest first: of a pair the lower one is compared with the higher one.
    peaks = peaks[np.argsort(curve[peaks])[::-1]]
    inner = np.clip(peaks, 1, curve.size - 2)
    below, middle, above = curve[inner - 1], curve[inner], curve[inner + 1]
    bend = 2 * middle - above - below
    shift = np.where((inner == peaks) & (bend > 0), (above - below) / (2 * np.where(bend > 0, bend, 1)), 0)
    height = np.where(shift != 0, middle + 0.25 * (above - below) * shift, curve[peaks])
    return (peaks + shift) * SAMPLE_RATE / SIZE, height
