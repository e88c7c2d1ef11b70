"""Finds the likeliest beats in a network's activations: a path through beats, each with the period that leads to it.

A hidden semi-Markov model, solved by Viterbi's algorithm. Its states are periods; a path pays for each change of the
period, and for each beat that comes earlier or later than its period says; it earns what the activation at its beats
says for them. Frames between two beats say nothing more: what speaks for a beat there is what the path forgoes. As no
beat depends on one that is nearer than the shortest period, that many frames are worked out at once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]

# Periods are so much apart, and a path pays so much for each step of it from beat to beat, up to REACH steps: music
# that slows down or speeds up does so by less than a step a beat.
STEP, STEP_COST, REACH = 0.03, 4.0, 4
# A beat may be a frame early or late for its period, at this price: periods are no whole numbers of frames.
LATE_COST = 0.15
# Stands among the delays for the beat that a path begins with.
BEGINS = 2
# What an activation of 0 and of 1 count as.
LEAST = 0.01
# Activation from which a frame speaks for a beat rather than against one.
EVEN = 0.12


@dataclass(frozen=True)
class Path:
    """The likeliest beats.

    Attributes:
        frames: (beats,), ascending.
        score: What the beats earned less what they paid, a second.
    """

    frames: NDArray[np.int64]
    score: float


def find(activation: Numbers, rate: float, slowest: float, fastest: float) -> Path:
    """Finds the beats of activations (frames,), 0 to 1, ``rate`` a second, at tempos between two limits (bpm)."""
    periods = 60 * rate / np.exp(np.arange(np.log(fastest), np.log(slowest) - STEP / 2, -STEP))
    lags = np.round(periods).astype(int)
    said = _evidence(activation)
    count, shortest = len(said), max(1, int(lags.min()) - 1)
    if count < shortest + 1:
        return Path(np.empty(0, np.int64), 0.0)
    longest = int(lags.max()) + 1
    # With as many frames before the first as the longest period, in which no path can be.
    best = np.full((longest + count, len(periods)), -np.inf)
    after = best.copy()
    delays = np.zeros((count, len(periods)), np.int8)
    shifts = np.zeros((longest + count, len(periods)), np.int8)
    columns = np.arange(len(periods))
    costs = {delay: LATE_COST + np.abs(lags + delay - periods) * LATE_COST * 2 for delay in (-1, 0, 1)}
    for start in range(0, count, shortest):
        frames = np.arange(start, min(start + shortest, count))
        options = np.stack(
            [after[longest + frames[:, None] - lags - delay, columns] - costs[delay] for delay in (-1, 0, 1)]
            # A path begins for nothing at any beat before which there is no room for a beat of the longest period.
            + [np.tile(np.where(frames[:, None] < longest, 0.0, -np.inf), len(periods))]
        )
        chosen = options.argmax(0)
        delays[frames] = chosen - 1
        values = np.take_along_axis(options, chosen[None], 0)[0] + said[frames, None]
        best[longest + frames] = values
        after[longest + frames], shifts[longest + frames] = _changed(values)
    return _back(best, delays, shifts, lags, longest, rate)


def _evidence(activation: Numbers) -> Numbers:
    clipped = np.clip(activation, LEAST, 1 - LEAST)
    return np.asarray(np.log(clipped / (1 - clipped)) - np.log(EVEN / (1 - EVEN)))


def _changed(values: Numbers) -> tuple[Numbers, NDArray[np.int8]]:
    """The best that leads to each period, and by how many steps of the period it comes from elsewhere."""
    found, shifts = values.copy(), np.zeros(values.shape, np.int8)
    for step in range(1, REACH + 1):
        for sign in (-1, 1):
            other = np.full(values.shape, -np.inf)
            if sign > 0:
                other[:, :-step] = values[:, step:]
            else:
                other[:, step:] = values[:, :-step]
            other -= step * STEP_COST
            better = other > found
            found[better] = other[better]
            shifts[better] = sign * step
    return found, shifts


def _back(
    best: Numbers,
    delays: NDArray[np.int8],
    shifts: NDArray[np.int8],
    lags: NDArray[np.int64],
    longest: int,
    rate: float,
) -> Path:
    count = len(delays)
    # A path ends within the last longest period.
    ends = np.full_like(best, -np.inf)
    tail = max(longest, longest + count - int(lags.max()))
    ends[tail:] = best[tail:]
    place, period = (int(each) for each in np.unravel_index(int(ends.argmax()), ends.shape))
    score = float(ends[place, period])
    frames = []
    while place >= longest:
        frames.append(place - longest)
        delay = int(delays[place - longest, period])
        if delay == BEGINS:
            break
        place -= int(lags[period]) + delay
        period += int(shifts[place, period])
    return Path(np.array(frames[::-1], np.int64), score / (count / rate))
