"""Audio for the trials: seeded, so that every run of a trial hears the same."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np


def music(seconds: float, sample_rate: int = 44_100, channels: int = 2) -> Callable[[], np.ndarray]:
    """Makes chords over a beat with some noise, float32 ``(channels, samples)`` at about -15 dBFS."""

    def make() -> np.ndarray:
        times = np.arange(round(seconds * sample_rate)) / sample_rate
        notes = [(220.0, 277.18, 329.63), (246.94, 311.13, 369.99)]
        first, second = (sum(np.sin(2 * np.pi * tone * times) for tone in chord) for chord in notes)
        chords = np.where(times % 4 < 2, first, second)
        beat = np.exp(-30 * (times % 0.5)) * np.sin(2 * np.pi * 60 * times)
        noise = np.random.default_rng(0).standard_normal((channels, times.size))
        return np.asarray(0.08 * chords + 0.3 * beat + 0.01 * noise, np.float32)

    return make
