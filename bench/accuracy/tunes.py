"""Tunes that many people know, as degrees and lengths: what a single voice sings of them is all that there is.

They are written down by ear, most of them once through; where a tune is told with other notes elsewhere, its key is the
same. No rule and no number of the service was made by them but that one profile of five decides about single voices.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Tune:
    """A tune: its name, "major" or "minor", and its notes, semitones above the tonic with ":" and beats where not 1."""

    name: str
    scale: str
    notes: str

    def parsed(self, middle: bool = False) -> list[tuple[int, float]]:
        """The notes as (semitones, beats); of the middle alone where a fifth of them is left out at each end."""
        pairs = (each.partition(":") for each in self.notes.split())
        found = [(int(degree), float(beats or 1)) for degree, _, beats in pairs]
        left_out = len(found) // 5 if middle else 0
        return found[left_out : len(found) - left_out]


TUNES = (
    Tune("Ode to joy", "major", "4 4 5 7 7 5 4 2 0 0 2 4 4:1.5 2:0.5 2:2 4 4 5 7 7 5 4 2 0 0 2 4 2:1.5 0:0.5 0:2"),
    Tune(
        "Twinkle, twinkle", "major",
        "0 0 7 7 9 9 7:2 5 5 4 4 2 2 0:2 7 7 5 5 4 4 2:2 7 7 5 5 4 4 2:2 0 0 7 7 9 9 7:2 5 5 4 4 2 2 0:2",
    ),
    Tune(
        "Greensleeves", "minor",
        "0 3:2 5 7:1.5 9:0.5 7 5:2 2 -2:1.5 0:0.5 2 3:2 0 0:1.5 -1:0.5 0 2:2 -1 -5:2 0 3:2 5 7:1.5 9:0.5 7 5:2 2 "
        "-2:1.5 0:0.5 2 3:1.5 2:0.5 0 -1:1.5 -3:0.5 -1 0:3",
    ),
    Tune(
        "Frère Jacques", "major",
        "0 2 4 0 0 2 4 0 4 5 7:2 4 5 7:2 7:0.5 9:0.5 7:0.5 5:0.5 4 0 7:0.5 9:0.5 7:0.5 5:0.5 4 0 0 -5 0:2 0 -5 "
        "0:2",
    ),
    Tune("Mary had a little lamb", "major", "4 2 0 2 4 4 4:2 2 2 2:2 4 7 7:2 4 2 0 2 4 4 4 4 2 2 4 2 0:4"),
    Tune("London Bridge", "major", "7:1.5 9:0.5 7 5 4 5 7:2 2 4 5:2 4 5 7:2 7:1.5 9:0.5 7 5 4 5 7:2 2:2 7:2 4 0:3"),
    Tune("Hänschen klein", "major", "7 4 4:2 5 2 2:2 0 2 4 5 7 7 7:2 7 4 4:2 5 2 2:2 0 4 7 7 0:4"),
    Tune("Korobeiniki", "minor", "7:2 2 3 5:2 3 2 0:2 0 3 7:2 5 3 2:3 3 5:2 7:2 3:2 0:2 0:4"),
    Tune(
        "Jingle bells", "major",
        "4 4 4:2 4 4 4:2 4 7 0:1.5 2:0.5 4:4 5 5 5:1.5 5:0.5 5 4 4 4:0.5 4:0.5 4 2 2 4 2:2 7:2 4 4 4:2 4 4 4:2 4 "
        "7 0:1.5 2:0.5 4:4 5 5 5:1.5 5:0.5 5 4 4 4:0.5 4:0.5 7 7 5 2 0:4",
    ),
    Tune(
        "Bella ciao", "minor",
        "-5:0.5 0:0.5 2:0.5 3:0.5 0:2 -5:0.5 0:0.5 2:0.5 3:0.5 0:2 -5:0.5 0:0.5 2:0.5 3 2:0.5 0:0.5 3 2:0.5 0:0.5 "
        "7 7 7 7:0.5 7:0.5 7:0.5 5:0.5 7:0.5 8:0.5 8:2 8:0.5 7:0.5 5:0.5 8:0.5 7:2 7:0.5 5:0.5 3:0.5 2:0.5 7 2 3 "
        "0:3",
    ),
    Tune(
        "Row, row, row your boat", "major",
        "0:1.5 0:1.5 0 2:0.5 4:1.5 4 2:0.5 4 5:0.5 7:3 12:0.5 12:0.5 12:0.5 7:0.5 7:0.5 7:0.5 4:0.5 4:0.5 4:0.5 "
        "0:0.5 0:0.5 0:0.5 7 5:0.5 4 2:0.5 0:3",
    ),
    Tune("Yankee Doodle", "major", "0 0 2 4 0 4 2 -5 0 0 2 4 0:2 -1:2 0 0 2 4 5 4 2 0 -1 -5 -3 -1 0:2 0:2"),
    Tune(
        "Auld lang syne", "major",
        "-5 0:1.5 0:0.5 0 4 2:1.5 0:0.5 2 4 0:1.5 0:0.5 4 7 9:3 9 7:1.5 4:0.5 4 0 2:1.5 0:0.5 2 4 0:1.5 -3:0.5 -3 "
        "-5 0:3",
    ),
    Tune(
        "Amazing grace", "major",
        "-5 0:2 4:0.5 0:0.5 4:2 2 0:2 -3 -5:2 -5 0:2 4:0.5 0:0.5 4:2 2 7:5 4 7:2 4:0.5 0:0.5 4:2 2 0:2 -3 -5:2 -5 "
        "0:2 4:0.5 0:0.5 4:2 2 0:5",
    ),
    Tune(
        "Happy birthday", "major",
        "-5:0.75 -5:0.25 -3 -5 0 -1:2 -5:0.75 -5:0.25 -3 -5 2 0:2 -5:0.75 -5:0.25 7 4 0 -1 -3:2 5:0.75 5:0.25 4 0 "
        "2 0:3",
    ),
    Tune(
        "Silent night", "major",
        "7:1.5 9:0.5 7 4:3 7:1.5 9:0.5 7 4:3 14:2 14 11:3 12:2 12 7:3 9:2 9 12:1.5 11:0.5 9 7:1.5 9:0.5 7 4:3 "
        "14:2 14 17:1.5 14:0.5 11 12:3 16:3 12 7 4 7:1.5 5:0.5 2 0:5",
    ),
    Tune(
        "Scarborough Fair", "minor",
        "0:2 0 7:2 7 2:1.5 3:0.5 2 0:3 7 10:2 12 10 7 9 5:3 7:3 12:3 12 10:2 7 7 5 3 2:2 -2 0:2 7 5 3 2 0 -2 0:4",
    ),
    Tune(
        "Kalinka", "minor",
        "7 5:0.5 3:0.5 5 3:0.5 2:0.5 3 2:0.5 0:0.5 7:2 7 5:0.5 3:0.5 5 3:0.5 2:0.5 3 2:0.5 0:0.5 0:2",
    ),
    Tune("Kumbaya", "major", "0 4 7:2 7 7 9 9 7:2 0 4 7:2 7 7 5 4 2:3 0 4 7:2 7 7 9 9 7:2 5 4 0 2 2 0:4"),
    Tune("Old MacDonald", "major", "0 0 0 -5 -3 -3 -5:2 4 4 2 2 0:3 -5 0 0 0 -5 -3 -3 -5:2 4 4 2 2 0:4"),
    Tune(
        "When the saints go marching in", "major",
        "0 4 5 7:5 0 4 5 7:5 0 4 5 7:2 4:2 0:2 4:2 2:5 4 4 2 0:3 0 4:2 7 7 7 5:4 4 5 7:2 4:2 0:2 2:2 0:5",
    ),
    Tune(
        "Oh! Susanna", "major",
        "0:0.5 2:0.5 4 7 7:1.5 9:0.5 7 4 0:1.5 2:0.5 4 4 2 0 2:3 0:0.5 2:0.5 4 7 7:1.5 9:0.5 7 4 0:1.5 2:0.5 4 4 "
        "2 2 0:4",
    ),
    Tune(
        "Oh my darling, Clementine", "major",
        "0:0.5 0:0.5 0 -5 4:0.5 4:0.5 4 0 0:0.5 4:0.5 7:1.5 7:0.5 5:0.5 4:0.5 2:2 2:0.5 4:0.5 5 5 4:0.5 2:0.5 4 0 "
        "0:0.5 4:0.5 2:1.5 -5:0.5 -1:0.5 2:0.5 0:2",
    ),
    Tune("Sumer is icumen in", "major", "12:2 11 9:2 11 12:2 11 9 7:3 4:2 5 7:2 5 4:2 4 0:3"),
    Tune(
        "Wellerman", "minor",
        "-5:0.5 0:0.5 0:0.5 0:0.5 0 3 7 7 7 8:0.5 5:0.5 5:0.5 8:0.5 0 7 7 -5:0.5 0 0:0.5 0:0.5 0:0.5 3:0.5 7 7 7 "
        "5:0.5 3:0.5 3:0.5 2:0.5 2 0:2",
    ),
    Tune(
        "Drunken sailor", "minor",
        "7 7:0.5 7:0.5 7 7:0.5 7:0.5 7 0 3 7 5 5:0.5 5:0.5 5 5:0.5 5:0.5 5 -2 2 5 7 7:0.5 7:0.5 7 7:0.5 7:0.5 7 9 "
        "10 12 10 7 5 2 0:2 0:2",
    ),
    Tune(
        "God rest ye merry, gentlemen", "minor",
        "0 0 7 7 5 3 2 0 -2 0 2 3 5 7:3 0 0 7 7 5 3 2 0 -2 0 2 3 5 7:3 7 8 5 7 8 10 12 7 5 3 0 2 3 5:2 3 5 7:2 8 "
        "7 7 5 3 2 0:2",
    ),
    Tune(
        "We three kings", "minor",
        "7:2 5 3:2 0 2 3 2 0:3 7:2 5 3:2 0 2 3 2 0:3 3:2 3 5:2 5 7:2 7 10 8 7 5 7 5 3:2 2 0:3",
    ),
    Tune(
        "Sakura", "minor",
        "0 0 2:2 0 0 2:2 0 2 3 2 0 2:0.5 0:0.5 -4:2 -5 -9 -5 -4 -5 -5:0.5 -9:0.5 -10:2 0 0 2:2 0 0 2:2 0:4",
    ),
    Tune("A minor scale", "minor", "0 2 3 5 7 8 7 5 3 2 0:2 -1 0:2 7 5 3 2 0:2"),
    Tune("A major scale", "major", "0 2 4 5 7 9 11 12 11 9 7 5 4 2 0:2"),
)  # fmt: skip
"""All of them."""
