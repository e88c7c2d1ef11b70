"""What an analysis tells while it runs, and whom."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from antiphon.analysis.v1 import analysis_service_pb2 as analysis_pb2
from antiphon.evidence.v1 import evidence_pb2

Send = Callable[[analysis_pb2.AnalyzeResponse], Awaitable[None]]
"""Takes one event; while it waits, the stage that sent the event waits, and so does its service.

It raises nothing: a face that finds its caller gone cancels the analysis instead.
"""


def progress_of(stage: str, progress: evidence_pb2.Progress) -> analysis_pb2.AnalyzeResponse:
    """Gives the event that tells how far a stage is."""
    return analysis_pb2.AnalyzeResponse(progress=analysis_pb2.StageProgress(stage=stage, progress=progress))
