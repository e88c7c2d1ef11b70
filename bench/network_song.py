"""A made-up song that networks of rhythm, key and chords are compared on: the same samples everywhere."""

from __future__ import annotations

import numpy as np

RATE = 44100
# Chords of a bar each, in C major: semitones above A at 220 Hz.
_BARS = ((3, 7, 10), (10, 14, 17), (0, 3, 7), (8, 12, 15))
_BEATS_PER_MINUTE, _BEATS = 120.0, 4


def song(seconds: float) -> np.ndarray:
    """Makes mono samples, float32 (n,), at RATE: four chords, a kick on the beats, a snare on every second, hats."""
    return np.resize(_round(), round(seconds * RATE))


def _round() -> np.ndarray:
    """The four bars that the song is made of, over and over."""
    count = round(len(_BARS) * _BEATS * 60 / _BEATS_PER_MINUTE * RATE)
    times = np.arange(count) / RATE
    beat = times * _BEATS_PER_MINUTE / 60
    since = beat % 1 * 60 / _BEATS_PER_MINUTE
    bars = np.array(_BARS)[(beat // _BEATS).astype(int)]
    chord = np.sum(
        [
            np.sin(2 * np.pi * 220 * 2 ** (bars[:, voice] / 12) * times * partial) / partial
            for voice in range(3)
            for partial in (1, 2, 3)
        ],
        axis=0,
    )
    # A generator that is frozen, so that the song is the same with every version of numpy.
    noise = np.random.RandomState(0).uniform(-1, 1, count)
    kick = np.sin(2 * np.pi * 55 * since) * np.exp(-since * 18) * (1 + (beat // 1 % _BEATS == 0))
    snare = noise * np.exp(-since * 25) * (beat // 1 % 2)
    hats = noise * np.exp(-(beat % 0.5) * 60 / _BEATS_PER_MINUTE * 90)
    return (0.06 * chord + 0.25 * kick + 0.2 * snare + 0.05 * hats).astype(np.float32)
