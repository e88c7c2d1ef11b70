"""The level at which speech is heard: an offset is taken off, and what is very quiet is raised.

Silero hears nothing of speech whose peaks lie at -60 dBFS or whose offset is ten times as large; Whisper mishears it.
What is neither stays as it is, to the bit.
"""

from __future__ import annotations

import numpy as np

SILENCE = 10 ** (-70 / 20)
"""Peak below which there is nothing to hear; 16-bit dither is 20 dB below it."""
QUIET = 0.02
"""Level below which sound is raised to it, -34 dBFS: 16 dB above where Silero begins to miss words."""
MOST_GAIN = QUIET / SILENCE
STEP = 512
"""Samples of which one peak is taken, 32 ms."""
SUSTAINED_STEPS = 8
"""Steps of which the median peak is the level, a quarter of a second: a click does not make quiet speech loud."""
BASELINE = 4000
"""Samples over which the offset is averaged, a quarter of a second."""
OFFSET = 0.1
"""Share of the level from which on an offset is taken off; that of recorded speech is below a hundredth."""


def level(samples: np.ndarray) -> float:
    """Measures the peak, 0 and up, that the loudest quarter of a second of ``samples`` (n,) sustains; 0 of none."""
    count = len(samples) // STEP
    if not count:
        return float(np.abs(samples).max()) if len(samples) else 0.0
    steps = samples[: count * STEP].reshape(-1, STEP)
    peaks = np.maximum(steps.max(axis=1), -steps.min(axis=1))
    width = min(SUSTAINED_STEPS, count)
    return float(np.median(np.lib.stride_tricks.sliding_window_view(peaks, width), axis=1).max())


def gain(sustained: float) -> float:
    """Tells by how much sound of a level is to be multiplied, 1 to MOST_GAIN."""
    return min(max(QUIET / sustained, 1.0), MOST_GAIN) if sustained > 0.0 else 1.0


def centred(samples: np.ndarray) -> np.ndarray:
    """Takes an offset off ``samples`` (n,), also one that drifts; gives the same array where there is hardly any."""
    if not len(samples):
        return samples
    baseline = _baseline(samples)
    without = samples - baseline
    return without if float(np.abs(baseline).max()) > OFFSET * level(without) else samples


def audible(samples: np.ndarray) -> np.ndarray:
    """Gives ``samples`` (n,) float32 as they are best heard: without offset, raised where they are very quiet."""
    samples = centred(samples)
    factor = gain(level(samples))
    return samples if factor == 1.0 else samples * np.float32(factor)


def _baseline(samples: np.ndarray) -> np.ndarray:
    width = min(BASELINE, len(samples))
    total = np.concatenate([[0.0], np.cumsum(samples, dtype=np.float64)])
    mean = (total[width:] - total[:-width]) / width
    # The first and the last mean hold for the half of a stretch that lies outside of all others.
    return np.pad(mean, (width // 2, len(samples) - len(mean) - width // 2), mode="edge").astype(np.float32)
