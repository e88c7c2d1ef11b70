"""The mel power of a recording while it is read for something else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from services.speech.speakers.mel import FRAME, HOP, framed_power
from services.speech.speakers.network import BANDS

_LEAST_SAMPLES = 16_000

Floats = NDArray[np.float32]


class MelStream:
    """Takes the power of what passes; 58 MB of it an hour are kept, and no samples."""

    def __init__(self) -> None:
        self._held = np.zeros(FRAME // 2, np.float32)
        self._powers: list[Floats] = []

    def through(self, blocks: Iterable[Floats]) -> Iterator[Floats]:
        """Yields mono blocks (1, n) at 16 kHz as they come, and keeps the power of each."""
        for block in blocks:
            self._held = np.concatenate([self._held, block[0]])
            if len(self._held) >= _LEAST_SAMPLES:
                self._take()
            yield block

    def finish(self) -> Floats:
        """Gives the mel power of all that has passed, (frames, BANDS), as of one piece."""
        self._held = np.pad(self._held, (0, FRAME // 2))
        self._take()
        return np.concatenate(self._powers) if self._powers else np.empty((0, BANDS), np.float32)

    def _take(self) -> None:
        count = (len(self._held) - FRAME) // HOP + 1
        if count > 0:
            self._powers.append(framed_power(self._held[: FRAME + (count - 1) * HOP]))
            self._held = self._held[count * HOP :].copy()
