"""Hears which pitch class is in the bass: the strongest low note of each frame, judged by its partials."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from chassis.audio.resample import Resampler
from services.essentia.contract import SAMPLE_RATE

# A sixteenth of the rate holds four partials of the highest bass note.
RATE = SAMPLE_RATE / 16
# Samples: 0.74 s every 0.19 s, enough to part two semitones from 49 Hz up by the first partial, below by the second.
FRAME, HOP = 2048, 512
HOP_SECONDS = HOP / RATE
# MIDI numbers: from the lowest string of a bass to E3, below which chords are seldom played.
LOWEST, HIGHEST = 28, 52
PARTIALS = 4
# A low note counts for more than the same an octave above: 0.9 for each semitone at the third of an octave.
FALL = 0.97
# Against the loudest frame: what is 40 dB below it is no bass.
QUIET = 0.01
BLOCK = 1024


def walk(mono: NDArray[np.float32], cents: float = 0.0) -> NDArray[np.float64]:
    """Gives how strongly each pitch class is in the bass: (frames, 12) from C up, every HOP_SECONDS; 0 for none.

    Args:
        mono: Finite samples at SAMPLE_RATE.
        cents: How far above A at 440 Hz the tuning lies.
    """
    resampler = Resampler(16, 1, 1)
    audio = np.concatenate((resampler.apply(mono[None]), resampler.finish()), 1)[0]
    frames = sliding_window_view(np.pad(audio, FRAME // 2), FRAME)[::HOP]
    comb, window = _comb(float(round(cents))), np.hanning(FRAME).astype(np.float32)
    notes = np.concatenate(
        [
            np.abs(np.fft.rfft(frames[start : start + BLOCK] * window, axis=1)) @ comb
            for start in range(0, len(frames), BLOCK)
        ]
    )
    best = notes.argmax(1)
    strength = notes[np.arange(len(notes)), best]
    classes = np.zeros((len(notes), 12))
    classes[np.arange(len(notes)), (best + LOWEST) % 12] = np.where(
        strength > QUIET * strength.max(initial=0), strength, 0
    )
    return classes


@lru_cache(maxsize=4)
def _comb(cents: float) -> NDArray[np.float64]:
    """What each bin of a spectrum adds to each note: (bins, notes)."""
    hz = np.fft.rfftfreq(FRAME, 1 / RATE)
    comb = np.zeros((hz.size, HIGHEST - LOWEST + 1))
    for number in range(comb.shape[1]):
        first = 440 * 2 ** ((number + LOWEST - 69 + cents / 100) / 12)
        for partial in range(1, PARTIALS + 1):
            # A quarter of a tone to each side, and two bins where that is less.
            width = max(first * partial * (2 ** (1 / 24) - 1), 1.2 * RATE / FRAME)
            near = np.clip(1 - np.abs(hz - first * partial) / width, 0, None)
            comb[:, number] += near / max(near.sum(), 1e-9) / partial * FALL**number
    return comb
