"""Tells the diatonic mode of a key from its notes, and how two keys are related."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# Semitones above the tonic of the two degrees that part the modes of a scale, as the plain one has them and as another.
# Major: fourth and seventh. Minor: second and sixth; its seventh is raised and lowered in one and the same piece.
_DEGREES = {"major": ((5, 6), (11, 10)), "minor": ((2, 1), (8, 9))}
# By which of the two degrees are as in the plain scale.
_MODES = {
    "major": {(True, True): "ionian", (False, True): "lydian", (True, False): "mixolydian"},
    "minor": {(True, True): "aeolian", (False, True): "phrygian", (True, False): "dorian"},
}
# Semitones from the tonic of the major scale with the same notes up to that of the mode.
_ABOVE = {"ionian": 0, "dorian": 2, "phrygian": 4, "lydian": 5, "mixolydian": 7, "aeolian": 9}
# A degree whose two forms differ by less than this share of their sum leaves the mode open: songs of a plain scale and
# of a mode have 0.25 or more (rendered), a minor song that ends in major 0.13.
CLEAR = 0.2
# Both forms of a degree together, against the strongest pitch class, below which it does not sound: what an overtone
# or a drum leaves there is less.
SOUNDING = 0.15
RELATIONS = ("same", "relative", "parallel", "dominant", "subdominant", "other")


@dataclass(frozen=True)
class Mode:
    """A mode and how clear it is.

    Attributes:
        name: Of _ABOVE.
        margin: Difference of the two forms of the less clear degree, over their sum, CLEAR to 1.
    """

    name: str
    margin: float


def mode(classes: NDArray[np.float64], tonic: int, scale: str) -> Mode | None:
    """Tells the mode of a key by pitch classes (12,) from C up; None where they leave it open.

    Args:
        classes: Mean strength of each.
        tonic: Semitones above C.
        scale: "major" or "minor".
    """
    degrees = np.roll(classes, -tonic)
    greatest, plain, margins = float(degrees.max()), [], []
    for usual, other in _DEGREES[scale]:
        both = float(degrees[usual] + degrees[other])
        if not both > SOUNDING * greatest:
            return None
        plain.append(bool(degrees[usual] > degrees[other]))
        margins.append(abs(float(degrees[usual] - degrees[other])) / both)
    name = _MODES[scale].get((plain[0], plain[1]))
    return Mode(name, min(margins)) if name is not None and min(margins) >= CLEAR else None


def collection(place: int, name: str) -> int:
    """Gives the tonic (semitones above C) of the major scale that has the notes of a mode on ``place``."""
    return (place - _ABOVE[name]) % 12


def relation(place: int, other: int) -> str:
    """Says what key ``other`` is to key ``place``, both 0 to 23 with the minors from 12 on: one of RELATIONS."""
    if place == other:
        return "same"
    if other == relative(place):
        return "relative"
    apart, alike = (other - place) % 12, place // 12 == other // 12
    if not apart:
        return "parallel"
    return {7: "dominant", 5: "subdominant"}.get(apart, "other") if alike else "other"


def relative(place: int) -> int:
    """Gives the key with the same notes, both 0 to 23 with the minors from 12 on."""
    return (place + 9) % 12 + 12 if place < 12 else (place - 12 + 3) % 12
