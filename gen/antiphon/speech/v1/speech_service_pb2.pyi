import datetime

from antiphon.audio.v1 import audio_pb2 as _audio_pb2
from antiphon.evidence.v1 import evidence_pb2 as _evidence_pb2
from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Task(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    TASK_UNSPECIFIED: _ClassVar[Task]
    TASK_TRANSCRIBE: _ClassVar[Task]
    TASK_TRANSLATE: _ClassVar[Task]
TASK_UNSPECIFIED: Task
TASK_TRANSCRIBE: Task
TASK_TRANSLATE: Task

class TranscribeRequest(_message.Message):
    __slots__ = ("config", "chunk")
    CONFIG_FIELD_NUMBER: _ClassVar[int]
    CHUNK_FIELD_NUMBER: _ClassVar[int]
    config: TranscriptionConfig
    chunk: _audio_pb2.AudioChunk
    def __init__(self, config: _Optional[_Union[TranscriptionConfig, _Mapping]] = ..., chunk: _Optional[_Union[_audio_pb2.AudioChunk, _Mapping]] = ...) -> None: ...

class TranscriptionConfig(_message.Message):
    __slots__ = ("audio_format", "model", "language_code", "task", "beam_size", "word_times", "voice_activity_detection", "initial_prompt", "clip")
    AUDIO_FORMAT_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    LANGUAGE_CODE_FIELD_NUMBER: _ClassVar[int]
    TASK_FIELD_NUMBER: _ClassVar[int]
    BEAM_SIZE_FIELD_NUMBER: _ClassVar[int]
    WORD_TIMES_FIELD_NUMBER: _ClassVar[int]
    VOICE_ACTIVITY_DETECTION_FIELD_NUMBER: _ClassVar[int]
    INITIAL_PROMPT_FIELD_NUMBER: _ClassVar[int]
    CLIP_FIELD_NUMBER: _ClassVar[int]
    audio_format: _audio_pb2.AudioFormat
    model: str
    language_code: str
    task: Task
    beam_size: int
    word_times: bool
    voice_activity_detection: bool
    initial_prompt: str
    clip: _audio_pb2.ClipRange
    def __init__(self, audio_format: _Optional[_Union[_audio_pb2.AudioFormat, _Mapping]] = ..., model: _Optional[str] = ..., language_code: _Optional[str] = ..., task: _Optional[_Union[Task, str]] = ..., beam_size: _Optional[int] = ..., word_times: bool = ..., voice_activity_detection: bool = ..., initial_prompt: _Optional[str] = ..., clip: _Optional[_Union[_audio_pb2.ClipRange, _Mapping]] = ...) -> None: ...

class TranscribeResponse(_message.Message):
    __slots__ = ("header", "progress", "segment", "summary")
    HEADER_FIELD_NUMBER: _ClassVar[int]
    PROGRESS_FIELD_NUMBER: _ClassVar[int]
    SEGMENT_FIELD_NUMBER: _ClassVar[int]
    SUMMARY_FIELD_NUMBER: _ClassVar[int]
    header: TranscriptionHeader
    progress: _evidence_pb2.Progress
    segment: Segment
    summary: TranscriptionSummary
    def __init__(self, header: _Optional[_Union[TranscriptionHeader, _Mapping]] = ..., progress: _Optional[_Union[_evidence_pb2.Progress, _Mapping]] = ..., segment: _Optional[_Union[Segment, _Mapping]] = ..., summary: _Optional[_Union[TranscriptionSummary, _Mapping]] = ...) -> None: ...

class TranscriptionHeader(_message.Message):
    __slots__ = ("source",)
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    source: _audio_pb2.SourceAudio
    def __init__(self, source: _Optional[_Union[_audio_pb2.SourceAudio, _Mapping]] = ...) -> None: ...

class Segment(_message.Message):
    __slots__ = ("start_offset", "end_offset", "text", "words", "avg_logprob", "no_speech_probability", "compression_ratio")
    START_OFFSET_FIELD_NUMBER: _ClassVar[int]
    END_OFFSET_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    WORDS_FIELD_NUMBER: _ClassVar[int]
    AVG_LOGPROB_FIELD_NUMBER: _ClassVar[int]
    NO_SPEECH_PROBABILITY_FIELD_NUMBER: _ClassVar[int]
    COMPRESSION_RATIO_FIELD_NUMBER: _ClassVar[int]
    start_offset: _duration_pb2.Duration
    end_offset: _duration_pb2.Duration
    text: str
    words: _containers.RepeatedCompositeFieldContainer[Word]
    avg_logprob: float
    no_speech_probability: float
    compression_ratio: float
    def __init__(self, start_offset: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., end_offset: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., text: _Optional[str] = ..., words: _Optional[_Iterable[_Union[Word, _Mapping]]] = ..., avg_logprob: _Optional[float] = ..., no_speech_probability: _Optional[float] = ..., compression_ratio: _Optional[float] = ...) -> None: ...

class Word(_message.Message):
    __slots__ = ("start_offset", "end_offset", "text", "probability")
    START_OFFSET_FIELD_NUMBER: _ClassVar[int]
    END_OFFSET_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    PROBABILITY_FIELD_NUMBER: _ClassVar[int]
    start_offset: _duration_pb2.Duration
    end_offset: _duration_pb2.Duration
    text: str
    probability: float
    def __init__(self, start_offset: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., end_offset: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., text: _Optional[str] = ..., probability: _Optional[float] = ...) -> None: ...

class LanguageCandidate(_message.Message):
    __slots__ = ("language_code", "probability")
    LANGUAGE_CODE_FIELD_NUMBER: _ClassVar[int]
    PROBABILITY_FIELD_NUMBER: _ClassVar[int]
    language_code: str
    probability: float
    def __init__(self, language_code: _Optional[str] = ..., probability: _Optional[float] = ...) -> None: ...

class TranscriptionSummary(_message.Message):
    __slots__ = ("source", "language_code", "language_probability", "language_candidates", "speech_duration", "warnings", "provenance")
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    LANGUAGE_CODE_FIELD_NUMBER: _ClassVar[int]
    LANGUAGE_PROBABILITY_FIELD_NUMBER: _ClassVar[int]
    LANGUAGE_CANDIDATES_FIELD_NUMBER: _ClassVar[int]
    SPEECH_DURATION_FIELD_NUMBER: _ClassVar[int]
    WARNINGS_FIELD_NUMBER: _ClassVar[int]
    PROVENANCE_FIELD_NUMBER: _ClassVar[int]
    source: _audio_pb2.SourceAudio
    language_code: str
    language_probability: float
    language_candidates: _containers.RepeatedCompositeFieldContainer[LanguageCandidate]
    speech_duration: _duration_pb2.Duration
    warnings: _containers.RepeatedCompositeFieldContainer[_evidence_pb2.Warning]
    provenance: _evidence_pb2.Provenance
    def __init__(self, source: _Optional[_Union[_audio_pb2.SourceAudio, _Mapping]] = ..., language_code: _Optional[str] = ..., language_probability: _Optional[float] = ..., language_candidates: _Optional[_Iterable[_Union[LanguageCandidate, _Mapping]]] = ..., speech_duration: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., warnings: _Optional[_Iterable[_Union[_evidence_pb2.Warning, _Mapping]]] = ..., provenance: _Optional[_Union[_evidence_pb2.Provenance, _Mapping]] = ...) -> None: ...

class Transcript(_message.Message):
    __slots__ = ("segments", "summary")
    SEGMENTS_FIELD_NUMBER: _ClassVar[int]
    SUMMARY_FIELD_NUMBER: _ClassVar[int]
    segments: _containers.RepeatedCompositeFieldContainer[Segment]
    summary: TranscriptionSummary
    def __init__(self, segments: _Optional[_Iterable[_Union[Segment, _Mapping]]] = ..., summary: _Optional[_Union[TranscriptionSummary, _Mapping]] = ...) -> None: ...

class ListModelsRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ListModelsResponse(_message.Message):
    __slots__ = ("models",)
    MODELS_FIELD_NUMBER: _ClassVar[int]
    models: _containers.RepeatedCompositeFieldContainer[_evidence_pb2.ModelInfo]
    def __init__(self, models: _Optional[_Iterable[_Union[_evidence_pb2.ModelInfo, _Mapping]]] = ...) -> None: ...
