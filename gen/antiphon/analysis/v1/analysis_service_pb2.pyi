from antiphon.analysis.v1 import analysis_record_pb2 as _analysis_record_pb2
from antiphon.audio.v1 import audio_pb2 as _audio_pb2
from antiphon.essentia.v1 import essentia_service_pb2 as _essentia_service_pb2
from antiphon.evidence.v1 import evidence_pb2 as _evidence_pb2
from antiphon.llm_audio.v1 import llm_audio_service_pb2 as _llm_audio_service_pb2
from antiphon.separation.v1 import separation_service_pb2 as _separation_service_pb2
from antiphon.speech.v1 import speech_service_pb2 as _speech_service_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class AnalyzeRequest(_message.Message):
    __slots__ = ("config", "chunk")
    CONFIG_FIELD_NUMBER: _ClassVar[int]
    CHUNK_FIELD_NUMBER: _ClassVar[int]
    config: AnalysisConfig
    chunk: _audio_pb2.AudioChunk
    def __init__(self, config: _Optional[_Union[AnalysisConfig, _Mapping]] = ..., chunk: _Optional[_Union[_audio_pb2.AudioChunk, _Mapping]] = ...) -> None: ...

class AnalysisConfig(_message.Message):
    __slots__ = ("audio_format", "stages", "return_stems", "separation", "speech", "essentia", "stem_features", "llm_audio")
    AUDIO_FORMAT_FIELD_NUMBER: _ClassVar[int]
    STAGES_FIELD_NUMBER: _ClassVar[int]
    RETURN_STEMS_FIELD_NUMBER: _ClassVar[int]
    SEPARATION_FIELD_NUMBER: _ClassVar[int]
    SPEECH_FIELD_NUMBER: _ClassVar[int]
    ESSENTIA_FIELD_NUMBER: _ClassVar[int]
    STEM_FEATURES_FIELD_NUMBER: _ClassVar[int]
    LLM_AUDIO_FIELD_NUMBER: _ClassVar[int]
    audio_format: _audio_pb2.AudioFormat
    stages: _containers.RepeatedScalarFieldContainer[str]
    return_stems: bool
    separation: _separation_service_pb2.SeparationConfig
    speech: _speech_service_pb2.TranscriptionConfig
    essentia: _essentia_service_pb2.AnalysisConfig
    stem_features: _essentia_service_pb2.AnalysisConfig
    llm_audio: _llm_audio_service_pb2.DescriptionConfig
    def __init__(self, audio_format: _Optional[_Union[_audio_pb2.AudioFormat, _Mapping]] = ..., stages: _Optional[_Iterable[str]] = ..., return_stems: bool = ..., separation: _Optional[_Union[_separation_service_pb2.SeparationConfig, _Mapping]] = ..., speech: _Optional[_Union[_speech_service_pb2.TranscriptionConfig, _Mapping]] = ..., essentia: _Optional[_Union[_essentia_service_pb2.AnalysisConfig, _Mapping]] = ..., stem_features: _Optional[_Union[_essentia_service_pb2.AnalysisConfig, _Mapping]] = ..., llm_audio: _Optional[_Union[_llm_audio_service_pb2.DescriptionConfig, _Mapping]] = ...) -> None: ...

class AnalyzeResponse(_message.Message):
    __slots__ = ("stage_report", "progress", "separation", "segment", "speech", "essentia", "stem_header", "stem_chunk", "record", "stem_features", "text_piece", "llm_audio")
    STAGE_REPORT_FIELD_NUMBER: _ClassVar[int]
    PROGRESS_FIELD_NUMBER: _ClassVar[int]
    SEPARATION_FIELD_NUMBER: _ClassVar[int]
    SEGMENT_FIELD_NUMBER: _ClassVar[int]
    SPEECH_FIELD_NUMBER: _ClassVar[int]
    ESSENTIA_FIELD_NUMBER: _ClassVar[int]
    STEM_HEADER_FIELD_NUMBER: _ClassVar[int]
    STEM_CHUNK_FIELD_NUMBER: _ClassVar[int]
    RECORD_FIELD_NUMBER: _ClassVar[int]
    STEM_FEATURES_FIELD_NUMBER: _ClassVar[int]
    TEXT_PIECE_FIELD_NUMBER: _ClassVar[int]
    LLM_AUDIO_FIELD_NUMBER: _ClassVar[int]
    stage_report: _analysis_record_pb2.StageReport
    progress: StageProgress
    separation: _separation_service_pb2.SeparationSummary
    segment: _speech_service_pb2.Segment
    speech: _speech_service_pb2.Transcript
    essentia: _essentia_service_pb2.Analysis
    stem_header: _separation_service_pb2.SeparationHeader
    stem_chunk: _separation_service_pb2.StemChunk
    record: _analysis_record_pb2.AnalysisRecord
    stem_features: _essentia_service_pb2.StemAnalyses
    text_piece: _llm_audio_service_pb2.TextPiece
    llm_audio: _llm_audio_service_pb2.Description
    def __init__(self, stage_report: _Optional[_Union[_analysis_record_pb2.StageReport, _Mapping]] = ..., progress: _Optional[_Union[StageProgress, _Mapping]] = ..., separation: _Optional[_Union[_separation_service_pb2.SeparationSummary, _Mapping]] = ..., segment: _Optional[_Union[_speech_service_pb2.Segment, _Mapping]] = ..., speech: _Optional[_Union[_speech_service_pb2.Transcript, _Mapping]] = ..., essentia: _Optional[_Union[_essentia_service_pb2.Analysis, _Mapping]] = ..., stem_header: _Optional[_Union[_separation_service_pb2.SeparationHeader, _Mapping]] = ..., stem_chunk: _Optional[_Union[_separation_service_pb2.StemChunk, _Mapping]] = ..., record: _Optional[_Union[_analysis_record_pb2.AnalysisRecord, _Mapping]] = ..., stem_features: _Optional[_Union[_essentia_service_pb2.StemAnalyses, _Mapping]] = ..., text_piece: _Optional[_Union[_llm_audio_service_pb2.TextPiece, _Mapping]] = ..., llm_audio: _Optional[_Union[_llm_audio_service_pb2.Description, _Mapping]] = ...) -> None: ...

class StageProgress(_message.Message):
    __slots__ = ("stage", "progress")
    STAGE_FIELD_NUMBER: _ClassVar[int]
    PROGRESS_FIELD_NUMBER: _ClassVar[int]
    stage: str
    progress: _evidence_pb2.Progress
    def __init__(self, stage: _Optional[str] = ..., progress: _Optional[_Union[_evidence_pb2.Progress, _Mapping]] = ...) -> None: ...

class ListServicesRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ListServicesResponse(_message.Message):
    __slots__ = ("services",)
    SERVICES_FIELD_NUMBER: _ClassVar[int]
    services: _containers.RepeatedCompositeFieldContainer[ServiceStatus]
    def __init__(self, services: _Optional[_Iterable[_Union[ServiceStatus, _Mapping]]] = ...) -> None: ...

class ServiceStatus(_message.Message):
    __slots__ = ("service", "ready", "problem")
    SERVICE_FIELD_NUMBER: _ClassVar[int]
    READY_FIELD_NUMBER: _ClassVar[int]
    PROBLEM_FIELD_NUMBER: _ClassVar[int]
    service: str
    ready: bool
    problem: str
    def __init__(self, service: _Optional[str] = ..., ready: bool = ..., problem: _Optional[str] = ...) -> None: ...
