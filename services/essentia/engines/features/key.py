"""Names the key: compares the pitch classes of a clip with profiles of the 24 keys, and lets the profiles vote."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.essentia.engines.features.pitch_classes import TONICS

# KeyExtractor drops pitch classes below a fifth of the greatest.
GATE = 0.2
SCALES = ("major", "minor")
# Music tends to begin on its tonic, which is what tells a major key from its relative minor where both have the same
# chords. Worth this much correlation, and only between the two: what begins on another chord is not taken for its key.
OPENING = 0.1

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


@dataclass(frozen=True)
class Estimate:
    """What one profile says: tonic, scale, and its correlation with that key, -1 to 1."""

    profile: str
    tonic: str
    scale: str
    strength: float


@dataclass(frozen=True)
class Key:
    """What the profiles come to.

    Attributes:
        tonic: One of TONICS.
        scale: "major" or "minor".
        strength: Mean correlation of the profiles with it.
        agreement: Share of the profiles that name it, 0 to 1.
        second: (tonic, scale) of the runner-up.
        margin: Mean correlation less that of the runner-up; below 0 where the opening chord decided.
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
    """Pearson correlation of pitch classes (12,) with a profile of PROFILES: (24,), majors from C up, then minors."""
    greatest = classes.max()
    heard = np.where(classes < GATE * greatest, 0, classes) if greatest > 0 else classes
    heard = heard - heard.mean()
    length = np.linalg.norm(heard)
    if not length > 0:
        return np.zeros(24)
    keys = np.array([np.roll(weights, tonic) for weights in PROFILES[profile] for tonic in range(12)])
    keys -= keys.mean(1, keepdims=True)
    return np.asarray(keys @ heard / (np.linalg.norm(keys, axis=1) * length))


def vote(classes: NDArray[np.float64], profiles: Sequence[str], opening: str | None = None) -> Key:
    """The key with the greatest mean correlation over the profiles; its relative where the opening chord says so.

    Args:
        classes: Mean pitch classes (12,) from C up.
        profiles: One or more names of PROFILES.
        opening: First chord, such as "C" or "Ebm"; None where there is none.
    """
    fits = np.array([correlate(classes, profile) for profile in profiles])
    mean = fits.mean(0)
    weighed = mean.copy()
    if opening is not None:
        first = TONICS.index(opening.removesuffix("m")) + 12 * opening.endswith("m")
        if first in (leader := int(mean.argmax()), _relative(leader)):
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
        margin=float(mean[best] - mean[second]),
        estimates=estimates,
    )


def _relative(place: int) -> int:
    return (place + 9) % 12 + 12 if place < 12 else (place - 12 + 3) % 12


def _name(place: int) -> tuple[str, str]:
    return TONICS[place % 12], SCALES[place // 12]
