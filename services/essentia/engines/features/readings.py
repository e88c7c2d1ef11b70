"""Reads one stretch of music at every tempo that it may have, and says how likely each reading is.

Networks and estimators find the pulse of music; which multiple of it a listener counts is where each goes wrong in its
own way. So every tempo that any of them names is tried, with its octaves, thirds and halves of three: beats are laid by
the networks' activations at that tempo, and what lies on them and between them is measured. How much each measure
speaks for a reading was found by a logit model on played styles with known answers; bench/accuracy/calibrate.py does
it again, and says how right the rule is on styles that it never saw. Which of the strokes the beats of a reading lie on
is a second question, see phase.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.essentia.engines.features import bar_path, beat_path, phase
from services.essentia.engines.features.grid import BASS_HZ, BODY_HZ
from services.essentia.engines.features.tempo import Pulse, near

Numbers = NDArray[np.float64]

# What a tempo that somebody names may be of the right one.
RELATIVES = (1 / 4, 1 / 3, 1 / 2, 2 / 3, 3 / 4, 1.0, 4 / 3, 3 / 2, 2.0, 3.0, 4.0)
# Tempos that are tried, beats a minute; and how far the beats may be from the tempo that is tried.
SLOWEST, FASTEST, AROUND = 30.0, 300.0, 1.06
# What an estimator may name.
NAMED = (20.0, 400.0)
# Fewer beats are no reading.
FEWEST_BEATS = 4
# The tempo about which people's preferences lie, beats a minute; beyond the others a tempo becomes unlikely.
MIDDLE_BPM, FAST_BPM, SLOW_BPM = 110.0, 170.0, 50.0
# A stroke is looked for so many frames from its place.
REACH = 3
# A region in which less than one frame in a hundred rises has strokes all the same; those that rise by this are whole.
LEAST_RISE_DB = 1.0
WEIGHTS: Mapping[str, float] = {
    "earned": 0.509,
    "covered": 11.7,
    "activation": 8.19,
    "halves": 6.05,
    "thirds": 0.885,
    "every other": 1.91,
    "bars": 2.75,
    "threes": -2.88,
    "firsts": 3.53,
    "bass": 1.82,
    "body": 5.36,
    "bass between": -4.88,
    "bass at quarters": -9.52,
    "body at thirds": 3.82,
    "repeats": 2.12,
    "repeats in two": 3.91,
    "repeats in half": -1.18,
    "repeats in two thirds": 0.0272,
    "even": 1.45,
    "named": 0.139,
    "octaves": 0.381,
    "octaves squared": -2.54,
    "too fast": -4.01,
    "too slow": -2.65,
    "threes, faster": -1.62,
    "triplets, faster": -1.79,
}
"""What each measure adds to a reading's likelihood, nats for 1 of it."""


@dataclass(frozen=True)
class Stretch:
    """What is heard of some seconds of music.

    Attributes:
        activations: (frames, 3), beat, downbeat, neither; ``rate`` a second.
        rate: Frames a second.
        strokes: (3, stroke frames), how strong the strokes of bass, body and top are, 1 for the strongest.
        stroke_rate: Their frames a second.
        pulse: How the onset strength repeats.
        estimates: Tempos by who names them, beats a minute.
    """

    activations: Numbers
    rate: float
    strokes: Numbers
    stroke_rate: float
    pulse: Pulse
    estimates: Mapping[str, float]

    @property
    def beats(self) -> Numbers:
        """How likely each frame is a beat, whichever of the bar: (frames,)."""
        return np.asarray(self.activations[:, 0] + self.activations[:, 1])


@dataclass(frozen=True)
class Reading:
    """The stretch at one tempo.

    Attributes:
        bpm: Its tempo, from the first beat to the last.
        seconds: Its beats.
        measures: What was found on the beats and between them, by the names of WEIGHTS.
        triplets: How much stronger the strokes at thirds of the beats are than those at halves.
    """

    bpm: float
    seconds: Numbers
    measures: Mapping[str, float]
    triplets: float

    @property
    def likelihood(self) -> float:
        """How likely it is the right one, nats on a scale of the stretch's own."""
        return sum(weight * self.measures[name] for name, weight in WEIGHTS.items())


def strokes(rise: NDArray[np.float32], centres_hz: Numbers) -> Numbers:
    """Gives how strong bass, body and top rise, (3, frames): 0.5 for what one frame in a hundred exceeds."""
    regions = (centres_hz < BASS_HZ, (centres_hz >= BASS_HZ) & (centres_hz < BODY_HZ), centres_hz >= BODY_HZ)
    means = [rise[:, region].mean(1, dtype=np.float64) for region in regions]
    return np.array([mean / max(2 * float(np.percentile(mean, 99)), LEAST_RISE_DB) for mean in means])


def read(stretch: Stretch) -> list[Reading]:
    """Gives a reading for each tempo that may be right, the likeliest first; none where nothing can be counted."""
    beats = stretch.beats
    free = beat_path.find(beats, stretch.rate, SLOWEST, FASTEST).frames
    own = [60 * stretch.rate * (len(free) - 1) / float(free[-1] - free[0])] if len(free) > 2 else []
    tried: list[float] = []
    for named in (*own, *stretch.estimates.values()):
        for ratio in RELATIVES:
            bpm = named * ratio
            if SLOWEST <= bpm <= FASTEST and not any(near(bpm, other) for other in tried):
                tried.append(bpm)
    found = [reading for bpm in tried if (reading := _read(stretch, beats, bpm)) is not None]
    return sorted(found, key=lambda each: each.likelihood, reverse=True)


