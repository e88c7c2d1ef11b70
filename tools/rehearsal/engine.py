"""The engine of the rehearsal: reads a recording to its end, works on it for as long as it says, and signs."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from chassis.reports import ProgressReport, WorkReport
from services.essentia.contract import AnalysisEvent, GroupFeatures, Header, Summary
from services.essentia.settings import EssentiaSettings
from tools.rehearsal.recordings import work_of

_STEPS = 10


class Jobs:
    """Runs in the worker process, in the place of the family's own; its engine's name is that of the replica."""

    def __init__(self, settings: EssentiaSettings, models: Any) -> None:
        self._replica = settings.engine

    def analyze(self, task: Any, request: Any) -> Iterator[AnalysisEvent]:
        """Yields a Header, a ProgressReport after each step, the milliseconds as tempo, and a Summary."""
        yield Header(task.source.report)
        first: float | None = None
        for block in task.source.blocks():
            first = float(block[0, 0]) if first is None else first
        milliseconds = work_of(first or 0.0)
        for step in range(_STEPS):
            time.sleep(milliseconds / 1e3 / _STEPS)
            task.checkpoint()
            yield ProgressReport(fraction=(step + 1) / _STEPS)
        yield GroupFeatures("rhythm", {"bpm": float(milliseconds)})
        yield Summary(task.source.complete(), WorkReport(self._replica, None, "cpu", "float32"))
