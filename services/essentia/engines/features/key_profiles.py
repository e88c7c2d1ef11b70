"""The profiles of keys: how much each degree sounds in music of a key, and how well pitch classes fit that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.essentia.contract import USUAL_KEY_PROFILES

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
# KeyExtractor drops pitch classes below a fifth of the greatest; notes that were counted are all meant.
GATE = 0.2


@dataclass(frozen=True)
class Judges:
    """Profiles that are asked for a key.

    Attributes:
        asked: Names of PROFILES.
        deciding: Those of them that decide.
        gate: Pitch classes below this share of the greatest count as silent.
    """

    asked: tuple[str, ...]
    deciding: tuple[str, ...]
    gate: float = GATE

    def fit(self, classes: NDArray[np.float64]) -> NDArray[np.float64]:
        """Gives the mean correlation of the deciding ones with pitch classes (12,): (24,), as correlate."""
        return np.asarray(np.mean([correlate(classes, profile, self.gate) for profile in self.deciding], 0))


USUAL = Judges(USUAL_KEY_PROFILES, USUAL_KEY_PROFILES)
"""Those that decide where the caller names none."""
# The profile that was made of folk tunes, by notes that were counted, tells the key of most of them: of 31, as nine
# sounds play them, 98 %; of their middle parts 81 % (python -m bench.accuracy.melodies). The usual ones, by pitch
# classes, told 69 and 46 %.
OF_TUNES = Judges(("temperley", *USUAL_KEY_PROFILES), ("temperley",), gate=0.0)
"""Those for a voice that sounds alone, of which the usual ones are told beside the one that decides."""


def chosen(names: Sequence[str], single_voice: bool) -> Judges:
    """Gives the judges: by the names that the caller gave, or the usual ones, or those of a single voice."""
    if names:
        return Judges(tuple(names), tuple(names), OF_TUNES.gate if single_voice else GATE)
    return OF_TUNES if single_voice else USUAL


def correlate(classes: NDArray[np.float64], profile: str, gate: float = GATE) -> NDArray[np.float64]:
    """Correlates pitch classes (12,) with a profile of PROFILES, by Pearson: (24,), majors from C up, then minors."""
    greatest = classes.max()
    heard = np.where(classes < gate * greatest, 0, classes) if greatest > 0 else classes
    heard = heard - heard.mean()
    length = np.linalg.norm(heard)
    if not length > 0:
        return np.zeros(24)
    keys = np.array([np.roll(weights, tonic) for weights in PROFILES[profile] for tonic in range(12)])
    keys -= keys.mean(1, keepdims=True)
    return np.asarray(keys @ heard / (np.linalg.norm(keys, axis=1) * length))
