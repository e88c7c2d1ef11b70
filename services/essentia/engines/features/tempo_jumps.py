"""Tells where the tempo of beats changes at once, and makes even what changes bit by bit."""

from __future__ import annotations

import itertools

import numpy as np
from numpy.typing import NDArray

Seconds = NDArray[np.float64]

# A tempo changes where so many beats after a place run so much faster or slower than as many before, octaves aside;
# nowhere else within so many seconds.
SIDE_BEATS, CHANGED, SHORTEST_SECONDS = 12, 0.02, 8.0
# Two tempos must leave so much less of the beats unsaid (squares) than one that changes evenly.
AT_ONCE = 0.7
# Intervals by whose median a beat is known to be missing.
AROUND = 9


def spans(times: Seconds, seconds: float) -> list[tuple[float, float]]:
    """Cuts a window of so many seconds where the tempo of its beats (s) changes at once: (start, end) without gaps."""
    numbers, borders = _numbered(times), [0.0, seconds]
    if len(times) > 2 * SIDE_BEATS:
        sides = np.log2((times[SIDE_BEATS:] - times[:-SIDE_BEATS]) / (numbers[SIDE_BEATS:] - numbers[:-SIDE_BEATS]))
        steps = sides[SIDE_BEATS:] - sides[:-SIDE_BEATS]
        steps = np.abs(steps - np.round(steps))
        for index in np.argsort(-steps):
            if steps[index] < np.log2(1 + CHANGED):
                break
            place, around = float(times[index + SIDE_BEATS]), slice(index, index + 2 * SIDE_BEATS + 1)
            apart = min(abs(place - border) for border in borders) >= SHORTEST_SECONDS
            if apart and _at_once(numbers[around], times[around]):
                borders.append(place)
    return list(itertools.pairwise(sorted(borders)))


def evened(rise: NDArray[np.float32], rate: float, beats: Seconds) -> NDArray[np.float32]:
    """Gives (frames, bands), ``rate`` a second, as it would be if the beats (s) that were followed came evenly."""
    if len(beats) < 3:
        return rise
    numbers = _numbered(beats)
    period = (beats[-1] - beats[0]) / numbers[-1]
    times = np.interp(np.arange(0.0, numbers[-1], 1 / (period * rate)), numbers, beats)
    return np.asarray(rise[np.clip(np.round(times * rate).astype(int), 0, len(rise) - 1)])


def _numbered(beats: Seconds) -> Seconds:
    """Numbers the beats; where one is missing, so is its number."""
    if len(beats) < 3:
        return np.arange(len(beats), dtype=np.float64)
    intervals = np.diff(beats)
    padded = np.pad(intervals, AROUND // 2, mode="reflect" if len(intervals) > AROUND // 2 else "edge")
    usual = np.median(np.lib.stride_tricks.sliding_window_view(padded, AROUND), axis=1)
    return np.concatenate(([0.0], np.cumsum(np.maximum(1, np.round(intervals / usual)))))


def _at_once(numbers: Seconds, beats: Seconds) -> bool:
    """Whether two tempos, one after the other, say more of numbered beats than one that changes evenly."""
    middle, evenly = len(beats) // 2, _left(numbers, beats, 2)
    return any(
        _left(numbers[:at], beats[:at], 1) + _left(numbers[at:], beats[at:], 1) < AT_ONCE * evenly
        for at in (middle - 1, middle, middle + 1)
    )


def _left(numbers: Seconds, beats: Seconds, degree: int) -> float:
    return float(np.square(beats - np.polyval(np.polyfit(numbers, beats, degree), numbers)).sum())
