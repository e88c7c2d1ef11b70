"""The clips: rendered songs, metronomes and tracks, each with what is known of it."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.accuracy import songs, soundfont, synthesis, tracks
from chassis.audio import Source

METRONOME_SECONDS = 20.0
# Begins on the third chord of the loop, and is then chord for chord the loop of the relative key: the same music as in
# "loop" under the other name. By its chords no rule can be right about more than half of both sets together (0.65 of
# them weighted), and one that always says "major" gets exactly the half of each. Ours goes by the opening: all of one
# set, nothing of the other.
CONTROL = "control: loop from its third chord"
# How many of the six tempi each key is played at: the two progressions that the sets are made of at three, all
# others at one.
OFTEN = ("cadence", "loop")

Render = Callable[[songs.Song], NDArray[np.float32]]


@dataclass(frozen=True)
class Clip:
    """One clip: its set, mono samples at 44.1 kHz, and what is known of it."""

    set: str
    samples: NDArray[np.float32]
    bpm: float
    key: tuple[str, str] | None
    bar_seconds: float | None = None
    path: Path | None = None
    kind: str = ""


def sets(folder: Path, quick: bool) -> Mapping[str, Callable[[], Iterator[Clip]]]:
    """By name of the set, what makes its clips; sets that cannot be made here are left out."""
    renderers: dict[str, Render] = {"own": synthesis.render}
    font = soundfont.font()
    if font is not None:
        renderers["font"] = partial(soundfont.render, sound_font=font)
    keys = 8 if quick else 24
    made: dict[str, Callable[[], Iterator[Clip]]] = {}
    for (name, render), progression in itertools.product(renderers.items(), songs.NAMES):
        tempi = 3 if progression in OFTEN and not quick else 1
        title = f"{name} {progression}"
        made[title] = partial(_songs, title, render, songs.songs(keys, tempi, progressions=(progression,)))
    control = songs.songs(keys, 1, first_chord=2, progressions=("loop",))
    made[CONTROL] = partial(_songs, CONTROL, synthesis.render, control)
    made["metronome"] = partial(_metronomes, range(40, 221, 30 if quick else 10))
    made["tracks"] = partial(_tracks, folder, 2 if quick else 1)
    return made


def _songs(name: str, render: Render, each: Iterator[songs.Song]) -> Iterator[Clip]:
    for song in each:
        yield Clip(name, render(song), song.bpm, (song.tonic, song.scale), songs.BEATS_A_BAR * 60 / song.bpm)


def _metronomes(tempi: range) -> Iterator[Clip]:
    for bpm in tempi:
        since = np.arange(round(METRONOME_SECONDS * 44100)) / 44100 % (60 / bpm)
        strokes = 0.8 * np.sin(2 * np.pi * 1000 * since) * np.exp(-150 * since)
        yield Clip("metronome", strokes.astype(np.float32), bpm, None)


def _tracks(folder: Path, every: int) -> Iterator[Clip]:
    fetched = tracks.fetch(folder)
    if fetched is None:
        return
    for track in itertools.islice(tracks.tracks(fetched), 0, None, every):
        samples = np.ascontiguousarray(Source(track.path).read(sample_rate=44100, channels=1).samples[0])
        yield Clip("tracks", samples, track.bpm, (track.tonic, track.scale), path=track.path, kind=track.kind)
