"""Log-mel frames cut into the overlapping patches that a tag network takes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from antiphon_wire.errors import invalid
from chassis.audio.emptiness import Emptiness
from chassis.reports import WarningReport
from services.essentia.tags.mel import BANDS, HOP, SAMPLE_RATE

FEWEST_SAMPLES = SAMPLE_RATE // 20
"""Shorter audio (50 ms) is refused: repeated so often it would be a tone of its own."""


@dataclass(frozen=True)
class Grid:
    """How frames are cut.

    A patch is given only where a frame follows it, as Essentia's ``lastPatchMode="discard"`` does, so the numbers of
    patches agree.

    Attributes:
        frames: Frames of a patch.
        hop: Frames from the start of a patch to that of the next.
    """

    frames: int
    hop: int

    @property
    def seconds(self) -> float:
        """Length of a patch."""
        return self.frames * HOP / SAMPLE_RATE

    @property
    def hop_seconds(self) -> float:
        """Time from the start of a patch to that of the next."""
        return self.hop * HOP / SAMPLE_RATE

    @property
    def fewest_samples(self) -> int:
        """The shortest audio (samples at SAMPLE_RATE) that gives a patch."""
        return (self.frames - 1) * HOP + 1

    def cut(self, frames: Iterable[np.ndarray], batch: int) -> Iterator[np.ndarray]:
        """Yields patches, float32 (n, self.frames, BANDS) with ``n`` from 1 to ``batch``."""
        kept = np.zeros((0, BANDS), np.float32)
        for part in frames:
            kept = np.concatenate([kept, part])
            count = max(0, (len(kept) - 1 - self.frames) // self.hop + 1)
            if not count:
                continue
            windows = np.lib.stride_tricks.sliding_window_view(kept, self.frames, axis=0)[:: self.hop][:count]
            for start in range(0, count, batch):
                yield np.ascontiguousarray(windows[start : start + batch].transpose(0, 2, 1))
            kept = kept[count * self.hop :]


class Hearing:
    """Mono audio on its way to a network: repeated from the start up to ``fewest`` samples where it is shorter.

    Attributes:
        samples: Samples of the audio itself, as far as it has been heard.
    """

    def __init__(self, blocks: Iterable[np.ndarray], fewest: int) -> None:
        self._blocks = blocks
        self._fewest = fewest
        self.samples = 0
        self._emptiness = Emptiness()

    def __iter__(self) -> Iterator[np.ndarray]:
        """Yields blocks (samples,).

        Raises:
            AntiphonError: AUDIO_TOO_SHORT below FEWEST_SAMPLES.
        """
        begun: list[np.ndarray] = []
        for block in self._blocks:
            if self.samples < self._fewest:
                begun.append(block)
            self.samples += len(block)
            self._emptiness.feed(block)
            yield block
        if self.samples < FEWEST_SAMPLES:
            raise invalid(
                "AUDIO_TOO_SHORT",
                f"the clip has {self.seconds:.3f} s; tags need at least {FEWEST_SAMPLES / SAMPLE_RATE} s",
                field="config.clip",
                seconds=f"{self.seconds:.3f}",
                min_seconds=FEWEST_SAMPLES / SAMPLE_RATE,
            )
        if self.samples < self._fewest:
            yield np.resize(np.concatenate(begun), self._fewest)[self.samples :]

    @property
    def seconds(self) -> float:
        """Length of the audio itself, as far as it has been heard."""
        return self.samples / SAMPLE_RATE

    @property
    def empty(self) -> bool:
        """Whether there was nothing that a network's answer could be about; see chassis.audio.emptiness."""
        return self._emptiness.verdict() is not None

    def warnings(self) -> Iterator[WarningReport]:
        """Yields what to know of the answer, once everything has been heard."""
        verdict = self._emptiness.verdict()
        if verdict is not None:
            reason, why = verdict
            yield WarningReport(reason, f"{why}: no tags", "tag_sets")
        elif self.samples < self._fewest:
            fewest = self._fewest / SAMPLE_RATE
            message = f"the clip has {self.seconds:.2f} s; it was repeated up to the {fewest:.2f} s that tags need"
            yield WarningReport("AUDIO_REPEATED", message, "tag_sets")
