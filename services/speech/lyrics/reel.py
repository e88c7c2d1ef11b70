"""A recording played once from the beginning, of which a short stretch at a time is held in memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from services.speech.contract import SAMPLE_RATE


class Reel:
    """Stretches of a recording, each starting no earlier than the one before; what lies before is forgotten."""

    def __init__(self, blocks: Iterable[np.ndarray]) -> None:
        self._blocks: Iterator[np.ndarray] = iter(blocks)
        self._held = np.zeros(0, np.float32)
        self._start = 0

    def between(self, start_seconds: float, end_seconds: float) -> np.ndarray:
        """Gives the samples (n,) of a stretch; fewer where the recording ends before it does."""
        start = max(round(start_seconds * SAMPLE_RATE), self._start)
        end = round(end_seconds * SAMPLE_RATE)
        pending, count = [self._held], len(self._held)
        while self._start + count < end and (block := next(self._blocks, None)) is not None:
            pending.append(block[0])
            count += block.shape[1]
            if self._start + count <= start:  # wholly before: forgotten at once, however long the way is
                self._start += count
                pending, count = [], 0
        held = np.concatenate(pending) if pending else np.zeros(0, np.float32)
        self._held, self._start = held[max(start - self._start, 0) :], max(start, self._start)
        return self._held[: max(end - self._start, 0)]
