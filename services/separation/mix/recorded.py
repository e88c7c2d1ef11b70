"""A mix that is there as a file."""

from __future__ import annotations

from collections.abc import Generator, Iterator

import numpy as np

from chassis.audio.tags import Tags
from chassis.reports import SourceReport, WarningReport
from services.separation.contract import MixLevel, Plan, SeparationRequest, Separator, Task, Turn
from services.separation.mix.delay import DelayLine
from services.separation.mix.level import mix_level
from services.separation.mix.protocol import Separated


class Recorded:
    """The clip of a task; see :class:`services.separation.mix.protocol.Mix`.

    It is resampled to the model's rate and channels; a mono clip is repeated. It can be gone through again and again.
    """

    live = False

    def __init__(self, task: Task) -> None:
        self._task = task
        self._separator: Separator | None = None

    @property
    def seconds_hint(self) -> float | None:
        """Length (s) by what the container says."""
        return self._task.source.seconds_hint

    def check(self, request: SeparationRequest) -> None:
        """Opens the file: one that nothing can read is not worth loading a model for."""
        _ = self._task.source.report

    def open(self, separator: Separator) -> Generator[Turn, None, SourceReport]:
        """Learns what to resample to; a file needs no turns."""
        self._separator = separator
        yield from ()
        return self._task.source.report

    def level(self) -> MixLevel:
        """Decodes the whole clip once."""
        return mix_level(self._samples())

    def tags(self) -> Tags:
        """Reads them from the file."""
        return self._task.source.tags()

    def separated(self, plan: Plan) -> Iterator[Separated]:
        """Decodes the clip once more, as fast as the engine takes it."""
        line = DelayLine()
        for block in self._opened.separate(line.through(self._samples()), self._task.checkpoint, plan):
            yield Separated(block, line.take(block.frame_count))

    def complete(self) -> SourceReport:
        """Decodes what has not been decoded yet."""
        return self._task.source.complete()

    @property
    def warnings(self) -> tuple[WarningReport, ...]:
        """What the decoder had to leave out or to assume."""
        return tuple(self._task.source.warnings)

    def close(self) -> None:
        """Does nothing: the file belongs to the task."""

    @property
    def _opened(self) -> Separator:
        assert self._separator is not None, "open comes first"
        return self._separator

    def _samples(self) -> Iterator[np.ndarray]:
        separator = self._opened
        return self._task.source.blocks(sample_rate=separator.sample_rate, channels=separator.channels)
