"""Audio cut and padded so that every engine of Music Flamingo hears the same windows."""

from __future__ import annotations

import numpy as np

from services.llm_audio.contract import SAMPLE_RATE, Passage
from services.llm_audio.hearing.passages import cut, passages

WINDOW_SECONDS = 30.0
TOKENS_PER_WINDOW = 750
MAX_SECONDS = 600.0
"""What Audio Flamingo 3, which is Music Flamingo's architecture, was trained for."""

_GUARD_SECONDS = 0.1
_WINDOW = round(WINDOW_SECONDS * SAMPLE_RATE)
_GUARD = round(_GUARD_SECONDS * SAMPLE_RATE)


def listen(audio: np.ndarray, start_seconds: float) -> tuple[tuple[Passage, ...], list[np.ndarray]]:
    """Gives the passages of a recording, and the samples of each as every engine of Music Flamingo hears them.

    Args:
        audio: Mono float32 (n,) at SAMPLE_RATE.
        start_seconds: Where it begins in the recording.
    """
    cuts = cut(audio, MAX_SECONDS)
    return passages(cuts, start_seconds), [fit_to_windows(audio[first:last]) for first, last in cuts]


def fit_to_windows(samples: np.ndarray) -> np.ndarray:
    """Pads mono float32 (n,) at SAMPLE_RATE with silence, or cuts it, to 0.1 s less than whole windows of 30 s.

    At whole windows llama.cpp adds a window of silence, and of a shorter clip it keeps the padding that transformers
    drops; just below both agree. A clip that ends within the last 0.1 s of a window loses that much.
    """
    windows = max(1, windows_of(samples))
    fitted = np.zeros(windows * _WINDOW - _GUARD, np.float32)
    kept = samples[: fitted.size]
    fitted[: kept.size] = kept
    return fitted


def windows_of(samples: np.ndarray) -> int:
    """Windows of 30 s that samples begin."""
    return -(-samples.size // _WINDOW)
