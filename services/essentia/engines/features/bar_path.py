"""Finds the bars: the likeliest path through the places of a bar, one beat after the other.

Each beat is the first of a bar as likely as the network's activation says. A bar's other beats follow in order; the
number of beats a bar may change from one bar to the next, at a price that a few odd beats do not pay.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

METERS = (2, 3, 4)
# Least and greatest likelihood that a beat begins a bar.
LIMITS = (0.02, 0.98)
# Nats that another number of beats a bar costs, and those for a number that is rarer than four.
CHANGE, RARER = 9.0, {2: 1.0, 3: 0.5, 4: 0.0}
# What every beat of the whole costs a number: bars of two are found in those of four too, the other way round seldom.
HALVED = {2: 0.03, 3: 0.0, 4: 0.0}


def find(first: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Finds for each beat its place in the bar, from 0 on, and the bar's number of beats: both (beats,).

    Args:
        first: (beats,), how likely each beat is the first of a bar, 0 to 1.
    """
    likely = np.clip(first, *LIMITS)
    meters = np.concatenate([np.full(meter, meter) for meter in METERS])
    places = np.concatenate([np.arange(meter) for meter in METERS])
    said = np.where(places == 0, np.log(likely)[:, None], np.log(1 - likely)[:, None])
    said = said - np.array([HALVED[int(meter)] for meter in meters])
    starts, ends = np.flatnonzero(places == 0), np.flatnonzero(places == meters - 1)
    price = np.where(np.eye(len(METERS), dtype=bool), 0.0, CHANGE)
    # By state, the one before it; at the first place of a bar that is chosen beat by beat.
    best = said[0] - np.array([RARER[int(meter)] for meter in meters])
    before = np.zeros(said.shape, np.int64)
    for beat in range(1, len(said)):
        origin = np.arange(len(places)) - 1
        options = best[ends][:, None] - price
        origin[starts] = ends[options.argmax(0)]
        came = best[origin]
        came[starts] = options.max(0)
        best, before[beat] = came + said[beat], origin
    state = int(best.argmax())
    path = np.empty(len(said), np.int64)
    for beat in range(len(said) - 1, -1, -1):
        path[beat] = state
        state = int(before[beat, state])
    return places[path], meters[path]


def fit(first: NDArray[np.float64], meter: int) -> float:
    """Tells how well bars of ``meter`` beats fit, from the best of their beginnings: nats a beat, at most 0."""
    likely = np.clip(first, *LIMITS)
    yes, no = np.log(likely), np.log(1 - likely)
    found = [no.sum() + (yes - no)[start::meter].sum() for start in range(meter)]
    return float(max(found)) / max(len(first), 1)
