"""Hears the notes of a voice that sounds alone, whatever its timbre: by its period, and not by its spectrum.

The pitch classes of a spectrum hold what overtones add, a fifth and a third above every note, and share a wavering
tone out over its neighbours: of 31 tunes they tell the key of 90 % as played by a flute, of 3 % by a violin. The period
of one voice is known almost exactly, and its notes are counted by how long they last.
"""

from __future__ import annotations

import itertools

import numpy as np
from numpy.typing import NDArray

from services.essentia.engines.features.pitch_classes import A4_HZ, SEMITONES_FROM_A_TO_C
from services.essentia.engines.features.sheet import HarmonicFrames

# YIN's confidence from which a frame has one pitch, and the share of the frames that sound which must have one: plucked
# strings have 0.5 at least, most others 0.8; drums below 0.35. Triads have one too, the period of all their notes:
# what has chords is not asked.
SURE, SHARE = 0.9, 0.4
# A note lasts so many frames (46 ms each), moves by no more from one to the next, and strays so much from its mean
# (semitones; vibrato strays 0.3). By such notes the grid is found; so much of what has a pitch must be in some, of a
# siren that glides hardly any is.
NOTE_FRAMES, STEP, STRAYS, FOR_THE_GRID = 3, 0.7, 0.45, 0.3
# How much they gather about the semitones of one grid, 1 for exactly: the tones of a telephone have 0.3, tunes 0.6 and
# more.
ON_GRID = 0.5
# Share of the frames with a pitch that must stay on a semitone of the grid for a note: speech has 0 to 0.35, tunes by
# ten instruments 0.44 and more.
IN_NOTES = 0.4
# A single pitch class is no voice: a chord of pure tones repeats itself like one note.
FEWEST = 2


def notes(frames: HarmonicFrames | None) -> NDArray[np.float64] | None:
    """Gives which pitch class sounds in each frame: (frames, 12) from C up, 1 or 0; None where no single voice sounds.

    Frames are those of pitch_classes.walk. The grid of semitones is the voice's own, whatever it is tuned to.
    """
    if frames is None:
        return None
    sure = (frames.pitch_hz > 0) & (frames.pitch_confidence > SURE)
    if not sure.any() or sure.mean() < SHARE:
        return None
    semitones = 12 * np.log2(np.where(sure, frames.pitch_hz, A4_HZ) / A4_HZ)
    grid = _grid(np.where(sure, semitones, np.nan))
    if grid is None:
        return None
    numbers = np.where(sure, np.round(semitones - grid), np.nan)
    held = np.zeros(len(sure), bool)
    for start, end in _runs(numbers, 0):
        held[start:end] = True
    if held.sum() < IN_NOTES * sure.sum():
        return None
    found = np.zeros((len(frames.sounding), 12))
    found[np.flatnonzero(frames.sounding)[held], (numbers[held].astype(int) - SEMITONES_FROM_A_TO_C) % 12] = 1
    return found if found.any(0).sum() >= FEWEST else None


def _grid(semitones: NDArray[np.float64]) -> float | None:
    """Gives how far the notes lie above whole semitones, -0.5 to 0.5; None where they lie on no grid."""
    sung = [(start, end) for start, end in _runs(semitones, STEP) if semitones[start:end].std() <= STRAYS]
    lengths = np.array([end - start for start, end in sung])
    if lengths.sum() < FOR_THE_GRID * np.count_nonzero(~np.isnan(semitones)):
        return None
    means = np.array([semitones[start:end].mean() for start, end in sung])
    # Places between two semitones as angles: their mean points to where the grid lies, the longer the more they agree.
    mean = complex((lengths * np.exp(2j * np.pi * means)).sum() / lengths.sum())
    return float(np.angle(mean)) / (2 * np.pi) if abs(mean) >= ON_GRID else None


def _runs(values: NDArray[np.float64], step: float) -> list[tuple[int, int]]:
    """Gives (first, end) of NOTE_FRAMES values or more that differ by ``step`` at most from one to the next; no NaN."""
    leaps = ~(np.abs(np.diff(values)) <= step)
    edges = [0, *(np.flatnonzero(leaps) + 1), len(values)]
    return [(start, end) for start, end in itertools.pairwise(edges) if end - start >= NOTE_FRAMES]
