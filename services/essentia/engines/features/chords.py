"""Follows the chords: the likeliest path through the triads, given the chroma of every frame and a network."""

from __future__ import annotations

import itertools
from collections import Counter
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.essentia.contract import SAMPLE_RATE
from services.essentia.engines.features.pitch_classes import HOP, TONICS

NO_CHORD = "N"
NAMES = (*TONICS, *(f"{root}m" for root in TONICS), NO_CHORD)
# Semitones above the root.
MAJOR, MINOR = (0, 4, 7), (0, 3, 7)
# Where no triad fits the frames by this correlation, there is no chord. A single note fits its best triad by 0.52.
LEAST_CORRELATION = 0.45
# Sum of a frame's pitch classes over its greatest, below which it is one note with its overtones, which is no triad: a
# note has 1.2 to 1.7, by its partials, a triad 2.4.
ONE_NOTE = 1.9
# A change must gain as much correlation as this over the frames that follow: about 0.3 s of a chord that fits by 0.4
# better, so that one passing note changes nothing.
CHANGE_COST = 2.5
# What a network's certainty of a triad is worth beside a correlation, and what a change costs then, as a frame speaks
# for a triad by about twice as much. Of weights from 0.5 to 2 and costs from 2.5 to 8 none gives 0.6 % more of the time
# right on the rendered sets that are not held out.
NETWORK, CHANGE_COST_HEARD = 1.0, 4.0


@dataclass(frozen=True)
class Chord:
    """One chord.

    Attributes:
        start_seconds: Start.
        end_seconds: End, which is the next one's start.
        name: One of NAMES.
        strength: Mean correlation of the chroma with the triad, -1 to 1; None for no chord.
        similarity: Cosine of its mean chroma and that of the chord before it, 0 to 1; None for the first, and where one
            of the two is no chord.
        quality: What stands on the root, of chord_detail.QUALITIES; empty where it was not looked at.
        bass: Pitch class of TONICS in the bass; empty where none of the chord's is heard there.
    """

    start_seconds: float
    end_seconds: float
    name: str
    strength: float | None
    similarity: float | None
    quality: str = ""
    bass: str = ""


def follow(
    classes: NDArray[np.float64],
    end_seconds: float,
    chances: NDArray[np.float64] | None = None,
) -> tuple[Chord, ...]:
    """Follows the chords of pitch_classes.walk's frames (frames, 12), without gaps from 0 to ``end_seconds``.

    Viterbi over 24 triads and none. A frame speaks for its middle, so a change lies between the middles of two frames.
    A lone note is no triad, whatever a network says of it.

    Args:
        classes: Pitch classes.
        end_seconds: Where the last chord ends.
        chances: (frames, 25), a network's probabilities in the order of NAMES.
    """
    if not len(classes):
        return ()
    greatest = classes.max(1, keepdims=True)
    chroma = np.divide(classes, greatest, out=np.zeros_like(classes), where=greatest > 0)
    fit = correlate(chroma)
    lone = chroma.sum(1) < ONE_NOTE
    fit[lone] = 0
    # No chord is a state like the others, which fits every frame by LEAST_CORRELATION.
    scores = np.concatenate((fit, np.full((len(fit), 1), LEAST_CORRELATION)), 1)
    if chances is None:
        path = _viterbi(scores, CHANGE_COST)
    else:
        path = _viterbi(scores + np.where(lone[:, None], 0, NETWORK * chances), CHANGE_COST_HEARD)
    edges = [0, *(np.flatnonzero(np.diff(path)) + 1), len(path)]
    means = [chroma[start:end].mean(0, dtype=np.float64) for start, end in itertools.pairwise(edges)]
    chords: list[Chord] = []
    for index, (start, end) in enumerate(itertools.pairwise(edges)):
        state = int(path[start])
        sounds = state < len(NAMES) - 1
        similar = sounds and index > 0 and chords[-1].name != NO_CHORD
        chords.append(
            Chord(
                start_seconds=_border(start) if index else 0.0,
                end_seconds=_border(end) if end < len(path) else end_seconds,
                name=NAMES[state],
                strength=float(fit[start:end, state].mean()) if sounds else None,
                similarity=_cosine(means[index - 1], means[index]) if similar else None,
            )
        )
    return tuple(chords)


def correlate(chroma: NDArray[np.float64]) -> NDArray[np.float64]:
    """Correlates frames (frames, 12) with the 24 triads of NAMES, by Pearson: (frames, 24); 0 for flat frames."""
    triads = np.zeros((24, 12))
    for root, (scale, steps) in itertools.product(range(12), enumerate((MAJOR, MINOR))):
        triads[12 * scale + root, [(root + step) % 12 for step in steps]] = 1
    triads -= triads.mean(1, keepdims=True)
    frames = chroma - chroma.mean(1, keepdims=True)
    lengths = np.linalg.norm(frames, axis=1, keepdims=True) * np.linalg.norm(triads, axis=1)
    return np.asarray(np.divide(frames @ triads.T, lengths, out=np.zeros((len(frames), 24)), where=lengths > 1e-9))


def changes(chords: tuple[Chord, ...]) -> int:
    """Counts how often one chord follows another; silence and noise between two of a name are no change."""
    return sum(one != two for one, two in itertools.pairwise(each.name for each in chords if each.name != NO_CHORD))


def progression_complexity(chords: tuple[Chord, ...]) -> float | None:
    """Divides distinct successions of two chords by all successions, above 0 to 1; None below two successions."""
    names = [name for name, _ in itertools.groupby(chord.name for chord in chords if chord.name != NO_CHORD)]
    successions = Counter(itertools.pairwise(names))
    return len(successions) / successions.total() if successions.total() > 1 else None


def _viterbi(scores: NDArray[np.float64], change_cost: float) -> NDArray[np.intp]:
    frames, states = scores.shape
    came_from = np.empty((frames, states), np.int8)
    stay, best = np.arange(states), scores[0].copy()
    # Every change costs the same, so the best state to come from is the best of all, or the same state: one comparison
    # a state instead of one for each pair.
    for frame in range(1, frames):
        leader = int(best.argmax())
        changed = best[leader] - change_cost
        leaves = best < changed
        came_from[frame] = np.where(leaves, leader, stay)
        best = np.where(leaves, changed, best) + scores[frame]
    path = np.empty(frames, np.intp)
    path[-1] = best.argmax()
    for frame in range(frames - 1, 0, -1):
        path[frame - 1] = came_from[frame, path[frame]]
    return path


def _border(frame: int) -> float:
    return (float(frame) - 0.5) * HOP / SAMPLE_RATE


def _cosine(one: NDArray[np.float64], two: NDArray[np.float64]) -> float | None:
    length = float(np.linalg.norm(one) * np.linalg.norm(two))
    return float(one @ two) / length if length > 0 else None
