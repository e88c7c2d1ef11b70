"""Finds the sections of a form: stretches of one timbre, with the same letter for those that are alike."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.essentia.contract import SAMPLE_RATE
from services.essentia.engines.features.sheet import Sheet
from services.essentia.engines.features.spectral import HOP

# Seconds whose mean timbre is one block; longer in a long recording, of which no more than so many blocks are compared.
BLOCK_SECONDS, MOST_BLOCKS = 1.0, 1200
SHORTEST_SECONDS = 6.0
# A border must lower the summed squared deviation from the sections' means, in standard deviations of the recording and
# as a mean over the dimensions, by so much: F(3 s) of the borders of rendered forms that are not held out is 0.92 to
# 0.96 from 1.75 to 2.5.
PENALTY = 2.0
# Mean squared difference, in standard deviations, below which two sections have one letter: pairs of blocks of rendered
# forms are told to be of one letter or two with F 0.91 to 0.93 from 0.2 to 0.45.
ALIKE = 0.3
# Cepstra vary by more than these in any music; what varies by less is the same throughout.
LEAST_CEPSTRUM, LEAST_CHANGE = 2.0, 0.3
# A section that is as long as several of another one's length is as many sections if it repeats itself at that length:
# how near the length, and the correlation with itself.
LENGTH_RATIO, REPEATS = 0.08, 0.3
MOST_REPEATS = 4

Blocks = NDArray[np.float64]


@dataclass(frozen=True)
class Section:
    """Blocks from ``start`` to before ``end``, a letter, and the likeness to others of it; None where there is none."""

    start: int
    end: int
    label: str
    similarity: float | None


class Forms:
    """The sections of the whole."""

    def feed(self, window: Sheet) -> None:
        """Needs only the frames."""

    def finish(self, sheet: Sheet) -> None:
        """Fills the fields; nothing where too little sounds for a form."""
        frames, values = sheet.spectral, sheet.groups["structure"]
        if frames is None or not frames.sounding.any():
            return
        heard = np.flatnonzero(frames.sounding)
        first, last = int(heard[0]), int(heard[-1]) + 1
        seconds = (last - first) * HOP / SAMPLE_RATE
        if seconds < 2 * SHORTEST_SECONDS:
            return
        block = max(BLOCK_SECONDS, seconds / MOST_BLOCKS)
        blocks = timbre(frames.mfcc[first:last], max(1, round(seconds / block)))
        found = sections(blocks, round(SHORTEST_SECONDS / block), sheet.checkpoint)
        times = first * HOP / SAMPLE_RATE + seconds / len(blocks) * np.arange(len(blocks) + 1)
        values["sections"] = tuple(
            {"start_seconds": float(times[each.start]), "end_seconds": float(times[each.end]), "label": each.label}
            | ({} if each.similarity is None else {"similarity": each.similarity})
            for each in found
        )
        values["section_kind_count"] = len({each.label for each in found})
        again = sum(each.end - each.start for each in found if each.similarity is not None)
        values.put("repeated_ratio", again / len(blocks))


def timbre(cepstra: NDArray[np.float32], count: int) -> Blocks:
    """Gives ``count`` blocks of cepstra (frames, n): means, and of changes, in their own deviations: (count, 2n)."""
    edges = np.linspace(0, len(cepstra), count + 1).astype(int)[:-1]
    sizes = np.diff([*edges, len(cepstra)])[:, None]
    parts = []
    for values, least in (
        (cepstra, LEAST_CEPSTRUM),
        (np.abs(np.diff(cepstra, axis=0, prepend=cepstra[:1])), LEAST_CHANGE),
    ):
        means = np.add.reduceat(values.astype(np.float64), edges, axis=0) / sizes
        parts.append((means - means.mean(0)) / np.maximum(means.std(0), least))
    return np.concatenate(parts, 1)


def sections(blocks: Blocks, shortest: int, checkpoint: Callable[[], None] = lambda: None) -> list[Section]:
    """Parts blocks (n, dimensions) into sections of ``shortest`` blocks or more, and gives each its letter."""
    borders = _borders(blocks, max(1, shortest), checkpoint)
    spans = list(itertools.pairwise(_split(blocks, borders)))
    means = [blocks[start:end].mean(0) for start, end in spans]
    # What a section was split into is alike; where there was a border before, it is not.
    again = [start not in borders for start, _ in spans]
    letters = _letters(means, [end - start for start, end in spans], again)
    found = []
    for index, (start, end) in enumerate(spans):
        others = [
            math.exp(-float(np.square(means[index] - means[other]).mean()))
            for other in range(len(spans))
            if other != index and letters[other] == letters[index]
        ]
        found.append(Section(start, end, _name(letters[index]), float(np.mean(others)) if others else None))
    return found


def _borders(blocks: Blocks, shortest: int, checkpoint: Callable[[], None]) -> list[int]:
    """The borders, ends included, with the least deviation from the sections' means, each border at its price."""
    count, dimensions = blocks.shape
    sums = np.concatenate((np.zeros((1, dimensions)), np.cumsum(blocks, 0)))
    squares = np.concatenate(([0.0], np.cumsum(np.square(blocks).sum(1))))
    best, came_from = np.full(count + 1, np.inf), np.zeros(count + 1, np.intp)
    best[0] = -PENALTY
    for end in range(min(shortest, count), count + 1):
        if end % 64 == 0:
            checkpoint()
        starts = np.arange(0, max(end - shortest, 0) + 1)
        within = squares[end] - squares[starts] - np.square(sums[end] - sums[starts]).sum(1) / (end - starts)
        costs = best[starts] + within / dimensions + PENALTY
        came_from[end] = costs.argmin()
        best[end] = costs[came_from[end]]
    borders = [count]
    while borders[-1] > 0:
        borders.append(int(came_from[borders[-1]]))
    return borders[::-1]


