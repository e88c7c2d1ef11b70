"""Tells whether anything keeps time, by how the strokes recur along the beats that were found."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from services.essentia.engines.features.readings import Reading, Stretch

Numbers = NDArray[np.float64]

# Correlation of the strokes of beats below which nothing recurs, and below which it is doubtful; activation on the
# beats that is as low; and the share of all activation that lies on the beats of music, below which a doubt decides.
RECURS, RECURS_OFTEN, HEARD, COVERED = 0.25, 0.5, 0.5, 0.12
BEAT_PARTS = 12


def keeps_time(stretch: Stretch, reading: Reading) -> bool:
    """Tells music from what has beats only because they were looked for: noise, speech, applause, drones, tones.

    Of music the strokes recur from beat to beat, or from bar to bar, and the networks hear more on the beats than their
    share of the time: of played music and metronomes 99 of 100 pass, of 75 clips of the others none.
    """
    recurs, covered = _recurrence(stretch, reading.seconds), reading.measures["covered"]
    doubtful = recurs < RECURS_OFTEN or reading.measures["activation"] < HEARD
    return recurs >= RECURS and not (doubtful and covered < COVERED)


def _recurrence(stretch: Stretch, seconds: Numbers) -> float:
    """How like the strokes of a beat are to those one to four beats later: the greatest of the correlations."""
    strength = np.convolve(stretch.strokes.sum(0), (0.25, 0.5, 0.25), "same")
    places = np.interp(np.arange((len(seconds) - 1) * BEAT_PARTS) / BEAT_PARTS, np.arange(len(seconds)), seconds)
    frames = np.round(places * stretch.stroke_rate).astype(int)[:, None] + np.arange(3)
    beats = strength[np.clip(frames, 0, len(strength) - 1)].mean(1).reshape(-1, BEAT_PARTS)
    beats -= beats.mean()
    found = [0.0]
    for later in (1, 2, 3, 4):
        before, after = beats[:-later], beats[later:]
        size = float(np.sqrt((before**2).sum() * (after**2).sum()))
        if size > 0:
            found.append(float((before * after).sum()) / size)
    return max(found)
