"""Puts the changes of chords onto the beats that are near."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from services.essentia.engines.features.chords import Chord

# Seconds within which a change is on a beat: frames of 0.1 s and 0.2 s of network and chroma tell it no better.
NEAR_SECONDS = 0.25


def on_beats(chords: Sequence[Chord], beats: NDArray[np.float64]) -> tuple[Chord, ...]:
    """Moves the changes between chords without gaps to the nearest of ascending beats (s), where one is near.

    What no time is left for between two changes goes; what is then the same on both sides is one chord.
    """
    if not len(beats) or not chords:
        return tuple(chords)
    found: list[Chord] = []
    for chord in chords:
        start = _nearest(chord.start_seconds, beats) if found else chord.start_seconds
        if found and start <= found[-1].start_seconds:
            start = found.pop().start_seconds
        if found and _same(found[-1], chord):
            continue
        found.append(replace(chord, start_seconds=start))
    ends = [*(each.start_seconds for each in found[1:]), chords[-1].end_seconds]
    return tuple(replace(each, end_seconds=end) for each, end in zip(found, ends, strict=True))


def _nearest(time: float, beats: NDArray[np.float64]) -> float:
    beat = float(beats[np.abs(beats - time).argmin()])
    return beat if abs(beat - time) <= NEAR_SECONDS else time


def _same(one: Chord, other: Chord) -> bool:
    return (one.name, one.quality, one.bass) == (other.name, other.quality, other.bass)
