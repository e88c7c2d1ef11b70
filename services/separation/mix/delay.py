"""Keeps a mix back for as long as an engine works on it, so that each block of stems meets the same stretch of it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator

import numpy as np


class DelayLine:
    """The mix on its way into an engine, kept until the stems of the same stretch have come out.

    It holds what the engine holds: some seconds, however long the clip.
    """

    def __init__(self) -> None:
        self._held: deque[np.ndarray] = deque()

    def through(self, blocks: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
        """Passes ``blocks`` on, each ``(channels, samples)``, and keeps them."""
        for block in blocks:
            if block.shape[1]:
                self._held.append(block)
            yield block

    def take(self, frames: int) -> np.ndarray:
        """Gives the next ``frames`` of what has passed, ``(channels, frames)``; there must be so many."""
        if not frames:
            return np.zeros((0, 0), np.float32)
        parts, missing = [], frames
        while missing:
            first = self._held.popleft()
            part, rest = first[:, :missing], first[:, missing:]
            missing -= part.shape[1]
            parts.append(part)
            if rest.shape[1]:
                self._held.appendleft(rest)
        return np.concatenate(parts, axis=1) if len(parts) > 1 else parts[0]
