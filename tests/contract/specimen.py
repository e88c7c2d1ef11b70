"""What a family says of one of its engines, so that the questions of the contract can be put to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from chassis.reports import WorkReport

SPECIMEN, TWIN, BROKEN, ABSENT = "specimen", "twin", "broken", "absent"
"""Models of the store that a trial makes: the tiny one, the same again, one of whose files one is something else, and
one that is not installed."""


def last_work(events: Sequence[Any]) -> WorkReport:
    """Reads from the summary, the last event, how an answer was made."""
    work = events[-1].work
    assert isinstance(work, WorkReport)
    return work


def unchanged(event: Any) -> Any:
    """Gives an event that tells no times as it is."""
    return event


@dataclass(frozen=True)
class Refusal:
    """Something that this engine, or this family, cannot do.

    Attributes:
        code: Name of the status.
        reason: UPPER_SNAKE_CASE.
        request: Makes the request, which may be refused while it is made; None for the specimen's own.
        settings: Settings to change.
        samples: Makes the audio; None for the specimen's own.
    """

    code: str
    reason: str
    request: Callable[[], Any] | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    samples: Callable[[], np.ndarray] | None = None


@dataclass(frozen=True)
class Specimen:
    """An engine with a tiny model, and what must come of one call.

    Attributes:
        libraries: Distributions that it stands on: where one of them is missing the engine cannot run, and an
            environment of the Makefile must have them all.
        settings: The family's, on the CPU.
        verb: Method of the family's Jobs.
        ask: Makes the request for a model of that name.
        checkpoints: Fewest checkpoints of that call: one for each step, chunk or window of its audio.
        files: Makes the model's files in a folder, and gives their contents by name; None for an engine without any.
        samples: Makes the audio, float32 ``(channels, samples)``; None for a call without audio.
        sample_rate: Its rate (Hz).
        unreadable: Reason for which a file that is something else is refused; empty for an engine that reads none, or
            that no request can name.
        besides: Files with another reason, by name; with an empty one where the engine can do without.
        refusals: What it cannot do besides.
        by_name: Whether a request can name its model.
        keeps: Why the family keeps this engine when it loads another model; empty where it lets go of it.
        work: Reads from the events how the answer was made.
        timeless: Takes times and costs out of an event, which differ from run to run; gives None for one that is
            nothing else.
        sampled: Makes a request that draws at random and names no seed; None for an engine that never draws.
        seeded: Puts a seed into such a request.
    """

    libraries: tuple[str, ...]
    settings: Any
    verb: str
    ask: Callable[[str], Any]
    checkpoints: int
    files: Callable[[Path], Mapping[str, bytes]] | None = None
    samples: Callable[[], np.ndarray] | None = None
    sample_rate: int = 44_100
    unreadable: str = ""
    besides: Mapping[str, str] = field(default_factory=dict)
    refusals: tuple[Refusal, ...] = ()
    by_name: bool = True
    keeps: str = ""
    work: Callable[[Sequence[Any]], WorkReport] = last_work
    timeless: Callable[[Any], Any] = unchanged
    sampled: Callable[[], Any] | None = None
    seeded: Callable[[Any, int], Any] | None = None
