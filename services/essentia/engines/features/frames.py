"""Cuts audio that arrives piece by piece into frames, as Essentia's FrameGenerator cuts a whole."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from services.essentia.engines.features.clip import Samples

# Frames handed over at once: their spectra stay in the processor's cache.
BATCH = 128


def batches(samples: Samples, size: int, hop: int, count: int, most: int = BATCH, ahead: int = 0) -> Iterator[Samples]:
    """Yields (up to ``most``, size): ``count`` frames of a whole signal, every ``hop`` samples, silence around it.

    Args:
        samples: (samples,).
        size: Samples of a frame.
        hop: Samples from the start of a frame to that of the next.
        count: How many frames.
        most: How many at once.
        ahead: Samples by which the first frame begins before the first sample.
    """
    for first in range(0, count, most):
        start = first * hop - ahead
        end = start + (min(most, count - first) - 1) * hop + size
        piece = samples[max(0, start) : max(0, end)]
        if piece.size < end - start:
            before = min(max(0, -start), end - start)
            piece = np.pad(piece, (before, end - start - before - piece.size))
        yield np.lib.stride_tricks.sliding_window_view(piece, size)[::hop]


class Framer:
    """Frames of ``size`` samples every ``hop``, the first at the first sample, the last filled up with zeros.

    What is fed may be cut anywhere; the frames are those of the whole.
    """

    def __init__(self, size: int, hop: int) -> None:
        self._size, self._hop = size, hop
        self._rest: Samples = np.empty(0, np.float32)
        self._count = 0

    def feed(self, samples: Samples) -> Iterator[NDArray[np.float32]]:
        """Yields float32 (up to BATCH, size) views that are complete; they are valid until the next one."""
        start, step = 0, BATCH * self._hop
        while start < samples.size:
            piece = np.concatenate((self._rest, samples[start : start + step]))
            start += step
            count = max(0, (piece.size - self._size) // self._hop + 1)
            if count:
                self._count += count
                yield np.lib.stride_tricks.sliding_window_view(piece, self._size)[:: self._hop]
            self._rest = piece[count * self._hop :].copy()

    def finish(self) -> Iterator[NDArray[np.float32]]:
        """Yields the last frame, if one is incomplete."""
        if self._rest.size > (self._size - self._hop if self._count else 0):
            yield np.pad(self._rest, (0, self._size - self._rest.size))[None]


class Column:
    """Numbers of one kind, one for each frame, gathered in float32."""

    def __init__(self) -> None:
        self._parts: list[NDArray[np.float32]] = []

    def add(self, values: NDArray[np.floating]) -> None:
        """Appends (frames,) or (frames, width)."""
        self._parts.append(np.asarray(values, np.float32))

    def take(self) -> NDArray[np.float32]:
        """Gives all of them, which are then no longer held here; empty where there are none."""
        parts, self._parts = self._parts, []
        return np.concatenate(parts) if parts else np.empty(0, np.float32)
