"""The clips of the harmony tables: songs of full truth, made to sound by our own synthesis and by a sound font."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from bench.accuracy import harmony_songs, soundfont, synthesis
from bench.accuracy.harmony_songs import HarmonySong

KINDS = ("songs", "modes", "changes", "forms")
HELD_OUT = "held out"
COUNTS = {"songs": 24, "modes": 12, "changes": 12, "forms": 12}


@dataclass(frozen=True)
class HarmonyClip:
    """A song and how it sounds: mono samples at 44.1 kHz."""

    song: HarmonySong
    samples: NDArray[np.float32]


def sets(quick: bool) -> Mapping[str, Callable[[], Iterator[HarmonyClip]]]:
    """By name of the set, what makes its clips; without fluidsynth and a font, only those of our own synthesis."""
    made: dict[str, Callable[[], Iterator[HarmonyClip]]] = {}
    renderers = ("own",) if soundfont.font() is None else ("own", "font")
    for renderer, kind, held_out in itertools.product(renderers, KINDS, (False, True)):
        title = f"{renderer} {kind}" + (f", {HELD_OUT}" if held_out else "")
        made[title] = partial(_clips, renderer, kind, max(4, COUNTS[kind] // 4) if quick else COUNTS[kind], held_out)
    return made


def sound(song: HarmonySong, renderer: str) -> NDArray[np.float32]:
    """Makes a song sound by "own" or "font"."""
    font = soundfont.font()
    if renderer == "own" or font is None:
        return synthesis.play(song.notes, song.seconds)
    return soundfont.play(song.notes, font, song.programs)


def _clips(renderer: str, kind: str, count: int, held_out: bool) -> Iterator[HarmonyClip]:
    for plan in harmony_songs.plans(kind, count, held_out):
        song = harmony_songs.write(plan)
        yield HarmonyClip(song, sound(song, renderer))
