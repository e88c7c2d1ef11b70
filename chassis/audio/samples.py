"""Samples in memory, with the rate they were taken at."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Samples: TypeAlias = NDArray[np.float32]
"""float32, shape (channels, samples), full scale 1.0; may go beyond it."""


@dataclass(frozen=True, eq=False)
class Audio:
    """A clip held in memory.

    Attributes:
        samples: float32, shape (channels, samples), full scale 1.0.
        sample_rate: Samples a second of each channel (Hz).
    """

    samples: Samples
    sample_rate: int

    @property
    def channels(self) -> int:
        """Number of channels."""
        return int(self.samples.shape[0])

    @property
    def seconds(self) -> float:
        """Length in seconds."""
        return int(self.samples.shape[1]) / self.sample_rate


def recut(blocks: Iterable[Samples], block_frames: int) -> Iterator[Samples]:
    """Yields the same samples in blocks of ``block_frames``, the last one shorter; nothing for no samples."""
    held: list[Samples] = []
    count = 0
    for block in blocks:
        held.append(block)
        count += block.shape[1]
        if count < block_frames:
            continue
        joined = np.concatenate(held, axis=1) if len(held) > 1 else block
        whole = count - count % block_frames
        for start in range(0, whole, block_frames):
            yield joined[:, start : start + block_frames]
        held, count = [joined[:, whole:]], count - whole
    if count:
        yield np.concatenate(held, axis=1)
