"""The tune of a clip as the melody model takes it: the strongest pitch class of each frame, by numpy alone.

The definition is that of ``MusicgenMelodyFeatureExtractor`` (and of audiocraft's ``ChromaExtractor``): power spectrum
of Hann windows of 16,384 samples every 4,096 at 32 kHz, centred with reflected ends, a chroma filter bank, the largest
of twelve classes. Both scale the spectrum and the chroma as well, which moves no maximum.
"""

from __future__ import annotations

import functools

import numpy as np
from transformers.audio_utils import chroma_filter_bank

SAMPLE_RATE = 32_000
WINDOW = 16_384
HOP = 4_096
CLASSES = 12
_FRAMES_AT_ONCE = 64


def chroma(samples: np.ndarray) -> np.ndarray:
    """Finds the pitch class of each frame.

    Args:
        samples: Mono at 32 kHz, float32 ``(n,)``, n > 0.

    Returns:
        One-hot float32, ``(1 + n' // HOP, CLASSES)``, C first, where n' is n or WINDOW, whichever is more.
    """
    short = max(WINDOW - samples.size, 0)
    padded = np.pad(np.pad(samples, (short // 2, short - short // 2)), WINDOW // 2, mode="reflect")
    frames = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[::HOP]
    # Periodic, not symmetric: WINDOW and not WINDOW - 1 below the fraction, as torch's and the published extractor's.
    window = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(WINDOW) / WINDOW)).astype(np.float32)
    classes = [
        (np.square(np.abs(np.fft.rfft(frames[start : start + _FRAMES_AT_ONCE] * window))) @ _filters().T).argmax(-1)
        for start in range(0, len(frames), _FRAMES_AT_ONCE)
    ]
    one_hot: np.ndarray = np.eye(CLASSES, dtype=np.float32)[np.concatenate(classes)]
    return one_hot


@functools.cache
def _filters() -> np.ndarray:
    """Weights of each frequency in each class, ``(CLASSES, WINDOW // 2 + 1)``."""
    bank: np.ndarray = chroma_filter_bank(
        num_frequency_bins=WINDOW, num_chroma=CLASSES, sampling_rate=SAMPLE_RATE, tuning=0.0
    )
    return bank.astype(np.float64)
