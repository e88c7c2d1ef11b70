"""The clips: rendered songs, metronomes and tracks, each with what is known of it."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.accuracy import songs, soundfont, synthesis, tracks
from chassis.audio import Source

METRONOME_SECONDS = 20.0
# Begins on the third chord of the loop: what is in the minor key then sounds like a loop of its relative major, and the
# other way round. No rule can tell the two apart; this shows what the rule about the opening costs where it is wrong.
CONTROL = "control: loop from its third chord"


@dataclass(frozen=True)
class Clip:
    """One clip: its set, mono samples at 44.1 kHz, and what is known of it."""

    set: str
    samples: NDArray[np.float32]
    bpm: float
    key: tuple[str, str] | None
    path: Path | None = None
    kind: str = ""


def clips(folder: Path, quick: bool) -> Iterator[Clip]:
    """All clips, set by set; sets that cannot be made here are left out."""
    keys, tempi_each = (8, 1) if quick else (24, 3)
    renderers: dict[str, Callable[[songs.Song], NDArray[np.float32]]] = {"own": synthesis.render}
    font = soundfont.font()
    if font is not None:
        renderers["font"] = lambda song: soundfont.render(song, font)
    for name, render in renderers.items():
        for song in songs.songs(keys, tempi_each):
            yield _clip(f"{name} {song.progression}", song, render)
    control = (song for song in songs.songs(keys, 1, first_chord=2) if song.progression == "loop")
    for song in control:
        yield _clip(CONTROL, song, synthesis.render)
    for bpm in range(40, 221, 30 if quick else 10):
        yield Clip("metronome", _metronome(bpm), bpm, None)
    fetched = tracks.fetch(folder)
    if fetched is not None:
        for track in itertools.islice(tracks.tracks(fetched), 0, None, 2 if quick else 1):
            samples = np.ascontiguousarray(Source(track.path).read(sample_rate=44100, channels=1).samples[0])
            yield Clip("tracks", samples, track.bpm, (track.tonic, track.scale), track.path, track.kind)


def _clip(name: str, song: songs.Song, render: Callable[[songs.Song], NDArray[np.float32]]) -> Clip:
    return Clip(name, render(song), song.bpm, (song.tonic, song.scale))


def _metronome(bpm: float) -> NDArray[np.float32]:
    since = np.arange(round(METRONOME_SECONDS * 44100)) / 44100 % (60 / bpm)
    return (0.8 * np.sin(2 * np.pi * 1000 * since) * np.exp(-150 * since)).astype(np.float32)
