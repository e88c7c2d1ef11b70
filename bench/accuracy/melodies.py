"""Prints how right the keys of single voices are: python -m bench.accuracy.melodies [--quick].

Tunes that many people know, whole and their middle parts, by pure tones, by partials, and by the instruments of a
sound font where there is one; ours beside every single source. Share of the tunes of which the key is exactly right,
with half of its 95 % bootstrap interval.
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from bench.accuracy import soundfont
from bench.accuracy.harmony import show
from bench.accuracy.harmony_answers import Panel
from bench.accuracy.songs import Note
from bench.accuracy.synthesis import SAMPLE_RATE
from bench.accuracy.tunes import TUNES, Tune
from services.essentia.engines.features.pitch_classes import TONICS

# General MIDI programs.
INSTRUMENTS = {"flute": 73, "piano": 0, "violin": 40, "trumpet": 56, "voice": 53, "guitar": 24, "pizzicato": 45}
PARTIALS = {"pure tones": 1, "eight partials": 8}
BEATS_A_SECOND, SHORTEST_SECONDS, MIDDLE_C = 2.4, 3.5, 60
VELOCITY = 96


def main() -> int:
    """Runs everything; the exit status is 1 where ours is behind the best single source beyond the interval."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="every fourth tune")
    options = parser.parse_args()
    panel = Panel()
    table: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for middle in (False, True):
        for name, tune, tonic, samples in _played(TUNES[::4] if options.quick else TUNES, middle):
            for who, answer in panel.ask(samples).items():
                if answer.key is not None:
                    table[name][who].append(float(answer.key == (TONICS[tonic], tune.scale)))
    print("\n".join(panel.notes))
    return 1 if show("key of a single voice: exact", table) else 0


def _played(tunes: tuple[Tune, ...], middle: bool) -> Iterator[tuple[str, Tune, int, NDArray[np.float32]]]:
    """Gives the set, the tune, its tonic (0 for C) and mono samples at 44.1 kHz."""
    font = soundfont.font()
    part = ", middle" if middle else ""
    for number, tune in enumerate(tunes):
        notes = tune.parsed(middle)
        if sum(beats for _, beats in notes) / BEATS_A_SECOND < SHORTEST_SECONDS:
            continue
        tonic = 5 * number % 12
        for name, partials in PARTIALS.items():
            yield name + part, tune, tonic, _synthesised(notes, tonic, partials)
        for name, program in INSTRUMENTS.items() if font is not None else ():
            written = _written(notes, tonic)
            yield name + part, tune, tonic, soundfont.play(written, font, {"flute": program})  # type: ignore[arg-type]


def _written(notes: list[tuple[int, float]], tonic: int) -> list[Note]:
    starts = np.cumsum([0.2, *(beats / BEATS_A_SECOND for _, beats in notes)])
    return [
        Note(float(start), 0.95 * beats / BEATS_A_SECOND, MIDDLE_C + tonic + degree, VELOCITY, "flute")
        for start, (degree, beats) in zip(starts, notes, strict=False)
    ]


def _synthesised(notes: list[tuple[int, float]], tonic: int, partials: int) -> NDArray[np.float32]:
    parts = [np.zeros(round(0.2 * SAMPLE_RATE))]
    for degree, beats in notes:
        times = np.arange(round(beats / BEATS_A_SECOND * SAMPLE_RATE)) / SAMPLE_RATE
        hz = 440 * 2 ** ((MIDDLE_C + tonic + degree - 69) / 12)
        wave = np.sum([np.sin(2 * np.pi * hz * n * times) / n**1.2 for n in range(1, partials + 1)], 0)
        edges = np.minimum(1, np.minimum(times / 0.02, (times[-1] - times) / 0.05))
        parts.append(0.3 * wave * np.exp(-times) * edges)
    return np.concatenate(parts).astype(np.float32)


if __name__ == "__main__":
    sys.exit(main())
