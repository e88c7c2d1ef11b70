"""Finds where the key changes: the likeliest path through the keys, and the key of each stretch of it."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from services.essentia.contract import SAMPLE_RATE
from services.essentia.engines.features import key, key_hearing
from services.essentia.engines.features.chords import Chord
from services.essentia.engines.features.key import Heard, Key
from services.essentia.engines.features.key_profiles import Judges, chosen
from services.essentia.engines.features.pitch_classes import HOP
from services.essentia.engines.features.sheet import Evidence, Sheet

# Frames whose mean is one block, and how long that lasts: two seconds, about a chord.
BLOCK_FRAMES = 43
BLOCK_SECONDS = BLOCK_FRAMES * HOP / SAMPLE_RATE
# Blocks to each side by which one is judged: 14 s in all, as a key needs several chords.
AROUND = 3
# A change must gain as much correlation as this over the blocks that follow. From 1.5 on none of 416 rendered songs of
# one key is split, and 22 of 24 that change are split once, 2 s from the change (median).
CHANGE_COST = 2.0


@dataclass
class _Window:
    """What is kept of a window: start (s), blocks (n, 12), chords at the recording's times, evidence of a network, and
    whether a single voice is all that sounds."""

    start: float
    blocks: NDArray[np.float64]
    chords: tuple[Chord, ...]
    heard: Evidence | None
    single_voice: bool


@dataclass(frozen=True)
class Stretch:
    """A key from start to end, seconds."""

    start: float
    end: float
    key: Key
    heard: Heard | None


class KeySegments:
    """The keys of the whole: stretch by stretch, and the one that lasts longest."""

    def __init__(self) -> None:
        self._windows: list[_Window] = []
        self._count = 0

    def feed(self, window: Sheet) -> None:
        """Adds a window; one without a key counts for nothing."""
        self._count += 1
        blocks, window.key_blocks = window.key_blocks, np.empty((0, 12))
        heard, window.key_evidence = window.key_evidence, None
        if "key_tonic" in window.groups["tonal"] and len(blocks):
            start = window.start_seconds
            moved = tuple(
                replace(chord, start_seconds=chord.start_seconds + start, end_seconds=chord.end_seconds + start)
                for chord in window.chords
            )
            self._windows.append(_Window(start, blocks, moved, heard, window.single_voice))

    def finish(self, sheet: Sheet) -> None:
        """Fills the segments; and the key anew, where there are several or several windows had one each."""
        if not self._windows:
            return
        alone = all(window.single_voice for window in self._windows)
        judges = chosen(sheet.request.key_profiles, alone)
        blocks = np.concatenate([window.blocks for window in self._windows])
        starts = np.concatenate(
            [window.start + BLOCK_SECONDS * np.arange(len(window.blocks)) for window in self._windows]
        )
        edges = [0, *(np.flatnonzero(np.diff(path(blocks, judges))) + 1), len(blocks)]
        # A chord that changes with the key says more exactly when.
        times = [0.0, *(self._change(float(starts[edge])) for edge in edges[1:-1]), sheet.seconds]
        stretches = self._join([*zip(edges, edges[1:], times, times[1:], strict=False)], blocks, judges)
        values = sheet.groups["tonal"]
        longest = max(stretches, key=lambda each: each.end - each.start)
        if len(stretches) > 1 or self._count > 1:
            key_hearing.fill(values, longest.key, longest.heard)
            share = (longest.end - longest.start) / sheet.seconds if len(stretches) > 1 else 1.0
            values.put("key_agreement", longest.key.agreement * share)
        values["key_segments"] = tuple(
            {
                "start_seconds": each.start,
                "end_seconds": each.end,
                "tonic": each.key.tonic,
                "scale": each.key.scale,
                "strength": each.key.strength,
            }
            for each in stretches
        )

    def _join(
        self, spans: Sequence[tuple[int, int, float, float]], blocks: NDArray[np.float64], judges: Judges
    ) -> list[Stretch]:
        """Names the key of each span; what is in the same key as the one before is one with it."""
        found: list[tuple[int, int, float, float]] = []
        stretches: list[Stretch] = []
        for span in spans:
            stretch = self._judge(span, blocks, judges)
            before = stretches[-1] if stretches else None
            if before and (before.key.tonic, before.key.scale) == (stretch.key.tonic, stretch.key.scale):
                span = (found[-1][0], span[1], found[-1][2], span[3])
                stretch = self._judge(span, blocks, judges)
                del found[-1], stretches[-1]
            found.append(span)
            stretches.append(stretch)
        return stretches

    def _judge(self, span: tuple[int, int, float, float], blocks: NDArray[np.float64], judges: Judges) -> Stretch:
        first, last, start, end = span
        every = (chord for window in self._windows for chord in window.chords)
        chords = [chord for chord in every if start <= (chord.start_seconds + chord.end_seconds) / 2 < end]
        heard = key_hearing.judge([(window.start, window.heard) for window in self._windows], start, end)
        return Stretch(start, end, key.vote(blocks[first:last].mean(0), judges, chords, heard), heard)

    def _change(self, time: float) -> float:
        every = [chord.start_seconds for window in self._windows for chord in window.chords]
        nearest = min(every, key=lambda each: abs(each - time), default=time)
        return nearest if abs(nearest - time) <= BLOCK_SECONDS and nearest > 0 else time


def blocks_of(classes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Gives the means of BLOCK_FRAMES each of pitch classes (frames, 12); a rest counts to the last block."""
    count = max(1, len(classes) // BLOCK_FRAMES)
    edges = [*range(0, count * BLOCK_FRAMES, BLOCK_FRAMES), len(classes)]
    return np.array([classes[start:end].mean(0) for start, end in itertools.pairwise(edges)])


def longest(blocks: NDArray[np.float64], judges: Judges) -> NDArray[np.float64]:
    """Gives the mean pitch classes (12,) of the longest stretch of one key in blocks (blocks, 12)."""
    edges = [0, *(np.flatnonzero(np.diff(path(blocks, judges))) + 1), len(blocks)]
    start, end = max(itertools.pairwise(edges), key=lambda each: each[1] - each[0])
    return np.asarray(blocks[start:end].mean(0))


def path(blocks: NDArray[np.float64], judges: Judges) -> NDArray[np.intp]:
    """Gives the likeliest key of each block (blocks, 12), 0 to 23 with the minors from 12 on."""
    sums = np.concatenate((np.zeros((1, 12)), np.cumsum(blocks, 0)))
    came_from: list[NDArray[np.intp]] = []
    best, stay = np.zeros(24), np.arange(24)
    for index in range(len(blocks)):
        around = sums[min(index + AROUND + 1, len(blocks))] - sums[max(index - AROUND, 0)]
        leader = int(best.argmax())
        changes = best < best[leader] - CHANGE_COST
        came_from.append(np.where(changes, leader, stay))
        best = np.where(changes, best[leader] - CHANGE_COST, best)
        best = best + judges.fit(around)
    found = [int(best.argmax())]
    for sources in reversed(came_from[1:]):
        found.append(int(sources[found[-1]]))
    return np.array(found[::-1], np.intp)
