"""Tells how a tempo goes on: the course from place to place, how much of it is one tempo, and of what kind that is."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]

STEADY, DRIFTING, CHANGING, NONE = "steady", "drifting", "changing", "none"
"""Kinds: one tempo; one that goes slower or faster bit by bit; several; nothing that keeps time."""
# The course has a point every so many beats, each from a line through as many to either side.
EVERY_BEATS = 4
# Of beats on frames of 20 ms the course of a steady tempo strays by 0.3 % at 120 bpm; and hands stray by a percent.
SAME_TEMPO, SPREAD = 0.02, 0.04
# Share of the course, from the middle, whose spread counts.
INNER = (5, 95)


def course(beats: Numbers) -> tuple[Numbers, Numbers]:
    """Gives seconds and tempos (bpm), (points,) each, of ascending beats (s); one point for a handful of them."""
    if len(beats) < 3:
        return np.empty(0), np.empty(0)
    reach = min(EVERY_BEATS, (len(beats) - 1) // 2)
    middles = np.arange(reach, len(beats) - reach, EVERY_BEATS)
    around = beats[middles[:, None] + np.arange(-reach, reach + 1)]
    # Beats that were left out leave gaps of whole periods.
    intervals = np.diff(around, axis=1)
    numbers = np.cumsum(np.round(intervals / np.median(intervals, 1, keepdims=True)), 1)
    numbers = np.concatenate((np.zeros((len(around), 1)), numbers), 1)
    off = numbers - numbers.mean(1, keepdims=True)
    periods = (off * around).sum(1) / np.square(off).sum(1)
    return beats[middles], 60 / periods


def kind(tempos: Numbers, segments: int) -> str:
    """Names the kind of a course (bpm) in so many segments."""
    if segments > 1:
        return CHANGING
    if not len(tempos):
        return STEADY if segments else NONE
    low, high = np.percentile(tempos, INNER)
    return DRIFTING if high - low > SPREAD * np.median(tempos) else STEADY


def stability(tempos: Numbers, bpm: float) -> float | None:
    """Gives the share of the course that is near a tempo, 0 to 1; None where there is no course."""
    return float((np.abs(tempos / bpm - 1) <= SAME_TEMPO).mean()) if len(tempos) else None
