"""Audio at the rate of the tag networks."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

RATE = 16000


def sweep(samples: int) -> np.ndarray:
    """A rising tone in noise, float32 (samples,): every band of the front end has something to say."""
    times = np.arange(samples) / RATE
    noise = np.random.default_rng(0).standard_normal(samples)
    return (0.4 * np.sin(2 * np.pi * (220 + 40 * times) * times) + 0.05 * noise).astype(np.float32)


def chord(seconds: float) -> np.ndarray:
    """A decaying A major chord every two seconds over a 60 Hz pulse every half second, float32 (samples,)."""
    times = np.arange(round(seconds * RATE)) / RATE
    tones = sum(np.sin(2 * np.pi * hertz * times) for hertz in (220, 277.18, 329.63))
    pulse = np.exp(-((times % 0.5) * 30)) * np.sin(2 * np.pi * 60 * times)
    return np.asarray(0.1 * tones * np.exp(-(times % 2)) + 0.4 * pulse, np.float32)


def blocks(samples: np.ndarray, size: int = 30011) -> Iterator[np.ndarray]:
    """``samples`` in pieces of a size that fits no frame."""
    return (samples[start : start + size] for start in range(0, len(samples), size))
