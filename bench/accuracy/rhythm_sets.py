"""The clips of the rhythm tables: played styles, clips of seconds, and songs by another generator."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from bench.accuracy import songs, soundfont, synthesis
from bench.accuracy.grooves import CALIBRATION, HELD_OUT, Groove
from bench.accuracy.playing import play

SONG, SHORT = (24.0,), (4.0, 6.0, 9.0, 12.0)
SEEDS = {"held out": 900_000, "seen": 700_000, "seconds": 800_000}
SONG_KEYS = 12


@dataclass(frozen=True)
class RhythmClip:
    """A clip of which all is known: see bench.accuracy.playing.Played."""

    style: str
    samples: NDArray[np.float32]
    bpm: float
    beats: NDArray[np.float64]
    downbeats: NDArray[np.float64]
    octaves: tuple[float, ...] = ()

    def gridded(self) -> Iterator[NDArray[np.float64]]:
        """The beats, and those at each tempo that is right too."""
        yield self.beats
        for ratio in self.octaves:
            if ratio < 1:
                yield from (self.beats[start :: round(1 / ratio)] for start in range(round(1 / ratio)))
            else:
                count = (len(self.beats) - 1) * round(ratio) + 1
                yield np.interp(np.arange(count) / ratio, np.arange(len(self.beats)), self.beats)


def sets(each: int) -> Mapping[str, Callable[[], Iterator[RhythmClip]]]:
    """By name of the set, what makes its clips, ``each`` of every style."""
    made: dict[str, Callable[[], Iterator[RhythmClip]]] = {}
    for title, grooves in (("held out", HELD_OUT), ("seen", CALIBRATION)):
        four = tuple(groove for groove in grooves if groove.meter == 4 and groove.fastest < 160)
        fast = tuple(groove for groove in grooves if groove.meter == 4 and groove.fastest >= 160)
        three = tuple(groove for groove in grooves if groove.meter == 3)
        others = tuple(groove for groove in grooves if groove.meter in (2, 6))
        for name, some in (("four", four), ("four, fast", fast), ("three", three), ("two and six", others)):
            made[f"{title}: {name}"] = partial(_played, some, each, SEEDS[title], SONG)
    made["held out: of 4 to 12 s"] = partial(_played, HELD_OUT, each, SEEDS["seconds"], SHORT)
    made["songs, own synthesis"] = partial(_songs, synthesis.render, each)
    font = soundfont.font()
    if font is not None:
        made["songs, sound font"] = partial(_songs, partial(soundfont.render, sound_font=font), each)
    return made


def _played(grooves: tuple[Groove, ...], each: int, first: int, lengths: tuple[float, ...]) -> Iterator[RhythmClip]:
    for (number, groove), turn in itertools.product(enumerate(grooves), range(each)):
        played = play(groove, first + 1000 * number + turn, lengths[turn % len(lengths)])
        yield RhythmClip(groove.name, played.samples, played.bpm, played.beats, played.downbeats, groove.octaves)


def _songs(render: Callable[[songs.Song], NDArray[np.float32]], each: int) -> Iterator[RhythmClip]:
    for song in itertools.islice(songs.songs(SONG_KEYS, 1), 6 * each):
        bars = int(songs.SONG_SECONDS / (songs.BEATS_A_BAR * 60 / song.bpm))
        beats = np.arange(bars * songs.BEATS_A_BAR) * 60 / song.bpm
        yield RhythmClip(song.groove, render(song), song.bpm, beats, beats[:: songs.BEATS_A_BAR])
