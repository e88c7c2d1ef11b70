"""Names the key by the pitch classes of a clip, its chords and how they follow one another."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.essentia.engines.features.chords import NO_CHORD, Chord
from services.essentia.engines.features.pitch_classes import TONICS

# KeyExtractor drops pitch classes below a fifth of the greatest.
GATE = 0.2
SCALES = ("major", "minor")
# Both stand in the middle of the range in which no set of bench/accuracy changes but those that are held out (0.25 to
# 0.5, 0.1 to 0.3). What a dominant (the major triad a fifth above) resolves to is the tonic: worth this much where each
# succession of two chords is such a cadence.
CADENCE = 0.4
# Music tends to begin on its tonic, which is what tells a major key from its relative minor where both have the same
# chords. Worth this much, and only between the two: what begins on another chord is not taken for its key.
OPENING = 0.2
CHORDAL = 0.5

# Weight of the twelve degrees in major and in minor, tonic first. edma and bgate: Faraldo et al. 2016, 2017; temperley:
# Temperley 1999; krumhansl: Krumhansl and Kessler 1982; shaath: Sha'ath 2011. Numbers as in Essentia's Key.
PROFILES: Mapping[str, tuple[tuple[float, ...], tuple[float, ...]]] = {
    "edma": (
        (1.00, 0.29, 0.50, 0.40, 0.60, 0.56, 0.32, 0.80, 0.31, 0.45, 0.42, 0.39),
        (1.00, 0.31, 0.44, 0.58, 0.33, 0.49, 0.29, 0.78, 0.43, 0.29, 0.53, 0.32),
    ),
    "bgate": (
        (1.00, 0.00, 0.42, 0.00, 0.53, 0.37, 0.00, 0.77, 0.00, 0.38, 0.21, 0.30),
        (1.00, 0.00, 0.36, 0.39, 0.00, 0.38, 0.00, 0.74, 0.27, 0.00, 0.42, 0.23),
    ),
    "temperley": (
        (5.0, 2.0, 3.5, 2.0, 4.5, 4.0, 2.0, 4.5, 2.0, 3.5, 1.5, 4.0),
        (5.0, 2.0, 3.5, 4.5, 2.0, 4.0, 2.0, 4.5, 3.5, 2.0, 1.5, 4.0),
    ),
    "krumhansl": (
        (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88),
        (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17),
    ),
    "shaath": (
        (6.6, 2.0, 3.5, 2.3, 4.6, 4.0, 2.5, 5.2, 2.4, 3.7, 2.3, 3.4),
        (6.5, 2.7, 3.5, 5.4, 2.6, 3.5, 2.5, 5.2, 4.0, 2.7, 4.3, 3.2),
    ),
}


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


@dataclass(frozen=True)
class Estimate:
    """What one profile says: tonic, scale, and its correlation with that key, -1 to 1."""

    profile: str
    tonic: str
    scale: str
    strength: float


@dataclass(frozen=True)
class Key:
    """What profiles and chords come to.

    Attributes:
        tonic: One of TONICS.
        scale: "major" or "minor".
        strength: Mean correlation of the profiles with it.
        agreement: Share of the profiles that name it, 0 to 1.
        second: (tonic, scale) of the runner-up.
        margin: How much more it fits than the runner-up, by all that counts, 0 or more.
        estimates: What each says.
    """

    tonic: str
    scale: str
    strength: float
    agreement: float
    second: tuple[str, str]
    margin: float
    estimates: tuple[Estimate, ...]


def correlate(classes: NDArray[np.float64], profile: str) -> NDArray[np.float64]:
    """Correlates pitch classes (12,) with a profile of PROFILES, by Pearson: (24,), majors from C up, then minors."""
    greatest = classes.max()
    heard = np.where(classes < GATE * greatest, 0, classes) if greatest > 0 else classes
    heard = heard - heard.mean()
    length = np.linalg.norm(heard)
    if not length > 0:
        return np.zeros(24)
    keys = np.array([np.roll(weights, tonic) for weights in PROFILES[profile] for tonic in range(12)])
    keys -= keys.mean(1, keepdims=True)
    return np.asarray(keys @ heard / (np.linalg.norm(keys, axis=1) * length))


def correlate_chords(chords: Sequence[Chord]) -> NDArray[np.float64]:
    """Correlates the time that each triad lasts with TRIADS, by Pearson: (24,) as ``correlate``; 0 without chords."""
    seconds = np.zeros(24)
    for chord in chords:
        seconds[_place(chord.name)] += chord.end_seconds - chord.start_seconds
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
    places = [place for place, _ in itertools.groupby(_place(chord.name) for chord in chords)]
    successions = Counter(itertools.pairwise(places))
    shares = np.zeros(24)
    for tonic in range(24):
        dominant = (tonic + 7) % 12
        excess = successions[dominant, tonic] - successions[tonic, dominant]
        shares[tonic] = max(0, excess) / max(1, successions.total())
    return shares


def vote(classes: NDArray[np.float64], profiles: Sequence[str], chords: Sequence[Chord] = ()) -> Key:
    """Gives the key that fits pitch classes and chords best; its relative where the first chord says so.

    Pitch classes (mean correlation over the profiles) and chords count the same; CADENCE and OPENING come on top.
    Without chords, or where they sound for less than CHORDAL of the time, pitch classes decide alone: one voice is
    judged by its notes.

    Args:
        classes: Mean pitch classes (12,) from C up.
        profiles: One or more names of PROFILES.
        chords: As chords.follow gives them.
    """
    fits = np.array([correlate(classes, profile) for profile in profiles])
    mean = weighed = fits.mean(0)
    sounding = [chord for chord in chords if chord.name != NO_CHORD]
    seconds = [sum(chord.end_seconds - chord.start_seconds for chord in each) for each in (sounding, chords)]
    if sounding and seconds[0] >= CHORDAL * seconds[1]:
        weighed = (mean + correlate_chords(sounding)) / 2 + CADENCE * cadences(sounding)
        # Only between the best key and its relative, which have the same chords: see OPENING.
        first = _place(sounding[0].name)
        if first in (leader := int(weighed.argmax()), _relative(leader)):
            weighed[first] += OPENING
    second, best = (int(place) for place in np.argsort(weighed, kind="stable")[-2:])
    estimates = tuple(
        Estimate(profile, *_name(int(fit.argmax())), float(fit.max()))
        for profile, fit in zip(profiles, fits, strict=True)
    )
    tonic, scale = _name(best)
    return Key(
        tonic=tonic,
        scale=scale,
        strength=float(mean[best]),
        agreement=sum((each.tonic, each.scale) == (tonic, scale) for each in estimates) / len(estimates),
        second=_name(second),
        margin=float(weighed[best] - weighed[second]),
        estimates=estimates,
    )


def _relative(place: int) -> int:
    return (place + 9) % 12 + 12 if place < 12 else (place - 12 + 3) % 12


def _place(chord: str) -> int:
    return TONICS.index(chord.removesuffix("m")) + 12 * chord.endswith("m")


def _name(place: int) -> tuple[str, str]:
    return TONICS[place % 12], SCALES[place // 12]
