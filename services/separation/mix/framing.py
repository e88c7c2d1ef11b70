"""Cuts a stream of samples into the overlapping stretches of which spectra are taken, wherever its blocks end.

The mix is thought of as lying between two half windows of zeros, so that frame ``i`` is centred on sample
``i * HOP``. A patch is what so many frames cover, ``PATCH_FRAMES`` for Spleeter's network; the next begins one frame
after its last.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

SAMPLE_RATE = 44_100
CHANNELS = 2
WINDOW = 4096
HOP = 1024
PATCH_FRAMES = 512
PATCH_SAMPLES = (PATCH_FRAMES - 1) * HOP + WINDOW
OVERLAP = WINDOW - HOP
"""Samples that a patch shares with the next."""


@dataclass(frozen=True)
class Patch:
    """A stretch of the mix for one step of the network.

    Attributes:
        samples: float32, ``(CHANNELS, (frames - 1) * HOP + WINDOW)``.
        frames: Frames in it; as many as patches were to have, but for the last, which may have fewer.
    """

    samples: np.ndarray
    frames: int


def patches(blocks: Iterable[np.ndarray], patch_frames: int = PATCH_FRAMES) -> Iterator[Patch]:
    """Cuts the mix, given in any blocks ``(CHANNELS, samples)``, into patches; each comes as soon as it is full.

    A mix of n samples has ``n // HOP + 1`` frames; a mix without samples has no patch.
    """
    half = np.zeros((CHANNELS, WINDOW // 2), np.float32)
    size = (patch_frames - 1) * HOP + WINDOW
    buffer = np.empty((CHANNELS, size), np.float32)
    filled = WINDOW // 2
    buffer[:, :filled] = 0.0
    empty = True

    def fed() -> Iterator[np.ndarray]:
        nonlocal empty
        for block in blocks:
            empty = empty and block.shape[1] == 0
            yield block
        if not empty:
            yield half

    for block in fed():
        taken = 0
        while taken < block.shape[1]:
            count = min(block.shape[1] - taken, size - filled)
            buffer[:, filled : filled + count] = block[:, taken : taken + count]
            taken += count
            filled += count
            if filled == size:
                yield Patch(buffer.copy(), patch_frames)
                buffer[:, :OVERLAP] = buffer[:, -OVERLAP:]
                filled = OVERLAP
    if not empty and filled >= WINDOW:
        frames = (filled - WINDOW) // HOP + 1
        yield Patch(buffer[:, : (frames - 1) * HOP + WINDOW].copy(), frames)
