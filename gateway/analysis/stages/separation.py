"""Separation: asked for the stems that the caller or another stage needs, and for no others."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Collection
from contextlib import aclosing

from antiphon.analysis.v1 import analysis_service_pb2 as analysis_pb2
from antiphon.audio.v1 import audio_pb2
from antiphon.evidence.v1 import evidence_pb2
from antiphon.separation.v1 import separation_service_pb2 as separation_pb2
from antiphon_wire.rpcs import SEPARATE
from gateway.analysis.events import progress_of
from gateway.analysis.question import Question
from gateway.analysis.stage import EVERY, Stage
from gateway.analysis.stems import StemIntake
from gateway.recording import clip_of

_VOCALS = "vocals"


async def ask(question: Question) -> AsyncGenerator[analysis_pb2.AnalyzeResponse, None]:
    """Yields progress, stems where the caller wants them, and the summary; leaves the stems that others listen to."""
    asked, outputs = question.config, question.outputs
    config = _config(asked, outputs.kept)
    header, summary = separation_pb2.SeparationHeader(), separation_pb2.SeparationSummary()
    stems = StemIntake(outputs.spool, outputs.kept)
    outputs.on_close(stems.remove)
    async with aclosing(question.call(SEPARATE, config)) as events:
        async for event in events:
            match event:
                case separation_pb2.SeparationHeader():
                    header = event
                    if asked.return_stems:
                        yield analysis_pb2.AnalyzeResponse(stem_header=_returned(header, asked))
                case evidence_pb2.Progress():
                    yield progress_of(STAGE.name, event)
                case separation_pb2.StemChunk():
                    stems.take(event)
                    if _wants(asked, event.stem):
                        yield analysis_pb2.AnalyzeResponse(stem_chunk=event)
                case separation_pb2.SeparationSummary():
                    summary = event
    stems.verify(summary)
    outputs.recordings = stems.recordings(header, clip_of(config))
    yield analysis_pb2.AnalyzeResponse(separation=summary)


STAGE = Stage("separation", service="separation", ask=ask)


def stems_to_ask(config: analysis_pb2.AnalysisConfig, kept: Collection[str]) -> list[str]:
    """Names the stems to ask separation for; empty for all that the model has.

    The vocals alone do where nobody wants stems. Their share of the energy is known where the model computes all stems
    however few are sent, and absent where it computes no others.
    """
    asked = list(config.separation.stems)
    if not asked:
        return [] if config.return_stems or EVERY in kept else list(kept) or [_VOCALS]
    return asked + [name for name in kept if name not in (*asked, EVERY)]


def _config(asked: analysis_pb2.AnalysisConfig, kept: Collection[str]) -> separation_pb2.SeparationConfig:
    config = separation_pb2.SeparationConfig()
    config.CopyFrom(asked.separation)
    del config.stems[:]
    config.stems.extend(stems_to_ask(asked, kept))
    if not config.output_encoding:
        config.output_encoding = audio_pb2.OUTPUT_ENCODING_FLAC
    return config


def _wants(config: analysis_pb2.AnalysisConfig, stem: str) -> bool:
    return config.return_stems and (not config.separation.stems or stem in config.separation.stems)


def _returned(
    header: separation_pb2.SeparationHeader, config: analysis_pb2.AnalysisConfig
) -> separation_pb2.SeparationHeader:
    """Gives the header without the stems that were fetched for another stage alone."""
    result = separation_pb2.SeparationHeader()
    result.CopyFrom(header)
    del result.stems[:]
    result.stems.extend(stem for stem in header.stems if _wants(config, stem))
    return result
