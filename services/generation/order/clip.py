"""What of an uploaded clip a model hears: the end of one to continue, the beginning of one whose tune is followed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from chassis.audio import Source


def beginning(source: Source, rate: int, channels: int, most: int) -> np.ndarray:
    """Reads the first samples of a clip, and no further.

    Args:
        source: The clip.
        rate: Rate wanted (Hz).
        channels: Channels wanted.
        most: Samples of each channel to read, above 0.

    Returns:
        float32, ``(channels, n)``, n at most ``most``.

    Raises:
        AntiphonError: what is wrong with the clip.
    """
    parts, count = [], 0
    for block in source.blocks(rate, channels):
        parts.append(block)
        count += block.shape[1]
        if count >= most:
            break
    return np.concatenate(parts, 1)[:, :most]


def end(source: Source, rate: int, channels: int, most: int) -> np.ndarray:
    """Reads the last samples of a clip, in memory that does not grow with its length.

    Arguments, result and errors are those of :func:`beginning`.
    """
    tail = np.zeros((channels, 0), np.float32)
    for block in source.blocks(rate, channels):
        tail = np.concatenate([tail, block], 1)[:, -most:]
    return tail
