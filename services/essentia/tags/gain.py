"""How loud a recording is before it is tagged, and the gain that brings it to a common loudness where that is wanted.

Networks that tag were trained on published recordings, and their front ends take the logarithm of one and something: of
a quiet transfer of a song they say other tags than of the song.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from chassis.audio.loudness import LoudnessMeter
from chassis.reports import WarningReport
from services.essentia.contract import TAG_SAMPLE_RATE

TARGET_LUFS = -14.0
"""Loudness that streaming services play back at, and about that of published recordings."""
QUIET_LUFS = -30.0
"""Below this networks hear little of a recording."""
MOST_DB = 40.0
"""Nothing is raised by more: what is left then is noise."""


class Listening:
    """Measures blocks, mono float32 (n,) at TAG_SAMPLE_RATE, on their way; as loud as in both channels."""

    def __init__(self) -> None:
        self._meter = LoudnessMeter(TAG_SAMPLE_RATE, 2)
        self._lufs: float | None = None
        self._begun = self._ended = False

    def through(self, blocks: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
        """Yields the blocks as they are; they are measured the first time."""
        first, self._begun = not self._begun, True
        for block in blocks:
            if first:
                self._meter.feed(np.stack((block, block)))
            yield block

    def lufs(self) -> float | None:
        """Gives the integrated loudness of what went through, LUFS; None where there is none."""
        if not self._ended:
            self._lufs, self._ended = self._meter.finish(), True
        return self._lufs

    def warnings(self) -> Iterator[WarningReport]:
        """Yields AUDIO_QUIET where it is so quiet that its tags are weak."""
        lufs = self.lufs()
        if lufs is not None and lufs < QUIET_LUFS:
            message = f"the recording has {lufs:.1f} LUFS; below {QUIET_LUFS:.0f} LUFS tags are weak"
            yield WarningReport("AUDIO_QUIET", f"{message}, unless normalise_gain is set", "tag_sets")


def gain_db(lufs: float | None) -> float:
    """Gives the gain from a loudness to TARGET_LUFS, dB, at most MOST_DB; 0 where there is no loudness."""
    return 0.0 if lufs is None else min(TARGET_LUFS - lufs, MOST_DB)


def raised(blocks: Iterable[np.ndarray], gain: float) -> Iterator[np.ndarray]:
    """Yields the blocks with a gain, dB."""
    factor = np.float32(10 ** (gain / 20))
    return (block * factor for block in blocks)
