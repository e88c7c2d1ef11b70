"""The calls that take audio: method, messages, and which event comes last."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from antiphon.analysis.v1 import analysis_record_pb2 as record_pb2
from antiphon.analysis.v1 import analysis_service_pb2 as analysis_pb2
from antiphon.essentia.v1 import essentia_service_pb2 as essentia_pb2
from antiphon.evidence.v1 import evidence_pb2
from antiphon.generation.v1 import generation_service_pb2 as generation_pb2
from antiphon.llm_audio.v1 import llm_audio_service_pb2 as llm_audio_pb2
from antiphon.separation.v1 import separation_service_pb2 as separation_pb2
from antiphon.speech.v1 import speech_service_pb2 as speech_pb2

AnalyzeEvent = (
    record_pb2.StageReport
    | analysis_pb2.StageProgress
    | separation_pb2.SeparationSummary
    | speech_pb2.Segment
    | speech_pb2.Transcript
    | essentia_pb2.Analysis
    | essentia_pb2.StemAnalyses
    | llm_audio_pb2.TextPiece
    | llm_audio_pb2.Description
    | separation_pb2.SeparationHeader
    | separation_pb2.StemChunk
    | record_pb2.AnalysisRecord
)
SeparateEvent = (
    separation_pb2.SeparationHeader
    | evidence_pb2.Progress
    | separation_pb2.StemChunk
    | separation_pb2.SeparationSummary
)
TranscribeEvent = (
    speech_pb2.TranscriptionHeader | evidence_pb2.Progress | speech_pb2.Segment | speech_pb2.TranscriptionSummary
)
AlignEvent = (
    speech_pb2.TranscriptionHeader | evidence_pb2.Progress | speech_pb2.AlignedLine | speech_pb2.AlignmentSummary
)
RecognizeEvent = (
    speech_pb2.TranscriptionHeader
    | evidence_pb2.Progress
    | speech_pb2.SpeechEvent
    | speech_pb2.InterimResult
    | speech_pb2.FinalResult
    | speech_pb2.StreamPosition
    | speech_pb2.StreamingRecognitionSummary
)
FeaturesEvent = (
    essentia_pb2.AnalysisHeader
    | evidence_pb2.Progress
    | essentia_pb2.Features
    | essentia_pb2.TagSet
    | essentia_pb2.AnalysisSummary
)
DescribeEvent = (
    llm_audio_pb2.DescriptionHeader
    | evidence_pb2.Progress
    | llm_audio_pb2.TextPiece
    | llm_audio_pb2.Answer
    | llm_audio_pb2.DescriptionSummary
)
CompareEvent = (
    llm_audio_pb2.ComparisonHeader
    | llm_audio_pb2.SideProgress
    | llm_audio_pb2.SidePiece
    | llm_audio_pb2.SideAnswer
    | llm_audio_pb2.SideOutcome
    | llm_audio_pb2.ComparisonSummary
)
GenerateEvent = (
    generation_pb2.GenerationHeader
    | evidence_pb2.Progress
    | generation_pb2.PieceChunk
    | generation_pb2.GenerationSummary
)

Event = TypeVar("Event")


@dataclass(frozen=True)
class StreamRpc(Generic[Event]):
    """One call with audio up and events down.

    Attributes:
        method: Path on the wire.
        request: Class of a request, with ``config`` and ``chunk``.
        response: Class of a response, with the oneof ``event``.
        last: Field of the event that comes last, once.
    """

    method: str
    request: Any
    response: Any
    last: str

    def on(self, channel: Any) -> Any:
        """Gives the call on a channel, a blocking one or an event loop's: a function of requests and options."""
        return channel.stream_stream(
            self.method,
            request_serializer=self.request.SerializeToString,
            response_deserializer=self.response.FromString,
        )


ANALYZE: StreamRpc[AnalyzeEvent] = StreamRpc(
    "/antiphon.analysis.v1.AnalysisService/Analyze", analysis_pb2.AnalyzeRequest, analysis_pb2.AnalyzeResponse, "record"
)
SEPARATE: StreamRpc[SeparateEvent] = StreamRpc(
    "/antiphon.separation.v1.SeparationService/Separate",
    separation_pb2.SeparateRequest,
    separation_pb2.SeparateResponse,
    "summary",
)
SEPARATE_LIVE: StreamRpc[SeparateEvent] = StreamRpc(
    "/antiphon.separation.v1.SeparationService/StreamingSeparate",
    separation_pb2.StreamingSeparateRequest,
    separation_pb2.StreamingSeparateResponse,
    "summary",
)
TRANSCRIBE: StreamRpc[TranscribeEvent] = StreamRpc(
    "/antiphon.speech.v1.SpeechService/Transcribe",
    speech_pb2.TranscribeRequest,
    speech_pb2.TranscribeResponse,
    "summary",
)
ALIGN_LYRICS: StreamRpc[AlignEvent] = StreamRpc(
    "/antiphon.speech.v1.SpeechService/AlignLyrics",
    speech_pb2.AlignLyricsRequest,
    speech_pb2.AlignLyricsResponse,
    "summary",
)
RECOGNIZE: StreamRpc[RecognizeEvent] = StreamRpc(
    "/antiphon.speech.v1.SpeechService/StreamingRecognize",
    speech_pb2.StreamingRecognizeRequest,
    speech_pb2.StreamingRecognizeResponse,
    "summary",
)
FEATURES: StreamRpc[FeaturesEvent] = StreamRpc(
    "/antiphon.essentia.v1.EssentiaService/Analyze",
    essentia_pb2.AnalyzeRequest,
    essentia_pb2.AnalyzeResponse,
    "summary",
)
DESCRIBE: StreamRpc[DescribeEvent] = StreamRpc(
    "/antiphon.llm_audio.v1.LlmAudioService/Describe",
    llm_audio_pb2.DescribeRequest,
    llm_audio_pb2.DescribeResponse,
    "summary",
)
COMPARE: StreamRpc[CompareEvent] = StreamRpc(
    "/antiphon.llm_audio.v1.LlmAudioService/Compare",
    llm_audio_pb2.CompareRequest,
    llm_audio_pb2.CompareResponse,
    "summary",
)
GENERATE: StreamRpc[GenerateEvent] = StreamRpc(
    "/antiphon.generation.v1.GenerationService/Generate",
    generation_pb2.GenerateRequest,
    generation_pb2.GenerateResponse,
    "summary",
)

STAGES: tuple[str, ...] = tuple(
    field.name
    for field in record_pb2.AnalysisRecord.DESCRIPTOR.fields
    if field.message_type is not None
    and field.message_type.file.package not in ("antiphon.analysis.v1", "antiphon.audio.v1")
)
"""Names of the stages: the fields of a record that a service fills."""
