"""A stage as data: who answers, what it listens to, and the function that asks."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass

from antiphon.analysis.v1 import analysis_service_pb2 as analysis_pb2
from gateway.analysis.question import Question

UPLOAD = "upload"
EVERY = "*"
"""Stands for all outputs of a stage, as in ``separation.*``."""
FACTS = "facts"
"""Stands for what a stage says, its part, as in ``essentia.facts``: nothing that it would have to keep."""

Ask = Callable[[Question], AsyncGenerator[analysis_pb2.AnalyzeResponse, None]]
"""Yields what happens while a service answers; the stage's part, the event named like the stage, once and last.

Raises CallFailure where the service failed, and AntiphonError where its answer was damaged.
"""


@dataclass(frozen=True)
class Stage:
    """One question put to one service.

    Attributes:
        name: Also the record's field and the config's field.
        service: Word of the service that answers.
        ask: Turns the question into calls of the service, and its answer into events of an analysis.
        inputs: What it can listen to, best first: ``upload``, or another stage's output as ``stage.output``.
        uses: What it reads besides, where the plan has it, as ``stage.output``; it waits for that too.
    """

    name: str
    service: str
    ask: Ask
    inputs: tuple[str, ...] = (UPLOAD,)
    uses: tuple[str, ...] = ()


def source_of(name: str) -> str:
    """Gives the stage that makes an output: ``separation`` for ``separation.vocals``."""
    return name.partition(".")[0]
