"""Stem features: essentia, asked about one stem after the other, against the beats of the mix."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace

from antiphon.analysis.v1 import analysis_service_pb2 as analysis_pb2
from antiphon.essentia.v1 import essentia_service_pb2 as essentia_pb2
from gateway.analysis.events import progress_of
from gateway.analysis.question import Question
from gateway.analysis.stage import Stage
from gateway.analysis.stages.essentia import measure
from gateway.recording import clip_of


async def ask(question: Question) -> AsyncGenerator[analysis_pb2.AnalyzeResponse, None]:
    """Yields progress over all stems together, and their analyses in the order of the stems' names."""
    clock = asyncio.get_running_loop().time
    end = clock() + question.timeout
    beats, result = _beats_of_mix(question), essentia_pb2.StemAnalyses()
    for done, (stem, recording) in enumerate(sorted(question.recordings.items())):
        config, analysis = essentia_pb2.AnalysisConfig(), result.stems.add()
        config.CopyFrom(question.config.stem_features)
        config.stem = stem
        # The stem holds the part that was separated, and nothing else.
        config.ClearField("clip")
        if not config.beat_seconds:
            config.beat_seconds.extend(beats)
        asked = replace(question, recordings={stem: recording}, timeout=end - clock())
        async with aclosing(measure(asked, config, analysis)) as steps:
            async for progress in steps:
                if progress.HasField("fraction"):
                    progress.fraction = (done + progress.fraction) / len(question.recordings)
                yield progress_of(STAGE.name, progress)
    yield analysis_pb2.AnalyzeResponse(stem_features=result)


STAGE = Stage("stem_features", service="essentia", ask=ask, inputs=("separation.*",), uses=("essentia.beats",))


def _beats_of_mix(question: Question) -> list[float]:
    """Gives the beats that essentia found in the same part of the upload; none where it found none."""
    mix = question.parts.get("essentia")
    same = clip_of(question.config.essentia) == clip_of(question.config.separation)
    return list(mix.features.series.beat_seconds) if same and isinstance(mix, essentia_pb2.Analysis) else []
