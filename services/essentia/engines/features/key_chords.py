"""What chords say of the key: how long each lasts, and how they follow one another."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from services.essentia.engines.features.chords import Chord
from services.essentia.engines.features.pitch_classes import TONICS

# How well the 24 triads, majors from the tonic up and then minors, fit a major and a minor key: mean ratings of
# listeners, 1 to 7 (Krumhansl 1990, the harmonic hierarchy).
TRIADS: tuple[tuple[float, ...], tuple[float, ...]] = (
    (
        *(6.66, 4.71, 4.60, 4.31, 4.64, 5.59, 4.36, 5.33, 5.01, 4.64, 4.73, 4.67),
        *(3.75, 2.59, 3.12, 2.18, 2.76, 3.19, 2.13, 2.68, 2.61, 3.62, 2.56, 2.76),
    ),
    (
        *(5.30, 4.11, 3.83, 4.14, 3.99, 4.41, 3.92, 4.38, 4.45, 3.69, 4.22, 3.85),
        *(5.90, 3.08, 3.25, 3.50, 3.33, 4.60, 2.98, 3.48, 3.53, 3.78, 3.13, 3.14),
    ),
)


def correlate_chords(chords: Sequence[Chord]) -> NDArray[np.float64]:
    """Correlates the time that each triad lasts with TRIADS, by Pearson: (24,) as ``correlate``; 0 without chords."""
    seconds = np.zeros(24)
    for chord in chords:
        seconds[place_of(chord.name)] += chord.end_seconds - chord.start_seconds
    seconds -= seconds.mean()
    length = np.linalg.norm(seconds)
    if not length > 0:
        return np.zeros(24)
    keys = np.array([np.roll(np.reshape(fits, (2, 12)), tonic, 1).ravel() for fits in TRIADS for tonic in range(12)])
    keys -= keys.mean(1, keepdims=True)
    return np.asarray(keys @ seconds / (np.linalg.norm(keys, axis=1) * length))


def cadences(chords: Sequence[Chord]) -> NDArray[np.float64]:
    """Tells how much more often each key's dominant resolves to its tonic than follows it, of all successions: (24,).

    Where two chords only go to and fro, their direction says nothing: F, C, F, C is as well in C as in F.
    """
    places = [place for place, _ in itertools.groupby(place_of(chord.name) for chord in chords)]
    successions = Counter(itertools.pairwise(places))
    shares = np.zeros(24)
    for tonic in range(24):
        dominant = (tonic + 7) % 12
        excess = successions[dominant, tonic] - successions[tonic, dominant]
        shares[tonic] = max(0, excess) / max(1, successions.total())
    return shares


def place_of(chord: str) -> int:
    """Numbers a triad of chords.NAMES: 0 to 11 a major one from C up, 12 to 23 a minor one."""
    return TONICS.index(chord.removesuffix("m")) + 12 * chord.endswith("m")
