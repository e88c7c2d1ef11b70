"""Turning a decoded libav frame into float32 samples."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, cast

import numpy as np
from av.audio.frame import AudioFrame
from numpy.typing import NDArray

from antiphon_wire.errors import invalid
from chassis.audio.container import undecodable
from chassis.audio.pcm import from_integers
from chassis.audio.samples import Samples

DTYPES: dict[str, np.dtype[Any]] = {
    "u8": np.dtype("u1"),
    "s16": np.dtype("i2"),
    "s32": np.dtype("i4"),
    "s64": np.dtype("i8"),
    "flt": np.dtype("f4"),
    "dbl": np.dtype("f8"),
}
"""By FFmpeg's name of the sample format, less the p for planar."""
MAX_MAGNITUDE = np.float32(2.0**31)
"""Larger than any full scale in use, small enough that no filter over it overflows float32."""


def to_samples(frame: AudioFrame) -> Samples:
    """Returns the frame, of 1 to 8 channels, as (channels, n); integers scaled to 1.0, float64 rounded to float32.

    Not by PyAV's ``to_ndarray``: it counts the planes up to a null pointer, which FFmpeg does not put behind the eighth
    of a planar 7.1 frame; it then reads where nothing is, and the process dies.
    """
    channels = frame.layout.nb_channels
    dtype = DTYPES.get(frame.format.name.removesuffix("p"))
    if dtype is None:
        raise undecodable(f"samples of format {frame.format.name} are not accepted", sample_format=frame.format.name)
    values: NDArray[Any]
    if frame.format.is_planar:
        planes = frame.planes[:channels]
        values = np.stack([np.frombuffer(cast(Any, plane), dtype, frame.samples) for plane in planes])
    else:
        interleaved = np.frombuffer(cast(Any, frame.planes[0]), dtype, frame.samples * channels)
        values = interleaved.reshape(-1, channels).T
    if dtype.kind in "iu":
        return from_integers(values)
    with np.errstate(over="ignore"):
        return values.astype(np.float32, copy=False)


def silence(channels: int, frames: int, block_frames: int) -> Iterator[Samples]:
    """Yields ``frames`` samples of digital silence in blocks (channels, block_frames), the last one shorter."""
    for start in range(0, frames, block_frames):
        yield np.zeros((channels, min(block_frames, frames - start)), np.float32)


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
