"""Finds the downbeats: by what networks hear, the bass, and the chords, for harmony changes with the bar.

Without the networks the chords alone tell them, and only where nearly all change on one beat of the bar.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from services.essentia.engines.features import bar_path, tempo_fields
from services.essentia.engines.features.chords import NO_CHORD
from services.essentia.engines.features.meters import Bars
from services.essentia.engines.features.pieces import FRAMES_PER_SECOND
from services.essentia.engines.features.sheet import Sheet

# Bars of two beats whose thirds are so much stronger than their halves are counted in six.
IN_THREE = 0.12
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
# Mean activation from which the networks hear beats everywhere, as in noise; music has 0.06 to 0.17.
FLAT = 0.2
# What makes a beat the first of a bar: the logarithmic odds that the networks give it and the logarithm of its bass,
# each above the mean of the beats; a change of chord; and what all have. By a logit model on the played styles of
# bench/accuracy/grooves.py that are for calibration.
ODDS, BASS, CHANGE, ALL = 0.66, 1.01, 3.45, -1.61
LIMITS, FAINT_BASS = (0.02, 0.98), 0.1
# A chord changes on a beat that is no further than this share of the way to the next.
ON_BEAT = 0.6
# The beats that begin bars must be so much likelier downbeats than the others, on average, or bars are not told: of
# styles that the model never saw 97 % are told, with an F-measure of 0.88, given their beats.
CLEARLY = 0.15


def measure(sheet: Sheet) -> None:
    """Leaves the bars for the whole: what chords tell of them, or else the networks; none where all leave them open."""
    beats = sheet.beats
    if len(beats) < 2:
        return
    sounding = [chord for chord in sheet.chords if chord.name != NO_CHORD]
    changes = np.array([chord.start_seconds for chord in sounding[1:]])
    told: tuple[NDArray[np.int64], NDArray[np.int64]] | None = None
    if sheet.activations is not None:
        bass = np.concatenate([piece.bass for piece in sheet.pieces])
        told = heard_bars(sheet.activations, beats, bass, changes)
    elif (found := find(beats, changes)) is not None:
        told = (np.arange(len(beats)) - found[1]) % found[0], np.full(len(beats), found[0])
    places, counted = told or (np.full(len(beats), -1), np.zeros(len(beats), np.int64))
    in_three = tempo_fields.longest(sheet.pieces).in_three > IN_THREE
    sheet.bars = Bars(beats, places, np.where((counted == 2) & in_three, 6, counted))


def heard_bars(
    activations: NDArray[np.float32],
    beats: NDArray[np.float64],
    bass: NDArray[np.float64],
    changes: NDArray[np.float64],
) -> tuple[NDArray[np.int64], NDArray[np.int64]] | None:
    """Gives each beat's place in its bar and that bar's beats; None where it is not clear.

    Args:
        activations: (frames, 3), what the networks hear.
        beats: Ascending, seconds.
        bass: (beats,), how strong it is on each.
        changes: When chords change, seconds.
    """
    if (activations[:, 0] + activations[:, 1]).mean() > FLAT and not len(changes):
        return None
    frames = np.round(beats * FRAMES_PER_SECOND).astype(int)[:, None] + np.arange(-HEARD_FRAMES, HEARD_FRAMES + 1)
    near = activations[np.clip(frames, 0, len(activations) - 1)].max(1).astype(np.float64)
    heard = np.clip(near[:, 1] / np.maximum(near[:, 0] + near[:, 1], LIMITS[0]), *LIMITS)
    odds, strength = np.log(heard / (1 - heard)), np.log(bass + FAINT_BASS)
    said = ODDS * (odds - odds.mean()) + BASS * (strength - strength.mean()) + ALL
    said[_changing(beats, changes)] += CHANGE
    likely = 1 / (1 + np.exp(-said))
    places, counted = bar_path.find(likely)
    first = places == 0
    if first.all() or likely[first].mean() - likely[~first].mean() < CLEARLY:
        return None
    return places, counted


def _changing(beats: NDArray[np.float64], changes: NDArray[np.float64]) -> NDArray[np.int64]:
    """Numbers of the beats (s) on which a chord changes."""
    if not len(changes):
        return np.empty(0, np.int64)
    nearest = np.abs(beats[:, None] - changes).argmin(0)
    return np.unique(nearest[np.abs(beats[nearest] - changes) < ON_BEAT * np.median(np.diff(beats))])


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
