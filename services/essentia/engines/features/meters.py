"""Tells how many beats a bar has, and where that changes, from the bars of all windows."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.essentia.engines.features.values import Values

# Fewer bars in a row are no change of meter.
FEWEST_BARS = 4


@dataclass(frozen=True)
class Bars:
    """What is known of bars, beat by beat.

    Attributes:
        beats: Seconds, ascending.
        places: (beats,), the place in the bar, 0 for the first beat; -1 where it is not known.
        meters: (beats,), what is counted in the bar: 2, 3, 4, or 6 for two beats of three; 0 where it is not known.
    """

    beats: NDArray[np.float64]
    places: NDArray[np.int64]
    meters: NDArray[np.int64]


def fill(values: Values, series: Values, beats: NDArray[np.float64], bars: Sequence[Bars]) -> None:
    """Fills meter, meter_segments and downbeat_seconds, as far as bars are known of the beats (s) of the whole."""
    known = np.concatenate([np.empty(0), *(each.beats for each in bars)])
    kept = np.isin(known, beats)
    places, counted = (
        np.concatenate([np.empty(0, np.int64), *(getattr(each, name) for each in bars)])[kept]
        for name in ("places", "meters")
    )
    known = known[kept]
    series.put_array("downbeat_seconds", known[places == 0])
    told = counted > 0
    if np.count_nonzero(told) <= len(beats) / 2:
        return
    counts = np.bincount(counted[told])
    values["meter"] = int(counts.argmax())
    segments = _segments(known[told], counted[told])
    if segments:
        values["meter_segments"] = segments


def _segments(beats: NDArray[np.float64], counted: NDArray[np.int64]) -> tuple[dict[str, object], ...]:
    """Runs of one meter; a run of few bars belongs to the one before."""
    found: list[tuple[float, int]] = []
    edges = [0, *(np.flatnonzero(np.diff(counted)) + 1), len(counted)]
    for first, last in itertools.pairwise(edges):
        meter = int(counted[first])
        in_a_bar = 2 if meter == 6 else meter
        long = last - first >= FEWEST_BARS * in_a_bar
        if (long or not found) and not (found and found[-1][1] == meter):
            found.append((float(beats[first]), meter))
    if len(found) > 1 and edges[1] < FEWEST_BARS * 2:
        found = [(found[0][0], found[1][1]), *found[2:]]
    ends = [start for start, _ in found[1:]] + [float(beats[-1])]
    return tuple(
        {"start_seconds": start, "end_seconds": end, "meter": meter}
        for (start, meter), end in zip(found, ends, strict=True)
    )
