"""Finds the downbeats, where the chords tell them: harmony changes with the bar."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

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


def measure(sheet: Sheet) -> None:
    """Fills the downbeats in; nothing where rhythm or chords were not measured, or leave them open."""
    sounding = [chord for chord in sheet.chords if chord.name != NO_CHORD]
    changes = np.array([chord.start_seconds for chord in sounding[1:]])
    found = find(sheet.beats, changes)
    if found is not None:
        sheet.series.put_array("downbeat_seconds", sheet.beats[found[1] :: found[0]])


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
