"""Writes songs of which keys, chords and sections are known from beginning to end: notes and strokes, no sound yet.

Those of HELD_OUT have progressions, forms, instruments and tempi of their own: no rule and no number was made by them.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from bench.accuracy.songs import PATTERNS, TONICS, Note

QUALITIES: Mapping[str, tuple[int, ...]] = {
    "maj": (0, 4, 7), "min": (0, 3, 7), "7": (0, 4, 7, 10), "maj7": (0, 4, 7, 11), "min7": (0, 3, 7, 10),
    "hdim7": (0, 3, 6, 10),
}  # fmt: skip
DEGREES = {3: "b3", 4: "3", 6: "b5", 7: "5", 10: "b7", 11: "7"}
SCALES: Mapping[str, tuple[int, ...]] = {
    "ionian": (0, 2, 4, 5, 7, 9, 11), "dorian": (0, 2, 3, 5, 7, 9, 10), "phrygian": (0, 1, 3, 5, 7, 8, 10),
    "lydian": (0, 2, 4, 6, 7, 9, 11), "mixolydian": (0, 2, 4, 5, 7, 9, 10), "aeolian": (0, 2, 3, 5, 7, 8, 10),
}  # fmt: skip
MAJOR_MODES = ("ionian", "lydian", "mixolydian")
# A chord a bar: semitones above the tonic, quality, and what is in the bass, in semitones above the root. "|" is read
# as nothing: it parts the phrases for the eye.
PROGRESSIONS: Mapping[str, tuple[str, ...]] = {
    "ionian": (
        "0:maj 9:min 5:maj 7:maj",
        "0:maj7 9:min7 2:min7 7:7",
        "5:maj 7:7 0:maj 0:maj/4",
        "0:maj 7:maj/4 9:min 5:maj",
        "2:min7 7:7 0:maj7 9:min",
    ),
    "aeolian": (
        "0:min 8:maj 3:maj 10:maj",
        "0:min7 5:min7 7:7 0:min",
        "0:min 10:maj 8:maj7 7:7",
        "0:min 7:7/4 0:min/3 5:min",
        "5:min 7:7 0:min 0:min",
    ),
    "dorian": ("0:min7 5:7 0:min7 5:7", "0:min 10:maj 5:maj 0:min", "0:min 5:maj 0:min 5:maj"),
    "phrygian": ("0:min 1:maj 0:min 10:min", "0:min 1:maj 3:maj 1:maj", "0:min 1:maj7 0:min 1:maj"),
    "lydian": ("0:maj 2:maj 0:maj 7:maj", "0:maj7 2:maj 0:maj7 2:maj", "0:maj 2:maj 11:min 0:maj"),
    "mixolydian": ("0:maj 10:maj 5:maj 0:maj", "0:7 5:maj 10:maj 0:maj", "0:maj 10:maj 0:maj 5:maj"),
}
HELD_OUT_PROGRESSIONS: Mapping[str, tuple[str, ...]] = {
    "ionian": (
        "0:maj 4:min 5:maj 7:7",
        "0:maj/7 7:7 0:maj 5:maj/4",
        "9:min7 5:maj7 0:maj 7:maj",
        "0:maj 5:min 0:maj 7:7",
    ),
    "aeolian": (
        "0:min 5:min/3 7:7 0:min",
        "0:min 3:maj 8:maj7 7:7/10",
        "0:min7 2:hdim7 7:7 0:min7",
        "0:min 10:maj/4 8:maj 7:maj",
    ),
    "dorian": ("0:min7 5:maj/4 0:min7 10:maj", "0:min 2:min 5:maj 0:min"),
    "phrygian": ("0:min 10:min 1:maj 0:min", "0:min7 1:maj/4 0:min7 1:maj"),
    "lydian": ("0:maj 2:maj/4 7:maj 0:maj", "0:maj 9:min 2:maj 0:maj"),
    "mixolydian": ("0:maj 7:min 10:maj 0:maj", "0:maj 5:maj/7 10:maj 0:7"),
}
FORMS, HELD_OUT_FORMS = ("ABAB", "AABA", "ABABCB", "ABAC"), ("ABCABC", "AABB", "ABACA", "ABCB")
# General MIDI programs of the four parts.
BANDS = (
    {"piano": 0, "bass": 33, "strings": 48, "flute": 73},
    {"piano": 4, "bass": 32, "strings": 89, "flute": 65},
    {"piano": 25, "bass": 34, "strings": 52, "flute": 56},
)
HELD_OUT_BANDS = (
    {"piano": 24, "bass": 38, "strings": 19, "flute": 71},
    {"piano": 1, "bass": 35, "strings": 61, "flute": 79},
    {"piano": 27, "bass": 33, "strings": 50, "flute": 40},
)
TEMPI, HELD_OUT_TEMPI = (84, 100, 118, 132), (77, 92, 109, 144)
BEATS_A_BAR = 4


@dataclass(frozen=True)
class Sounding:
    """A chord: where, and what as Harte et al. (2005) write it; ``root`` in semitones above C."""

    start: float
    end: float
    harte: str
    root: int
    intervals: tuple[int, ...]
    bass: int


@dataclass(frozen=True)
class Plan:
    """What a song is to be.

    Attributes:
        tonic: Semitones above C of its beginning.
        mode: One of SCALES.
        form: Letters of its sections.
        section_bars: Bars of each, a multiple of four.
        bpm: Tempo.
        seed: Of all that is left to chance.
        keys: (section from which on, semitones above ``tonic``, mode) where the key changes.
        held_out: Whether the material is the one that nothing was made by.
        sparse: Whether it is played without drums.
    """

    tonic: int
    mode: str
    form: str = "ABAB"
    section_bars: int = 4
    bpm: float = 100.0
    seed: int = 0
    keys: tuple[tuple[int, int, str], ...] = ()
    held_out: bool = False
    sparse: bool = False


@dataclass(frozen=True)
class HarmonySong:
    """A song and all that is true of it; ``keys`` are (start, end, tonic, mode), ``sections`` (start, end, letter)."""

    plan: Plan
    notes: tuple[Note, ...]
    seconds: float
    chords: tuple[Sounding, ...]
    keys: tuple[tuple[float, float, str, str], ...]
    sections: tuple[tuple[float, float, str], ...]
    programs: Mapping[str, int]


def scale_of(mode: str) -> str:
    """Says which of major and minor a mode is counted as."""
    return "major" if mode in MAJOR_MODES else "minor"


def parse(text: str, tonic: int, start: float, end: float) -> Sounding:
    """Reads one chord of a progression, such as "7:7/4", in a key."""
    head, _, bass = text.partition("/")
    above, _, quality = head.partition(":")
    root = (tonic + int(above)) % 12
    name = f"{TONICS[root]}:{quality}" + (f"/{DEGREES[int(bass)]}" if bass else "")
    return Sounding(start, end, name, root, QUALITIES[quality], (root + int(bass or 0)) % 12)


def plans(kind: str, count: int, held_out: bool = False) -> Iterator[Plan]:
    """Plans ``count`` songs of a kind: "songs", "modes", "changes" of key, or "forms"."""
    forms, tempi = (HELD_OUT_FORMS, HELD_OUT_TEMPI) if held_out else (FORMS, TEMPI)
    for index in range(count):
        tonic, seed = (5 * index + 3 * held_out) % 12, 100 * held_out + index
        bpm, mode = float(tempi[index % len(tempi)]), ("ionian", "aeolian")[index // 2 % 2]
        if kind == "modes":
            mode = ("dorian", "mixolydian", "lydian", "phrygian")[index % 4]
            yield Plan(tonic, mode, "AABA", 4, bpm, seed, held_out=held_out)
        elif kind == "changes":
            away = (2, 7, 3, 9, 1, 5)[index % 6]
            other = ("aeolian" if mode == "ionian" else "ionian") if away in (3, 9) else mode
            at = (2, 3)[index % 2] if not held_out else (3, 2)[index % 2]
            yield Plan(tonic, mode, "ABAB" + "A" * (index % 3 == 0), 8, bpm, seed, ((at, away, other),), held_out)
        else:
            form = forms[index % len(forms)]
            yield Plan(tonic, mode, form, 8 if kind == "forms" else 4, bpm, seed, (), held_out, index % 5 == 4)


def write(plan: Plan) -> HarmonySong:
    """Writes a song by its plan."""
    rng, beat = np.random.default_rng(plan.seed), 60 / plan.bpm
    bands = HELD_OUT_BANDS if plan.held_out else BANDS
    parts = {letter: _Part(plan, number, rng) for number, letter in enumerate(sorted(set(plan.form)))}
    notes: list[Note] = []
    chords: list[Sounding] = []
    sections, keys = [], []
    start, key = 0.0, (0, plan.mode)
    for place, letter in enumerate(plan.form):
        key = next(((away, mode) for at, away, mode in plan.keys if at == place), key)
        tonic = (plan.tonic + key[0]) % 12
        bars = list(itertools.islice(itertools.cycle(parts[letter].progression(key[1])), plan.section_bars))
        end = start + plan.section_bars * BEATS_A_BAR * beat
        sections.append((start, end, letter))
        if keys and keys[-1][2:] == (TONICS[tonic], key[1]):
            keys[-1] = (keys[-1][0], end, *keys[-1][2:])
        else:
            keys.append((start, end, TONICS[tonic], key[1]))
        for bar, text in enumerate(bars):
            when = start + bar * BEATS_A_BAR * beat
            chord = parse(text, tonic, when, when + BEATS_A_BAR * beat)
            chords.append(chord)
            scale = [(tonic + step) % 12 for step in SCALES[key[1]]]
            notes += parts[letter].bar(chord, scale, beat, bar)
        start = end
    programs = bands[plan.seed % len(bands)]
    return HarmonySong(plan, tuple(notes), start, tuple(chords), tuple(keys), tuple(sections), programs)


class _Part:
    """How one letter is played: its progression, accompaniment, drums and melody; the same each time it comes."""

    def __init__(self, plan: Plan, number: int, rng: np.random.Generator) -> None:
        self._plan, self._number = plan, number + plan.seed
        self._style = ("block", "arpeggio", "held")[(number + plan.seed) % 3]
        grooves = [name for name in PATTERNS if name != "arpeggio"]
        self._groove = None if plan.sparse else grooves[(number + plan.seed) % 3]
        self._steps = rng.integers(-2, 3, (8, BEATS_A_BAR))
        self._rests = rng.random((8, BEATS_A_BAR)) < (0.2, 0.45)[number % 2]
        self._high = 72 + 5 * (number % 2)

    def progression(self, mode: str) -> Sequence[str]:
        every = (HELD_OUT_PROGRESSIONS if self._plan.held_out else PROGRESSIONS)[mode]
        return every[self._number % len(every)].split()

    def bar(self, chord: Sounding, scale: list[int], beat: float, bar: int) -> Iterator[Note]:
        tones = [(chord.root + step) % 12 for step in chord.intervals]
        for tone in tones:
            yield Note(chord.start, 3.9 * beat, 48 + tone, 55, "strings")
        for half in range(2):
            yield Note(chord.start + 2 * half * beat, 1.8 * beat, 36 + chord.bass, 95, "bass")
        yield from self._accompany(tones, chord.start, beat)
        place = scale.index(min(scale, key=lambda tone: abs(tone - tones[0])))
        for each in range(BEATS_A_BAR):
            place += int(self._steps[bar % 8, each])
            pitch = scale[place % 7] if each else tones[(bar + 1) % len(tones)]
            if not self._rests[bar % 8, each]:
                yield Note(chord.start + each * beat, 0.9 * beat, self._high + (pitch - self._high) % 12, 78, "flute")
        for when, drum in PATTERNS[self._groove] if self._groove else ():
            velocity = {"kick": 100, "snare": 90, "hat": 55}[drum]
            yield Note(chord.start + when * beat, 0.1, 0, velocity, drum)

    def _accompany(self, tones: list[int], start: float, beat: float) -> Iterator[Note]:
        if self._style == "arpeggio":
            for eighth in range(8):
                yield Note(start + eighth * beat / 2, 0.48 * beat, 60 + tones[eighth % len(tones)], 80, "piano")
            return
        strokes = range(4) if self._style == "block" else (0,)
        for each, tone in itertools.product(strokes, tones):
            yield Note(start + each * beat, (0.9 if self._style == "block" else 3.8) * beat, 60 + tone, 72, "piano")
