"""The mel power that Resemblyzer's network hears, as librosa computes it by its defaults, in numpy.

Frames of 25 ms every 10 ms under a Hann window, the first one centred on the first sample; 40 bands on Slaney's scale,
linear below 1 kHz, each a triangle of the area 1. Powers, not decibels.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from services.speech.contract import SAMPLE_RATE
from services.speech.speakers.network import BANDS

FRAME, HOP = 400, 160
FRAMES_PER_SECOND = SAMPLE_RATE // HOP
_BREAK_HZ, _HZ_A_MEL = 1000.0, 200 / 3
_LOG_STEP = np.log(6.4) / 27
_CHUNK_FRAMES = 6000

Floats = NDArray[np.float32]


def mel_power(samples: Floats) -> Floats:
    """Gives the mel power (frames, BANDS) of mono audio (n,) at SAMPLE_RATE: n // HOP + 1 frames."""
    return framed_power(np.pad(samples, FRAME // 2))


def framed_power(samples: Floats) -> Floats:
    """Gives the mel power of every whole frame of samples (n,), the first one beginning with the first of them."""
    frames = np.lib.stride_tricks.sliding_window_view(samples, FRAME)[::HOP]
    # A minute at once, so that an hour takes no more memory than its result.
    parts = [_power(frames[at : at + _CHUNK_FRAMES]) for at in range(0, len(frames), _CHUNK_FRAMES)]
    return np.concatenate(parts)


def _power(frames: Floats) -> Floats:
    spectrum = np.fft.rfft(frames * _WINDOW, axis=1)
    return np.asarray((spectrum.real**2 + spectrum.imag**2) @ _BANDS.T, np.float32)


def _hz(mels: NDArray[np.float64]) -> NDArray[np.float64]:
    straight = mels * _HZ_A_MEL
    bent = _BREAK_HZ * np.exp(_LOG_STEP * (mels - _BREAK_HZ / _HZ_A_MEL))
    return np.where(straight < _BREAK_HZ, straight, bent)


def _filters() -> NDArray[np.float64]:
    top = _BREAK_HZ / _HZ_A_MEL + np.log(SAMPLE_RATE / 2 / _BREAK_HZ) / _LOG_STEP
    edges = _hz(np.linspace(0, top, BANDS + 2))
    bins = np.linspace(0, SAMPLE_RATE / 2, FRAME // 2 + 1)
    rising = (bins - edges[:-2, None]) / np.diff(edges)[:-1, None]
    falling = (edges[2:, None] - bins) / np.diff(edges)[1:, None]
    return np.maximum(0, np.minimum(rising, falling)) * (2 / (edges[2:] - edges[:-2]))[:, None]


_WINDOW = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(FRAME) / FRAME)
_BANDS = _filters()
