"""Calls as a worker is handed them, with a checkpoint of the test's choosing, and what jobs yield for them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from chassis.audio import Source
from services.llm_audio.contract import Answer, DescriptionRequest, Piece, Sampling, Summary
from services.llm_audio.job import Jobs
from tests.fixtures import recordings
from tests.services.llm_audio.tiny_stores import RATE

SHORT = Sampling(max_tokens=8)


@dataclass
class ScriptedTask:
    """A call with the test's checkpoint, and audio or none."""

    stop: Callable[[], None] = lambda: None
    source: Source | None = None

    def checkpoint(self) -> None:
        self.stop()


@dataclass(frozen=True)
class Told:
    """What a job yielded, sorted."""

    pieces: tuple[Piece, ...]
    answers: tuple[Answer, ...]
    summary: Summary

    @property
    def text(self) -> str:
        """The first answer's text."""
        return self.answers[0].text

    @property
    def reasons(self) -> list[str]:
        """The reasons of the warnings."""
        return [warning.reason for warning in self.summary.warnings]


def tell(jobs: Jobs, **request: Any) -> Told:
    """Has a job done without audio."""
    events = list(jobs.describe(ScriptedTask(), DescriptionRequest(**request)))
    assert isinstance(events[-1], Summary)
    return Told(
        tuple(event for event in events if isinstance(event, Piece)),
        tuple(event for event in events if isinstance(event, Answer)),
        events[-1],
    )


def describe(
    jobs: Jobs, folder: Path, samples: np.ndarray, stop: Callable[[], None] = lambda: None, **request: Any
) -> tuple[list[Answer], Summary]:
    """Has samples (1, n) described; gives the answers and the summary."""
    path = folder / "clip.wav"
    path.write_bytes(recordings.wav(samples, RATE))
    request.setdefault("sampling", SHORT)
    events = list(jobs.describe(ScriptedTask(stop, Source(path)), DescriptionRequest(**request)))
    assert isinstance(events[-1], Summary)
    return [event for event in events if isinstance(event, Answer)], events[-1]