def firsts(stretch: Stretch, frames: NDArray[np.int64]) -> Numbers:
    """Tells of beats at frames (beats,) how likely each is the first of a bar, 0 to 1."""
    around, first = _widened(stretch.beats), _widened(stretch.activations[:, 1])
    return np.asarray(first[frames] / (around[frames] + 0.02))


def _read(stretch: Stretch, beats: Numbers, tried: float) -> Reading | None:
    path = beat_path.find(beats, stretch.rate, tried / AROUND, tried * AROUND)
    if len(path.frames) < FEWEST_BEATS:
        return None
    seconds = path.frames / stretch.rate
    bpm = 60 * (len(seconds) - 1) / float(seconds[-1] - seconds[0])
    measures = {
        "earned": path.score,
        **_heard(stretch, beats, path.frames),
        **_struck(stretch, seconds),
        **_repeated(stretch, bpm),
    }
    triplets, octaves = measures.pop("triplets"), float(np.log2(bpm / MIDDLE_BPM))
    measures |= {
        "octaves": octaves,
        "octaves squared": octaves**2,
        "too fast": max(0.0, float(np.log2(bpm / FAST_BPM))),
        "too slow": max(0.0, float(np.log2(SLOW_BPM / bpm))),
        "threes, faster": measures["threes"] * octaves,
        "triplets, faster": triplets * octaves,
    }
    return Reading(bpm, seconds, measures, triplets)


def _heard(stretch: Stretch, beats: Numbers, frames: NDArray[np.int64]) -> dict[str, float]:
    """What the networks say on the beats and between them, and how well bars fit."""
    around = _widened(beats)
    on, intervals = around[frames], np.diff(frames)

    def between(share: float) -> float:
        places = np.round(frames[:-1] + share * intervals).astype(int)
        return float(around[np.clip(places, 0, len(around) - 1)].mean())

    mean = float(on.mean())
    turns = sorted((float(on[0::2].mean()), float(on[1::2].mean())))
    likely = firsts(stretch, frames)
    share = float(likely.mean())
    low = max(share, 0.02), max(1 - share, 0.02)
    evenly = share * float(np.log(low[0])) + (1 - share) * float(np.log(low[1]))
    fits = {meter: bar_path.fit(likely, meter) - evenly for meter in bar_path.METERS}
    return {
        "covered": float(on.sum() / (beats.sum() + 1e-9)),
        "activation": mean,
        "halves": between(1 / 2) / (mean + 0.05),
        "thirds": (between(1 / 3) + between(2 / 3)) / 2 / (mean + 0.05),
        "every other": (turns[1] - turns[0]) / (turns[0] + turns[1] + 0.05),
        "bars": max(fits.values()),
        "threes": fits[3],
        "firsts": share,
    }


def _struck(stretch: Stretch, seconds: Numbers) -> dict[str, float]:
    """How strong the strokes are on the beats, by the phase that they have, and between them."""
    bass, body, top = range(3)
    intervals = np.diff(seconds)

    def at(*shares: float) -> Numbers:
        times = np.concatenate([seconds[:-1] + share * intervals for share in shares])
        frames = np.round(times * stretch.stroke_rate).astype(int)[:, None] + np.arange(-REACH, REACH + 1)
        inside = np.clip(frames, 0, stretch.strokes.shape[1] - 1)
        return np.asarray(stretch.strokes[:, inside].max(2).mean(1))

    late = phase.later(seconds, stretch.beats, stretch.rate, stretch.strokes[bass], stretch.stroke_rate)
    on, half = at(late), at(late + 1 / 2)
    quarters, thirds = at(late + 1 / 4, late + 3 / 4), at(late + 1 / 3, late + 2 / 3)
    return {
        "bass": float(on[bass]),
        "body": float(on[body]),
        "bass between": float(half[bass]),
        "bass at quarters": float(quarters[bass]),
        "body at thirds": float(thirds[body]),
        "triplets": float((thirds - half)[[body, top]].sum()),
    }


def _repeated(stretch: Stretch, bpm: float) -> dict[str, float]:
    """How well the sound repeats from beat to beat, and who names the tempo."""
    named = [near(other, bpm) for other in stretch.estimates.values()]
    return {
        "repeats": stretch.pulse.strength(bpm),
        "repeats in two": stretch.pulse.strength(bpm, 2),
        "repeats in half": stretch.pulse.strength(bpm, 0.5),
        "repeats in two thirds": stretch.pulse.strength(bpm, 2 / 3),
        "even": min(stretch.pulse.evenness(bpm), 2.0),
        "named": sum(named) / max(len(named), 1),
    }


def _widened(values: Numbers) -> Numbers:
    """The greatest of each frame and its two neighbours."""
    padded = np.pad(values, 1, mode="edge")
    return np.asarray(np.maximum(np.maximum(padded[:-2], padded[2:]), values))
