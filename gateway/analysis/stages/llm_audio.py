"""Prose: llm_audio, asked about the recording, and from what essentia, speech and separation said of it."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing

from antiphon.analysis.v1 import analysis_service_pb2 as analysis_pb2
from antiphon.evidence.v1 import evidence_pb2
from antiphon.llm_audio.v1 import llm_audio_service_pb2 as llm_audio_pb2
from antiphon_wire.rpcs import DESCRIBE
from gateway.analysis.briefing import briefing
from gateway.analysis.events import progress_of
from gateway.analysis.question import Question
from gateway.analysis.stage import Stage


async def ask(question: Question) -> AsyncGenerator[analysis_pb2.AnalyzeResponse, None]:
    """Yields progress, pieces of text, and the description."""
    config, description = llm_audio_pb2.DescriptionConfig(), llm_audio_pb2.Description()
    config.CopyFrom(question.config.llm_audio)
    if not config.facts_json:
        config.facts_json = briefing(question.parts)
    async with aclosing(question.call(DESCRIBE, config)) as events:
        async for event in events:
            match event:
                case evidence_pb2.Progress():
                    yield progress_of(STAGE.name, event)
                case llm_audio_pb2.TextPiece():
                    yield analysis_pb2.AnalyzeResponse(text_piece=event)
                case llm_audio_pb2.Answer():
                    description.answers.append(event)
                case llm_audio_pb2.DescriptionSummary():
                    description.summary.CopyFrom(event)
    yield analysis_pb2.AnalyzeResponse(llm_audio=description)


STAGE = Stage("llm_audio", service="llm_audio", ask=ask, uses=("essentia.facts", "speech.facts", "separation.facts"))
