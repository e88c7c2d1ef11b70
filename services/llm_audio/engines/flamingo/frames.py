"""Audio cut and padded so that every backend of Music Flamingo sees the same frames."""

from __future__ import annotations

import numpy as np

from services.llm_audio.engine import SAMPLE_RATE

WINDOW_SECONDS = 30.0
TOKENS_PER_WINDOW = 750
MAX_WINDOWS = 20
"""Ten minutes: what Audio Flamingo 3, which is Music Flamingo's architecture, was trained for."""

_GUARD_SECONDS = 0.1
_WINDOW = round(WINDOW_SECONDS * SAMPLE_RATE)
_GUARD = round(_GUARD_SECONDS * SAMPLE_RATE)


def fit_to_windows(samples: np.ndarray) -> np.ndarray:
    """Pads mono float32 (n,) at SAMPLE_RATE with silence, or cuts it, to 0.1 s less than whole windows of 30 s.

    At whole windows llama.cpp adds a window of silence, and of a shorter clip it keeps the padding that transformers
    drops; just below both agree. A clip that ends within the last 0.1 s of a window loses that much; beyond MAX_WINDOWS
    the rest is left out.
    """
    windows = min(max(1, -(-samples.size // _WINDOW)), MAX_WINDOWS)
    fitted = np.zeros(windows * _WINDOW - _GUARD, np.float32)
    kept = samples[: fitted.size]
    fitted[: kept.size] = kept
    return fitted


def windows_of(samples: np.ndarray) -> int:
    """Windows of audio that was fitted."""
    return -(-samples.size // _WINDOW)


def seconds_left_out(samples: np.ndarray) -> float:
    """Seconds at the end that are beyond the model's own limit; 0 where all is heard but the last 0.1 s of a window."""
    return max(0.0, (samples.size - MAX_WINDOWS * _WINDOW) / SAMPLE_RATE)
