"""Writes songs of which tempo, key and chords are known: notes and drum strokes, no sound yet."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

TONICS = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
TEMPI = (65, 80, 96, 120, 140, 174)
GROOVES = ("eighths", "floor", "sixteenths", "arpeggio")
SONG_SECONDS, BEATS_A_BAR = 24.0, 4
MAJOR, MINOR = (0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 10)
# Chords as (semitones above the tonic, whether minor). A cadence names its key; a loop of four leaves it open whether
# the song is in the major key or in its relative minor.
PROGRESSIONS = {
    ("cadence", "major"): ((0, False), (5, False), (7, False), (0, False)),
    ("cadence", "minor"): ((0, True), (5, True), (7, False), (0, True)),
    ("loop", "major"): ((0, False), (7, False), (9, True), (5, False)),
    ("loop", "minor"): ((0, True), (8, False), (3, False), (10, False)),
    # These begin elsewhere than on the tonic, and come home.
    ("turnaround", "major"): ((2, True), (7, False), (0, False), (0, False)),
    ("turnaround", "minor"): ((5, True), (7, False), (0, True), (0, True)),
    ("late tonic", "major"): ((7, False), (5, False), (0, False), (0, False)),
    ("late tonic", "minor"): ((8, False), (10, False), (0, True), (0, True)),
    # To and fro between two chords; held out once, until it told that a dominant's direction was read wrongly.
    ("plagal", "major"): ((5, False), (0, False), (5, False), (0, False)),
    ("plagal", "minor"): ((5, True), (0, True), (10, False), (0, True)),
    # Held out: no rule and no number was made by these.
    ("held out: circle", "major"): ((0, False), (9, True), (2, True), (7, False)),
    ("held out: circle", "minor"): ((0, True), (8, False), (5, True), (7, False)),
    ("held out: deceptive", "major"): ((5, False), (7, False), (9, True), (0, False)),
    ("held out: deceptive", "minor"): ((5, True), (7, False), (8, False), (0, True)),
    ("held out: descent", "major"): ((0, False), (10, False), (5, False), (0, False)),
    ("held out: descent", "minor"): ((0, True), (10, False), (8, False), (7, False)),
    ("held out: canon", "major"): (
        *((0, False), (7, False), (9, True), (4, True)),
        *((5, False), (0, False), (5, False), (7, False)),
    ),
    ("held out: canon", "minor"): (
        *((0, True), (7, True), (8, False), (3, False)),
        *((5, True), (0, True), (5, True), (7, False)),
    ),
}
NAMES = tuple(dict.fromkeys(name for name, _ in PROGRESSIONS))
# Strokes of one bar of four beats: (beat, drum).
PATTERNS = {
    "eighths": [(b / 2, "hat") for b in range(8)] + [(0, "kick"), (2, "kick"), (1, "snare"), (3, "snare")],
    "floor": [(b, "kick") for b in range(4)] + [(b + 0.5, "hat") for b in range(4)] + [(1, "snare"), (3, "snare")],
    "sixteenths": [(b / 4, "hat") for b in range(16)] + [(0, "kick"), (2.5, "kick"), (1, "snare"), (3, "snare")],
    "arpeggio": [],
}


@dataclass(frozen=True)
class Note:
    """One note or stroke: seconds, MIDI number (or drum name in ``part``), velocity 0 to 127."""

    start: float
    seconds: float
    midi: int
    velocity: int
    part: str


@dataclass(frozen=True)
class Song:
    """What a song is; ``notes`` is what is played."""

    tonic: str
    scale: str
    bpm: float
    progression: str
    groove: str
    notes: tuple[Note, ...]


def songs(
    keys: int = 24,
    tempi_each: int = 3,
    first_chord: int = 0,
    progressions: tuple[str, ...] = ("cadence", "loop"),
) -> Iterator[Song]:
    """Songs over ``keys`` keys, the progressions and ``tempi_each`` tempi each, the grooves taken in turn.

    With another ``first_chord`` than 0 they do not begin on their tonic.
    """
    every = list(itertools.product(TONICS, ("major", "minor")))
    # 5 has no factor in common with 24, so that a few keys are not all neighbours.
    chosen = [every[(5 * index) % 24] for index in range(keys)]
    turn = 0
    for index, ((tonic, scale), progression) in enumerate(itertools.product(chosen, progressions)):
        for step in range(tempi_each):
            # 7 steps of 4 grooves and 6 tempi: every pair of the two comes up.
            bpm = TEMPI[(index + 2 * step + index // 6) % len(TEMPI)]
            groove = GROOVES[(turn + turn // 12) % len(GROOVES)]
            yield write(tonic, scale, bpm, progression, groove, turn, first_chord)
            turn += 1


def write(tonic: str, scale: str, bpm: float, progression: str, groove: str, seed: int, first_chord: int = 0) -> Song:
    """Writes SONG_SECONDS of music, one chord a bar of four beats."""
    rng, beat = np.random.default_rng(seed), 60 / bpm
    chords, root = PROGRESSIONS[progression, scale], TONICS.index(tonic)
    notes: list[Note] = []
    bars = int(SONG_SECONDS / (4 * beat))
    steps, place = (MAJOR if scale == "major" else MINOR), 7
    for bar in range(bars):
        above, minor = chords[(bar + first_chord) % len(chords)]
        triad = [root + above, root + above + (3 if minor else 4), root + above + 7]
        start = 4 * bar * beat
        notes += [Note(start, 4 * beat, 48 + tone % 12, 60, "strings") for tone in triad]
        notes += [Note(start + 2 * half * beat, 1.8 * beat, 36 + triad[0] % 12, 90, "bass") for half in range(2)]
        if groove == "arpeggio":
            for eighth in range(8):
                midi = 60 + triad[(0, 1, 2, 1)[eighth % 4]] % 12
                notes.append(Note(start + eighth * beat / 2, beat / 2, midi, 85 - 15 * (eighth % 2), "piano"))
        else:
            for each, tone in itertools.product(range(4), triad):
                notes.append(Note(start + each * beat, 0.9 * beat, 60 + tone % 12, 75, "piano"))
        for each in range(4):
            place = int(np.clip(place + rng.integers(-2, 3), 0, 13))
            tones = {tone % 12 for tone in triad}
            # On the first beat of a bar the melody rests on a chord tone.
            midi = 72 + root + 12 * (place // 7) + steps[place % 7]
            if each == 0:
                midi = min((m for m in range(midi - 6, midi + 7) if m % 12 in tones), key=lambda m: abs(m - midi))
            if rng.random() < 0.8 or each == 0:
                notes.append(Note(start + each * beat, 0.9 * beat, midi, 80, "flute"))
        for when, drum in PATTERNS[groove]:
            velocity = {"kick": 105, "snare": 95, "hat": 60 if when % 1 == 0 else 50}[drum]
            notes.append(Note(start + when * beat, 0.1, 0, velocity, drum))
    return Song(tonic, scale, bpm, progression, groove, tuple(notes))
