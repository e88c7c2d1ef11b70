"""Essentia: asked for the features and tags of the upload."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing

from antiphon.analysis.v1 import analysis_service_pb2 as analysis_pb2
from antiphon.essentia.v1 import essentia_service_pb2 as essentia_pb2
from antiphon.evidence.v1 import evidence_pb2
from antiphon_wire.rpcs import FEATURES
from gateway.analysis.events import progress_of
from gateway.analysis.question import Question
from gateway.analysis.stage import Stage

_BEATS = "beats"


async def ask(question: Question) -> AsyncGenerator[analysis_pb2.AnalyzeResponse, None]:
    """Yields progress and the merged analysis; its beats stay in it where another stage measures against them."""
    config, analysis = essentia_pb2.AnalysisConfig(), essentia_pb2.Analysis()
    config.CopyFrom(question.config.essentia)
    config.include_series |= _BEATS in question.outputs.kept
    async with aclosing(measure(question, config, analysis)) as steps:
        async for progress in steps:
            yield progress_of(STAGE.name, progress)
    if not question.config.essentia.include_series:
        _keep_beats(analysis.features)
    yield analysis_pb2.AnalyzeResponse(essentia=analysis)


STAGE = Stage("essentia", service="essentia", ask=ask)


async def measure(
    question: Question, config: essentia_pb2.AnalysisConfig, into: essentia_pb2.Analysis
) -> AsyncGenerator[evidence_pb2.Progress, None]:
    """Yields progress while the recording is measured; the answer is merged into ``into``."""
    async with aclosing(question.call(FEATURES, config)) as events:
        async for event in events:
            match event:
                case evidence_pb2.Progress():
                    yield event
                case essentia_pb2.Features():
                    into.features.MergeFrom(event)
                case essentia_pb2.TagSet():
                    into.tag_sets.append(event)
                case essentia_pb2.AnalysisSummary():
                    into.summary.CopyFrom(event)


def _keep_beats(features: essentia_pb2.Features) -> None:
    """Leaves of the series only the beats that stems were measured against."""
    beats = list(features.series.beat_seconds)
    features.ClearField("series")
    if beats:
        features.series.beat_seconds.extend(beats)