def _split(blocks: Blocks, borders: Sequence[int]) -> list[int]:
    """Adds borders where a section repeats itself at the length of another one."""
    spans = list(itertools.pairwise(borders))
    found = [borders[0]]
    for start, end in spans:
        length = end - start
        units = [other - one for one, other in spans if (one, other) != (start, end)]
        for parts in range(2, MOST_REPEATS + 1):
            unit = length / parts
            if any(abs(unit - other) <= LENGTH_RATIO * other for other in units) and _repeats(
                blocks[start:end], round(unit)
            ):
                found += [start + round(unit * part) for part in range(1, parts)]
                break
        found.append(end)
    return found


def _repeats(blocks: Blocks, lag: int) -> bool:
    """Whether blocks are like those ``lag`` before them, or a block to either side."""
    centred = blocks - blocks.mean(0)
    best = 0.0
    for shift in (lag - 1, lag, lag + 1):
        one, other = centred[:-shift], centred[shift:]
        length = float(np.linalg.norm(one) * np.linalg.norm(other))
        best = max(best, float((one * other).sum()) / length if length > 0 else 0.0)
    return best >= REPEATS


def _letters(means: Sequence[Blocks], lengths: Sequence[int], again: Sequence[bool]) -> list[int]:
    """Numbers sections by likeness, in the order in which they come; ``again`` says which repeat the one before."""
    kinds: list[tuple[Blocks, int]] = []
    found: list[int] = []
    for mean, length, repeats in zip(means, lengths, again, strict=True):
        apart = np.array([float(np.square(mean - kind).mean()) for kind, _ in kinds])
        if found:
            apart[found[-1]] = 0.0 if repeats else np.inf
        number = int(apart.argmin()) if apart.size and apart.min() < ALIKE else len(kinds)
        if number == len(kinds):
            kinds.append((mean, length))
        else:
            kind, before = kinds[number]
            kinds[number] = (kind * before + mean * length) / (before + length), before + length
        found.append(number)
    return found


def _name(number: int) -> str:
    """A to Z, then AA and so on."""
    return (_name(number // 26 - 1) if number >= 26 else "") + chr(ord("A") + number % 26)
