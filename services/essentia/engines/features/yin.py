"""Tells the pitch of frames by YIN (de Cheveigné and Kawahara 2002), many at once.

A tone repeats itself after a period: shifted by it, it differs from itself the least. The difference is taken of
samples as they are, over as many of them for every shift. Essentia's PitchYinFFT takes it from the spectrum of a
windowed frame, where long shifts have less to compare: it reads a pure tone of 55 Hz 6.6 % and one of 110 Hz 1.4 %
sharp, and none below 50 Hz.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from services.essentia.contract import SAMPLE_RATE
from services.essentia.engines.features.pitch_classes import FRAME

# Samples that are compared with as many others; what is left of a frame is how far they may be shifted.
COMPARED = FRAME // 2
# Hz: just below the lowest note of a piano (27.5) and above its highest (4186).
LOWEST_HZ, HIGHEST_HZ = 27.0, 4300.0
SHORTEST, LONGEST = int(SAMPLE_RATE / HIGHEST_HZ), int(np.ceil(SAMPLE_RATE / LOWEST_HZ))
# The first dip of the normalised difference below this is the period's, for two periods dip as deep as one; the authors
# take 0.1, Essentia's PitchYin 0.15. Where none is so deep, as of chords, the first that is nearly as deep as the
# deepest: the deepest of all is often that of a period that all notes have in common, far below any of them.
DEEP, NEARLY = 0.15, 0.1


def follow(frames: NDArray[np.float32]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Tells pitch (Hz, 0 where nothing repeats itself) and how sure it is (0 to 1) of each of (n, FRAME) samples."""
    differences = _differences(np.asarray(frames, np.float64))
    # Each over the mean of those of shorter shifts, so that a shift of almost nothing is no dip.
    means = np.cumsum(differences, axis=1) / np.maximum(np.arange(LONGEST + 2), 1)
    normal = np.divide(differences, means, out=np.ones_like(differences), where=means > 0)
    shifts = np.array([_period(row) for row in normal], int)
    rows = np.arange(len(frames))
    found = shifts > 0
    before, at, after = (differences[rows, np.maximum(shifts + step, 0)] for step in (-1, 0, 1))
    # The bottom of the parabola through three shifts lies between the samples.
    bend = before - 2 * at + after
    offset = np.divide(before - after, 2 * bend, out=np.zeros(len(frames)), where=bend > 0)
    hz = np.where(found, SAMPLE_RATE / np.where(found, shifts + np.clip(offset, -1, 1), 1), 0)
    return hz, np.where(found, np.clip(1 - normal[rows, shifts], 0, 1), 0)


def _differences(frames: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sums of the squared differences of COMPARED samples from those that are shifted by 0 to LONGEST + 1."""
    # No shift reaches beyond the frame, so that a transform of a frame's length does not wrap around.
    products = np.fft.irfft(np.conj(np.fft.rfft(frames[:, :COMPARED], FRAME)) * np.fft.rfft(frames), FRAME)[
        :, : LONGEST + 2
    ]
    powers = np.cumsum(np.pad(np.square(frames), ((0, 0), (1, 0))), axis=1)
    shifted = (powers[:, COMPARED:] - powers[:, :-COMPARED])[:, : LONGEST + 2]
    return np.asarray(np.maximum(shifted[:, :1] + shifted - 2 * products, 0))


def _period(normal: NDArray[np.float64]) -> int:
    """The shift of the first dip that is deep enough; 0 where there is no dip."""
    middle = normal[SHORTEST : LONGEST + 1]
    dips = np.flatnonzero((middle <= normal[SHORTEST - 1 : LONGEST]) & (middle < normal[SHORTEST + 1 :]))
    if not dips.size:
        return 0
    return SHORTEST + int(dips[middle[dips] < max(DEEP, float(middle[dips].min()) + NEARLY)][0])
