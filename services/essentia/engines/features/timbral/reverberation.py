"""Blind reverberation time: the decays in a recording, by the likelihood of a Laplacian (Jan and Wang, 2012).

Samples of a decay with the reverberation time T are noise of a Laplace distribution whose width falls by 60 dB, a
factor of 1000, in T: after n samples at the rate r it is σ aⁿ with a = e^(-3 ln 10 / (T r)). The likeliest σ for a
given T is the mean of |xₙ| a⁻ⁿ, and with it the logarithm of the likelihood of N samples is, but for what all T have in
common,

    -N ln σ - ln a · N (N - 1) / 2

The times of TIMES compete by it. So it is in timbral_reverb of timbral_models 0.4.0 and, before it, in the method of
Löllmann et al. (2010), from which the constants come; there they are in samples at 24 kHz.
"""

from __future__ import annotations

from collections import deque
from functools import cache

import numpy as np
from numpy.typing import NDArray

from services.essentia.contract import SAMPLE_RATE
from services.essentia.engines.features.clip import Samples
from services.essentia.engines.features.sheet import Sheet

# Every second sample is looked at, so a step (92 samples) is 4.2 ms. A sub-frame has seven steps (29 ms), a frame seven
# sub-frames, of which all but the last are compared with the one before. A decay falls at three comparisons or more;
# one that falls at all five gets no estimate, as the authors' loop ends before it would make one.
STEP, STEPS_PER_PART, PARTS, FEWEST, MOST = 92, 7, 7, 3, 4
# Reverberation times that are told apart, s.
TIMES = np.arange(0.2, 1.15, 0.1)
# Decays that vote: 800 at 24 kHz, which the authors scale by the rate as they scale samples, and halve.
MEMORY = 735
# What is left of the distance to the vote after a step, and where the estimate starts (s).
SMOOTHING, FIRST_SECONDS = 0.995, 0.3
# Logistic regression on whether listeners heard reverberation (timbral_models 0.4.0): for each second, and at none.
SLOPE, OFFSET = 2.97126461, -1.45082989


def put(sheet: Sheet) -> None:
    """Fills the reverberation time, mean over the channels, and the probability that it is heard."""
    found = [estimate(channel) for channel in sheet.clip.channels]
    known = [seconds for seconds in found if seconds is not None]
    if known:
        mean = float(np.mean(known))
        sheet.groups["timbral"].put("reverberation_seconds", mean)
        sheet.groups["timbral"].put("reverberation", 100 / (1 + np.exp(-(SLOPE * mean + OFFSET))))


def estimate(samples: Samples) -> float | None:
    """Gives the mean of the smoothed estimates (s) after each decay; None where there is no decay."""
    half = samples[::2]
    steps = half[: half.size // STEP * STEP].reshape(-1, STEP)
    if len(steps) < PARTS * STEPS_PER_PART:
        return None
    starts, lengths = _decays(steps)
    smooth, last = FIRST_SECONDS, 0
    raw = FIRST_SECONDS
    votes, memory = np.zeros(TIMES.size), deque[int]()
    found = []
    for start, length in zip(starts, lengths, strict=True):
        # The estimate creeps towards the time that most of the last decays say, a step at a time.
        smooth = raw + (smooth - raw) * SMOOTHING ** (start - last)
        last = int(start)
        best = _likeliest(half[start * STEP : start * STEP + length * STEPS_PER_PART * STEP])
        votes[best] += 1
        memory.append(best)
        if len(memory) > MEMORY:
            votes[memory.popleft()] -= 1
        raw = float(TIMES[votes.argmax()])
        found.append(smooth)
    return float(np.mean(found)) if found else None


def _decays(steps: NDArray[np.float32]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Steps at which a decay begins, and its length in sub-frames."""
    count = len(steps) - STEPS_PER_PART + 1
    near = np.lib.stride_tricks.sliding_window_view
    size = STEP * STEPS_PER_PART
    sums = near(steps.sum(1, dtype=np.float64), STEPS_PER_PART).sum(1)
    squares = near(np.einsum("ij,ij->i", steps, steps, dtype=np.float64), STEPS_PER_PART).sum(1)
    spread = squares / size - np.square(sums / size)
    high, low = near(steps.max(1), STEPS_PER_PART).max(1), near(steps.min(1), STEPS_PER_PART).min(1)
    frames = count - (PARTS - 1) * STEPS_PER_PART
    falls = []
    for part in range(1, PARTS - 1):
        # Each sub-frame against the one before it: its variance, its greatest and its least sample must all shrink.
        now, before = (slice(at * STEPS_PER_PART, at * STEPS_PER_PART + frames) for at in (part, part - 1))
        falls.append((spread[now] < spread[before]) & (high[now] < high[before]) & (low[now] > low[before]))
    run = np.cumprod(np.stack(falls), axis=0).sum(0)
    starts = np.flatnonzero((run >= FEWEST) & (run <= MOST))
    return starts, run[starts]


def _likeliest(decay: Samples) -> int:
    """Place in TIMES of the likeliest reverberation time; see the module's docstring for the formula."""
    rates, growth = _growth()
    weighed = growth[:, : decay.size] @ np.abs(decay)
    spread = np.maximum(weighed / decay.size, 1e-30)
    return int(np.argmax(-decay.size * np.log(spread) - rates * (decay.size * (decay.size - 1) / 2)))


@cache
def _growth() -> tuple[NDArray[np.float64], NDArray[np.float32]]:
    """Rate of each decay, and what makes up for it sample by sample: (times, longest decay)."""
    # ln a for each time, at half the rate.
    rates = -3 * np.log(10) / (TIMES * SAMPLE_RATE / 2)
    return rates, np.exp(-rates[:, None] * np.arange(MOST * STEPS_PER_PART * STEP)).astype(np.float32)
