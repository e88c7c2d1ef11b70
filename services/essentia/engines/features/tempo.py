"""Settles on one tempo: estimators vote on the period, the onset strength decides on the octave.

Every estimator finds a period of the music; which multiple of it people would tap is where they go wrong. So the vote
is first between families of tempos that are double and half of each other, and then within the winning family.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# Tempos within 4 % count as the same, as in the field's evaluations.
SAME = 0.04
# What an estimate may be, and what is looked for where the caller does not say.
ESTIMATES, RANGE = (20.0, 400.0), (30.0, 300.0)
# Where people's preferred tempo lies, and its spread in octaves (Moelants 2002; librosa uses the same).
PREFERRED_BPM, PREFERRED_OCTAVES = 120.0, 1.0
# Notes and snares are here; what only marks time (hi-hats above, the kick below) is not.
MIDDLE_HZ = (250.0, 2500.0)
# A beat whose period is this much weaker than the double period in the middle band is no beat but a subdivision:
# rendered songs have 0.6 to 1.3 on the beat, and 0.2 to 0.5 on the eighths between. Weaker evidence overturns no vote.
SUBDIVISION = 0.4
# Where the estimators are split between two octaves, the faster one must be about as strong as the slower.
EVEN = 0.9
# A pulse that repeats itself this well at half the period is one train of equal strokes, such as a metronome's: the
# strokes are the beats.
TRAIN = 0.85
# The pulse half a beat on must also be nearly as strong as on the beat, or it is no train.
EQUAL = 0.9
# Autocorrelation below which there is no pulse to compare with.
NO_PULSE = 0.1
# Tempos of a family are so many times each other; an estimate agrees with a tempo "but for the octave" by RELATIVES.
OCTAVES = (1.0, 2.0, 0.5)
RELATIVES = (1.0, 2.0, 0.5, 3.0, 1 / 3)


class Pulse:
    """Autocorrelation of the onset strength.

    Args:
        rise: (frames, bands), how much each band rises, as onsets.rises gives it.
        centres_hz: (bands,), the bands' frequencies.
        frame_rate: Frames a second.
    """

    def __init__(self, rise: NDArray[np.float32], centres_hz: NDArray[np.float64], frame_rate: float) -> None:
        self._rate = frame_rate
        middle = (centres_hz >= MIDDLE_HZ[0]) & (centres_hz < MIDDLE_HZ[1])
        self._all, self._middle = _autocorrelate(rise), _autocorrelate(rise[:, middle])

    def strength(self, bpm: float, beats: float = 1.0) -> float:
        """Gives the autocorrelation at ``beats`` beats of a tempo, up to 1; 0 where the clip is too short to say."""
        return self._at(self._all, beats * 60 / bpm * self._rate)

    def comb(self, bpm: float) -> float:
        """Gives the mean strength at one, two and four beats: bars that repeat make a tempo likelier."""
        return float(np.mean([self.strength(bpm, beats) for beats in (1, 2, 4)]))

    def evenness(self, bpm: float) -> float:
        """Divides the strength at one beat by that at two, in the middle band; near 0 where a second beat is empty."""
        period = 60 / bpm * self._rate
        return self._at(self._middle, period) / max(self._at(self._middle, 2 * period), NO_PULSE)

    def bpm(self) -> float | None:
        """Gives the tempo of the strongest period, weighted by what people prefer; None where nothing repeats."""
        slow, fast = RANGE
        lags = np.arange(int(60 * self._rate / fast), int(60 * self._rate / slow) + 1)
        lags = lags[lags < len(self._all) - 1]
        if not len(lags):
            return None
        octaves = np.log2(60 * self._rate / lags / PREFERRED_BPM)
        weighted = np.maximum(self._all[lags], 0) * np.exp(-0.5 * (octaves / PREFERRED_OCTAVES) ** 2)
        best = int(lags[weighted.argmax()])
        if not weighted.max() > 0:
            return None
        before, at, after = self._all[best - 1 : best + 2]
        bend = before - 2 * at + after
        # The vertex of the parabola through the three.
        shift = float(np.clip((before - after) / (2 * bend), -0.5, 0.5)) if bend < 0 else 0.0
        return 60 * self._rate / (best + shift)

    def _at(self, values: NDArray[np.float64], lag: float) -> float:
        reach = max(1.0, lag * SAME / 2)
        first, last = max(1, round(lag - reach)), round(lag + reach)
        return float(values[first : last + 1].max(initial=-1.0)) if last < len(values) else 0.0


@dataclass(frozen=True)
class Alternative:
    """A tempo that was not chosen: the share of the estimators that name it, and how strong the pulse is, if known."""

    bpm: float
    agreement: float
    pulse_strength: float | None


@dataclass(frozen=True)
class Tempo:
    """What the estimators come to.

    Attributes:
        bpm: Beats a minute.
        agreement: Share of the estimators within 4 % of it, 0 to 1.
        octave_agreement: The same, double, half, triple and third allowed.
        alternatives: At most three, likeliest first.
    """

    bpm: float
    agreement: float
    octave_agreement: float
    alternatives: tuple[Alternative, ...]


def settle(
    estimates: Mapping[str, float], pulse: Pulse, slowest: float = RANGE[0], fastest: float = RANGE[1]
) -> Tempo | None:
    """Gives the tempo between ``slowest`` and ``fastest``; None where no estimate has a relative there.

    1. Families: the estimates' share for a tempo, its double and its half, and the mean comb of the pulse at them.
    2. Within the family the estimate that most name. Where any names another octave, the faster one if it is even.
    3. Down while the beats are subdivisions, up while the pulse is one train of equal strokes; both only to a tempo
       that an estimator names.
    4. Into the range, which the caller asked for.
    """
    named = list(estimates.values())
    if not named:
        return None
    first = max(named, key=lambda bpm: (round(_family(bpm, named, pulse), 9), share(bpm, named)))
    bpm = _adjust(_choose_octave(first, named, pulse), named, pulse, slowest, fastest)
    while bpm > fastest:
        bpm /= 2
    while bpm < slowest:
        bpm *= 2
    # Half and double can both lie outside a narrow range.
    if not slowest <= bpm <= fastest:
        return None
    return Tempo(
        bpm, share(bpm, named), share(bpm, named, RELATIVES), _alternatives(bpm, named, pulse, slowest, fastest)
    )


def near(one: float, other: float) -> bool:
    """Tells whether two tempos count as the same."""
    return abs(one - other) <= SAME * other


def _choose_octave(bpm: float, named: list[float], pulse: Pulse) -> float:
    for octave in (2.0, 0.5):
        if share(bpm * octave, named) > 0:
            faster = bpm * max(octave, 1.0)
            return faster if pulse.evenness(faster) >= EVEN else faster / 2
    return bpm


def _adjust(bpm: float, named: list[float], pulse: Pulse, slowest: float, fastest: float) -> float:
    # Only to what an estimator names: a tempo that none has heard is no answer. Twice at most: no estimator is off by
    # more than two octaves.
    for _ in range(2):
        if bpm / 2 >= slowest and share(bpm / 2, named) and pulse.evenness(bpm) < SUBDIVISION:
            bpm /= 2
    for _ in range(2):
        half = pulse.strength(bpm, 0.5)
        even = half > TRAIN and half >= EQUAL * pulse.strength(bpm)
        if bpm * 2 <= fastest and share(bpm * 2, named) and even:
            bpm *= 2
    return bpm


def _family(bpm: float, named: list[float], pulse: Pulse) -> float:
    members = [other for other in named if any(near(other * octave, bpm) for octave in OCTAVES)]
    return len(members) / len(named) + float(np.mean([pulse.comb(other) for other in members]))


def share(bpm: float, named: list[float], relatives: tuple[float, ...] = (1.0,)) -> float:
    """Gives the share of the tempos named that are ``bpm``, or that times one of ``relatives``."""
    return sum(any(near(other * ratio, bpm) for ratio in relatives) for other in named) / len(named)


def _alternatives(
    chosen: float, named: list[float], pulse: Pulse, slowest: float, fastest: float
) -> tuple[Alternative, ...]:
    found: list[Alternative] = []
    # The chosen tempo's octaves before the relatives of other estimates.
    relatives = [
        *named,
        *(chosen * ratio for ratio in RELATIVES),
        *(bpm * ratio for bpm in named for ratio in RELATIVES),
    ]
    for bpm in relatives:
        known = any(near(bpm, other) for other in (chosen, *(each.bpm for each in found)))
        if slowest <= bpm <= fastest and not known:
            found.append(Alternative(bpm, share(bpm, named), pulse.strength(bpm)))
    found.sort(key=lambda each: each.agreement, reverse=True)
    return tuple(found[:3])


def _autocorrelate(rise: NDArray[np.float32]) -> NDArray[np.float64]:
    # Smoothed over three frames, so that a period that is no whole number of frames keeps its strength.
    strength = np.convolve(rise.mean(1, dtype=np.float64), (0.25, 0.5, 0.25), "same")
    strength -= strength.mean()
    size = len(strength)
    spectrum = np.fft.rfft(strength, 2 * size)
    values = np.fft.irfft(spectrum.real**2 + spectrum.imag**2, 2 * size)[:size]
    if not values[0] > 0:
        return np.zeros(size)
    # Divided by the number of products, of which there are fewer at long lags.
    return np.asarray(values / values[0] * size / np.arange(size, 0, -1))
