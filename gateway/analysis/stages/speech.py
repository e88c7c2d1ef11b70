"""Speech: asked for the words, of the vocals where separation gave them."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing

from antiphon.analysis.v1 import analysis_service_pb2 as analysis_pb2
from antiphon.evidence.v1 import evidence_pb2
from antiphon.speech.v1 import speech_service_pb2 as speech_pb2
from antiphon_wire.rpcs import TRANSCRIBE
from gateway.analysis.events import progress_of
from gateway.analysis.question import Question
from gateway.analysis.stage import UPLOAD, Stage


async def ask(question: Question) -> AsyncGenerator[analysis_pb2.AnalyzeResponse, None]:
    """Yields progress, each segment at its place in the upload, and the transcript."""
    config, transcript = speech_pb2.TranscriptionConfig(), speech_pb2.Transcript()
    config.CopyFrom(question.config.speech)
    if question.input != UPLOAD and not config.HasField("voice_activity_detection"):
        # Silero takes much singing for no speech at all.
        config.voice_activity_detection = False
    clip = question.recording.clip
    if clip is not None:
        # The stem holds the clip and nothing else; its times count from the clip's start.
        config.ClearField("clip")
    async with aclosing(question.call(TRANSCRIBE, config)) as events:
        async for event in events:
            match event:
                case evidence_pb2.Progress():
                    yield progress_of(STAGE.name, event)
                case speech_pb2.Segment():
                    if clip is not None:
                        _shift(event, clip.start_offset.ToNanoseconds())
                    transcript.segments.append(event)
                    yield analysis_pb2.AnalyzeResponse(segment=event)
                case speech_pb2.TranscriptionSummary():
                    transcript.summary.CopyFrom(event)
    yield analysis_pb2.AnalyzeResponse(speech=transcript)


STAGE = Stage("speech", service="speech", ask=ask, inputs=("separation.vocals", UPLOAD))


def _shift(segment: speech_pb2.Segment, nanoseconds: int) -> None:
    items: list[speech_pb2.Segment | speech_pb2.Word] = [segment, *segment.words]
    for item in items:
        for offset in (item.start_offset, item.end_offset):
            offset.FromNanoseconds(offset.ToNanoseconds() + nanoseconds)
