"""Looks closer at chords that were followed: sevenths, and which of their notes is in the bass."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace

import numpy as np
from numpy.typing import NDArray

from services.essentia.contract import SAMPLE_RATE
from services.essentia.engines.features import bass
from services.essentia.engines.features.chords import NO_CHORD, Chord
from services.essentia.engines.features.pitch_classes import HOP, TONICS

# Semitones above the root.
QUALITIES: Mapping[str, tuple[int, ...]] = {
    "maj": (0, 4, 7),
    "min": (0, 3, 7),
    "7": (0, 4, 7, 10),
    "maj7": (0, 4, 7, 11),
    "min7": (0, 3, 7, 10),
    "dim": (0, 3, 6),
    "hdim7": (0, 3, 6, 10),
}
SEVENTHS = ("7", "maj7", "min7", "hdim7")
# Strength of a seventh over the mean of the triad, halfway between the upper quartile of triads without it and
# the lower one of chords with it (rendered, not held out). In a minor chord the third brings it by its overtones.
MINOR_SEVENTH_ON_MAJOR, MAJOR_SEVENTH_ON_MAJOR, MINOR_SEVENTH_ON_MINOR = 0.22, 0.35, 0.44
# Of the frames of a chord: the share in which its bass is the strongest low note, below which it has none.
IN_THE_BASS = 0.3
DEGREES = {3: "b3", 4: "3", 6: "b5", 7: "5", 10: "b7", 11: "7"}


def look(chords: Sequence[Chord], classes: NDArray[np.float64], low: NDArray[np.float64]) -> tuple[Chord, ...]:
    """Fills in quality and bass of chords.

    Args:
        chords: As chords.follow gives them.
        classes: The frames (frames, 12) that they were followed in.
        low: bass.walk's frames of the same audio.
    """
    return tuple(chord if chord.name == NO_CHORD else _looked(chord, classes, low) for chord in chords)


def message(chord: Chord) -> dict[str, object]:
    """Gives a chord by the names of the contract."""
    known: dict[str, object] = {name: value for name, value in asdict(chord).items() if value not in (None, "")}
    if chord.name == NO_CHORD:
        return {**known, "harte": NO_CHORD}
    root = chord.name.removesuffix("m")
    above = (TONICS.index(chord.bass) - TONICS.index(root)) % 12 if chord.bass else 0
    known["root"] = root
    if chord.quality:
        known["harte"] = f"{root}:{chord.quality}" + (f"/{DEGREES[above]}" if above else "")
    return known


def seventh(chord: Chord) -> bool:
    """Tells whether a chord has a seventh."""
    return chord.quality in SEVENTHS


def inverted(chord: Chord) -> bool:
    """Tells whether another of its notes than the root is in the bass."""
    return chord.bass not in ("", chord.name.removesuffix("m"))


def _looked(chord: Chord, classes: NDArray[np.float64], low: NDArray[np.float64]) -> Chord:
    root = TONICS.index(chord.name.removesuffix("m"))
    heard = np.roll(_stretch(chord, classes, HOP / SAMPLE_RATE).mean(0), -root)
    quality = _quality(heard, chord.name.endswith("m"))
    deep = _stretch(chord, low, bass.HOP_SECONDS)
    tones = [(root + step) % 12 for step in QUALITIES[quality]]
    shares = [float((deep[:, tone] > 0).mean()) for tone in tones]
    best = int(np.argmax(shares))
    return replace(chord, quality=quality, bass=TONICS[tones[best]] if shares[best] >= IN_THE_BASS else "")


def _quality(heard: NDArray[np.float64], minor: bool) -> str:
    """The quality by pitch classes (12,) from the root up."""
    if not minor:
        triad = heard[[0, 4, 7]].mean()
        dominant, major = heard[10] / triad - MINOR_SEVENTH_ON_MAJOR, heard[11] / triad - MAJOR_SEVENTH_ON_MAJOR
        if max(dominant, major) < 0:
            return "maj"
        return "7" if dominant >= major else "maj7"
    flat = heard[6] > heard[7]
    seventh = heard[10] / heard[[0, 3, 6 if flat else 7]].mean() >= MINOR_SEVENTH_ON_MINOR
    if flat:
        return "hdim7" if seventh else "dim"
    return "min7" if seventh else "min"


def _stretch(chord: Chord, frames: NDArray[np.float64], hop_seconds: float) -> NDArray[np.float64]:
    """The frames whose middles are within a chord, or the nearest one."""
    first, last = (round(time / hop_seconds) for time in (chord.start_seconds, chord.end_seconds))
    first = min(first, len(frames) - 1)
    return frames[first : max(last, first + 1)]
