"""Turning a decoded libav frame into float32 samples."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from av.audio.frame import AudioFrame

from chassis.audio.pcm import from_integers
from chassis.audio.samples import Samples
from chassis.errors import invalid

MAX_MAGNITUDE = np.float32(2.0**31)
"""Larger than any full scale in use, small enough that no filter over it overflows float32."""


def to_samples(frame: AudioFrame) -> Samples:
    """Returns the frame as (channels, n); integers scaled to 1.0, float64 rounded to float32."""
    values = frame.to_ndarray()
    if frame.format.is_packed:
        values = values.reshape(-1, frame.layout.nb_channels).T
    if values.dtype.kind in "iu":
        return from_integers(values)
    with np.errstate(over="ignore"):
        return values.astype(np.float32, copy=False)


def join(parts: Iterable[Samples]) -> Samples:
    """Returns the parts as one C-contiguous block."""
    return np.concatenate(list(parts), axis=1)


def check_finite(block: Samples, position: int) -> None:
    """Raises AUDIO_NOT_FINITE for NaN, an infinity, or a magnitude beyond 2^31.

    Args:
        block: (channels, n) with n > 0.
        position: Frame of the source that the block starts at.
    """
    with np.errstate(invalid="ignore"):
        largest = np.maximum(block.max(), -block.min())
    # Written so that NaN, which compares false with everything, fails it.
    if not largest <= MAX_MAGNITUDE:
        with np.errstate(invalid="ignore"):
            bad = ~(np.abs(block) <= MAX_MAGNITUDE).all(axis=0)
        frame = position + int(np.argmax(bad))
        raise invalid(
            "AUDIO_NOT_FINITE",
            f"frame {frame} holds a sample that is NaN, infinite or beyond 2^31; send finite samples, full scale 1.0",
            frame=frame,
        )
