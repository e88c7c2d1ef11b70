"""Measures swing: where between two beats the stroke lies that divides them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]

# Places between beats at which a stroke that divides them in two may lie; a sixteenth later is none.
EARLIEST, LATEST, STEP = 0.42, 0.72, 0.01
# The stroke must stand out: it is so much of those on the beats, and so many times what is usual between.
OF_THE_BEATS, STANDS_OUT = 0.2, 1.5
# Where strokes at a third are so much of those at two thirds, beats are divided in three and do not swing.
THIRD, THREE = 1 / 3, 0.7
FEWEST_BEATS = 8


def ratio(beats: Numbers, strokes: Numbers, rate: float) -> float | None:
    """Gives the length of the first half of a beat over the second: 1 for straight, 2 for triplets.

    Args:
        beats: Ascending, seconds.
        strokes: (3, frames), strength of bass, body and top.
        rate: Frames a second.

    Returns:
        None where no stroke divides the beats in two.
    """
    if len(beats) < FEWEST_BEATS:
        return None
    strength = strokes.sum(0)
    shares = np.arange(EARLIEST, LATEST + STEP / 2, STEP)
    found = np.array([_at(strength, beats, share, rate) for share in shares])
    usual = float(np.median([_at(strength, beats, share, rate) for share in np.arange(0.1, 0.95, STEP)]))
    place = int(found.argmax())
    on_beats = max(_at(strength, beats, share, rate) for share in np.arange(-0.05, 0.06, STEP))
    if found[place] < max(OF_THE_BEATS * on_beats, STANDS_OUT * usual) or place in (0, len(shares) - 1):
        return None
    near_third = max(_at(strength, beats, THIRD + shift, rate) for shift in (-0.02, 0.0, 0.02))
    share = _top(shares, found, place)
    if near_third > THREE * found[place] and share > 0.6:
        return None
    return share / (1 - share)


def _at(strength: Numbers, beats: Numbers, share: float, rate: float) -> float:
    """Mean strength at a share of the way from each beat to the next, between two frames."""
    times = (beats[:-1] + share * np.diff(beats)) * rate
    return float(np.interp(times, np.arange(len(strength)), strength).mean())


def _top(shares: Numbers, found: Numbers, place: int) -> float:
    """The middle of the hill about a place, weighted by how high it is."""
    around = slice(max(0, place - 4), place + 5)
    weights = np.maximum(found[around] - 0.5 * found[place], 0)
    return float((shares[around] * weights).sum() / weights.sum())
