"""Finds the downbeats: where the chords tell them, for harmony changes with the bar; else where the networks do."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from services.essentia.engines.features import bar_path
from services.essentia.engines.features.chords import NO_CHORD
from services.essentia.engines.features.sheet import Sheet

# Beats a bar that are told, the likelier first: it wins where both fit alike.
METRES = (4, 3)
# Fewer changes than this fall on one beat of the bar by chance.
FEWEST_CHANGES = 6
# The other beats of the bar together may have this share of the changes: harmony that changes twice a bar, or anywhere,
# says nothing about where a bar begins.
STRAY = 0.25
# Chance that this many changes would fall on one beat of the bar if they fell anywhere.
BY_CHANCE = 1e-3
# Frames of the networks around a beat in which they may hear it.
HEARD_FRAMES = 2
# The beats that begin bars must be so much likelier downbeats than the others, on average, or bars are not told: the
# F-measure on played styles is then 0.88 and more, and with 0.25 it is 0.76 to 0.80.
CLEARLY = 0.6
# Mean activation from which the networks hear beats everywhere, as in noise; music has 0.06 to 0.17.
FLAT = 0.2


def measure(sheet: Sheet) -> None:
    """Fills the downbeats in; nothing where rhythm or chords were not measured, or all leave them open."""
    sounding = [chord for chord in sheet.chords if chord.name != NO_CHORD]
    changes = np.array([chord.start_seconds for chord in sounding[1:]])
    found = find(sheet.beats, changes)
    if found is not None:
        sheet.series.put_array("downbeat_seconds", sheet.beats[found[1] :: found[0]])
    elif sheet.activations is not None and len(sheet.beats) > 1:
        sheet.series.put_array("downbeat_seconds", sheet.beats[heard_firsts(sheet.activations, sheet.beats)])


def heard_firsts(activations: NDArray[np.float32], beats: NDArray[np.float64]) -> NDArray[np.int64]:
    """Gives the numbers of the beats (s) that begin bars by activations (frames, 3); none where they are not clear."""
    # ONNX Runtime, which comes with it, is loaded where a network is asked for, and else never.
    from services.essentia.networks.beats import BEAT, DOWNBEAT, FRAMES_PER_SECOND

    if (activations[:, BEAT] + activations[:, DOWNBEAT]).mean() > FLAT:
        return np.empty(0, np.int64)
    frames = np.round(beats * FRAMES_PER_SECOND).astype(int)[:, None] + np.arange(-HEARD_FRAMES, HEARD_FRAMES + 1)
    near = activations[np.clip(frames, 0, len(activations) - 1)].max(1).astype(np.float64)
    likely = near[:, DOWNBEAT] / np.maximum(near[:, BEAT] + near[:, DOWNBEAT], 0.02)
    first = bar_path.find(likely)[0] == 0
    if first.all() or likely[first].mean() - likely[~first].mean() < CLEARLY:
        return np.empty(0, np.int64)
    return np.flatnonzero(first)


def find(beats: NDArray[np.float64], changes: NDArray[np.float64]) -> tuple[int, int] | None:
    """Finds (beats a bar, number of the first downbeat) of ascending times in seconds; None where it is not clear.

    A change belongs to the nearest beat. It is clear where nearly all changes fall on one beat of bars of four, or of
    three, and so many of them that chance is out of the question.
    """
    if len(beats) < 2 or len(changes) < FEWEST_CHANGES:
        return None
    nearest = np.abs(beats[:, None] - changes).argmin(0)
    best = None
    for metre in METRES:
        counts = np.bincount(nearest % metre, minlength=metre)
        phase = int(counts.argmax())
        chance = metre * _at_least(int(counts[phase]), len(changes), 1 / metre)
        clear = counts[phase] >= max(FEWEST_CHANGES, (1 - STRAY) * len(changes))
        if clear and chance <= BY_CHANCE and (best is None or chance < best[0]):
            best = chance, metre, phase
    return None if best is None else best[1:]


def _at_least(hits: int, tries: int, chance: float) -> float:
    """Probability of ``hits`` or more in ``tries`` by chance; by logarithms, as the binomials are beyond any float."""
    yes, no = math.log(chance), math.log(1 - chance)
    return sum(
        math.exp(
            math.lgamma(tries + 1)
            - math.lgamma(count + 1)
            - math.lgamma(tries - count + 1)
            + count * yes
            + (tries - count) * no
        )
        for count in range(hits, tries + 1)
    )
