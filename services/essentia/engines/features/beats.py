"""Follows the beats as Essentia's RhythmExtractor2013 does, both of its methods from one set of spectra."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.essentia.contract import SAMPLE_RATE
from services.essentia.engines.features import onset_functions
from services.essentia.engines.features.clip import Samples
from services.essentia.essentia_library import es

# On noise, a plain tone, a constant or a single click the tracker still draws a grid of beats, and a different one each
# time; those have at most one onset to twelve beats (measured), music and metronomes at least one to four.
MIN_ONSETS, MIN_ONSETS_PER_BEAT = 4, 1 / 8
# An onset within this of a beat is on it: the tolerance that beat trackers are judged with.
ON_BEAT_SECONDS = 0.07
# Tempos so near to the most frequent one count towards the mean.
TOLERANCE_BPM, BIN_BPM = 5.0, 2.0
# Beats of the first seconds, when a tracker finds its way, are not compared.
SETTLED_SECONDS = 5.0
# Errors from half a beat early to half a beat late, in bins. The least bin and the greatest are half as wide, and one.
ERROR_BINS = 39
# What full agreement is worth, bits. Log2 of 40 bins, 5.32, by the paper and Essentia's documentation; its code drops
# the fraction.
FULL_AGREEMENT = 5.0

Seconds = NDArray[np.float64]


@dataclass(frozen=True)
class Beats:
    """What the two methods find.

    Attributes:
        seconds: Beats by that of five onset functions with which the others agree the most (Zapata et al. 2014).
        confidence: How well the five agree, up to 5 bits; None where no two of them
            have two beats after the first 5 s.
        bpm: Tempo of those beats; 0 where there are none.
        degara_seconds: Beats by the complex difference alone (Degara et al. 2012).
        degara_bpm: Tempo of those; 0 where there are none.
    """

    seconds: Seconds
    confidence: float | None
    bpm: float
    degara_seconds: Seconds
    degara_bpm: float


def follow(mono: Samples) -> Beats:
    """Follows the beats of samples (samples,) at SAMPLE_RATE."""
    found = onset_functions.measure(mono)
    tracks = [_tap(function, 2) for function in (found.complex_difference, found.energy, found.mel)]
    tracks += [_tap(function, 1) for function in (found.emphasis, found.gain)]
    agreed = agreement(tracks)
    seconds = tracks[int(agreed.argmax())]
    # Two lists with a beat or none to compare agree by 0, as two that contradict each other do.
    compared = sum(np.count_nonzero(track >= SETTLED_SECONDS) > 1 for track in tracks) > 1
    confidence = float(agreed.mean()) if compared else None
    return Beats(seconds, confidence, tempo(seconds), tracks[0], tempo(tracks[0]))


def steady(onset_count: int, beat_count: int) -> bool:
    """Tells whether a grid of beats has enough onsets to be more than what a tracker draws on anything."""
    return onset_count >= max(MIN_ONSETS, beat_count * MIN_ONSETS_PER_BEAT)


def off_beat(onsets: Seconds, beats: Seconds) -> NDArray[np.bool_]:
    """Tells of each onset (s) whether it is further than ON_BEAT_SECONDS from every beat; needs a beat."""
    after = np.clip(np.searchsorted(beats, onsets), 0, len(beats) - 1)
    neighbours = np.stack((beats[np.maximum(after - 1, 0)], beats[after]), 1)
    return np.asarray(np.abs(onsets[:, None] - neighbours).min(1) > ON_BEAT_SECONDS)


def agreement(tracks: Sequence[Seconds]) -> NDArray[np.float64]:
    """Tells how well each list of ascending beats agrees with the others: (lists,), bits, up to FULL_AGREEMENT.

    By Essentia's TempoTapMaxAgreement as its beat tracker uses it; made from Python it is configured twice, which
    spoils its histogram.
    """
    late = [beats[beats >= SETTLED_SECONDS] for beats in tracks]
    found = np.zeros((len(late), len(late)))
    for one in range(len(late)):
        for other in range(one + 1, len(late)):
            if len(late[one]) > 1 and len(late[other]) > 1:
                worst = max(_disorder(late[one], late[other]), _disorder(late[other], late[one]))
                found[one, other] = found[other, one] = FULL_AGREEMENT - worst
    return np.asarray(found.sum(1) / (len(late) - 1))


def tempo(seconds: Seconds) -> float:
    """Gives the mean of the tempos from beat to beat that are near the most frequent one; 0 below two beats."""
    if len(seconds) < 2:
        return 0.0
    # Of the most frequent, so that a beat missed or doubled, which has another tempo, does not move the mean.
    tempos = 60 / np.diff(seconds)
    most = BIN_BPM * float(np.bincount((tempos / BIN_BPM + 0.5).astype(int)).argmax())
    near = tempos[np.abs(tempos - most) < TOLERANCE_BPM]
    return float(near.mean()) if near.size else most


def _tap(function: NDArray[np.float32], resample: int) -> Seconds:
    rate = SAMPLE_RATE / (onset_functions.HOP * resample)
    tapper = es.TempoTapDegara(sampleRateODF=rate, resample="x2" if resample == 2 else "none")
    return np.asarray(tapper(function), np.float64)


def _disorder(grid: Seconds, beats: Seconds) -> float:
    """Entropy (bits) of the distances of ``beats`` from the nearest of ``grid``, as shares of its interval there."""
    after = np.clip(np.searchsorted(grid, beats), 1, len(grid) - 1)
    nearest = np.where(beats - grid[after - 1] <= grid[after] - beats, after - 1, after)
    distances = beats - grid[nearest]
    gaps = np.where((nearest == len(grid) - 1) | ((distances < 0) & (nearest > 0)), nearest - 1, nearest)
    errors = np.mod(distances / np.diff(grid)[gaps] + 0.5, 1) - 0.5
    counts = np.bincount(np.searchsorted(_borders(), errors, side="right"), minlength=ERROR_BINS)
    # Half a beat early is half a beat late.
    counts[0] += counts[-1]
    shares = counts[:-1][counts[:-1] > 0] / counts[:-1].sum()
    return float(-(shares * np.log2(shares)).sum())


def _borders() -> NDArray[np.float64]:
    centres = np.concatenate(([-0.5], -0.5 + np.arange(1.5, ERROR_BINS - 1) / ERROR_BINS, [0.5]))
    return (centres[1:] + centres[:-1]) / 2
