import datetime

from antiphon.audio.v1 import audio_pb2 as _audio_pb2
from antiphon.essentia.v1 import essentia_service_pb2 as _essentia_service_pb2
from antiphon.evidence.v1 import evidence_pb2 as _evidence_pb2
from antiphon.llm_audio.v1 import llm_audio_service_pb2 as _llm_audio_service_pb2
from antiphon.separation.v1 import separation_service_pb2 as _separation_service_pb2
from antiphon.speech.v1 import speech_service_pb2 as _speech_service_pb2
from google.protobuf import duration_pb2 as _duration_pb2
from google.rpc import status_pb2 as _status_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class StageState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    STAGE_STATE_UNSPECIFIED: _ClassVar[StageState]
    STAGE_STATE_WAITING: _ClassVar[StageState]
    STAGE_STATE_RUNNING: _ClassVar[StageState]
    STAGE_STATE_SUCCEEDED: _ClassVar[StageState]
    STAGE_STATE_FAILED: _ClassVar[StageState]
    STAGE_STATE_SKIPPED: _ClassVar[StageState]
STAGE_STATE_UNSPECIFIED: StageState
STAGE_STATE_WAITING: StageState
STAGE_STATE_RUNNING: StageState
STAGE_STATE_SUCCEEDED: StageState
STAGE_STATE_FAILED: StageState
STAGE_STATE_SKIPPED: StageState

class AnalysisRecord(_message.Message):
    __slots__ = ("schema_version", "source", "stage_reports", "fusion", "separation", "speech", "essentia", "llm_audio", "stem_features")
    SCHEMA_VERSION_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    STAGE_REPORTS_FIELD_NUMBER: _ClassVar[int]
    FUSION_FIELD_NUMBER: _ClassVar[int]
    SEPARATION_FIELD_NUMBER: _ClassVar[int]
    SPEECH_FIELD_NUMBER: _ClassVar[int]
    ESSENTIA_FIELD_NUMBER: _ClassVar[int]
    LLM_AUDIO_FIELD_NUMBER: _ClassVar[int]
    STEM_FEATURES_FIELD_NUMBER: _ClassVar[int]
    schema_version: int
    source: _audio_pb2.SourceAudio
    stage_reports: _containers.RepeatedCompositeFieldContainer[StageReport]
    fusion: Fusion
    separation: _separation_service_pb2.SeparationSummary
    speech: _speech_service_pb2.Transcript
    essentia: _essentia_service_pb2.Analysis
    llm_audio: _llm_audio_service_pb2.Description
    stem_features: _essentia_service_pb2.StemAnalyses
    def __init__(self, schema_version: _Optional[int] = ..., source: _Optional[_Union[_audio_pb2.SourceAudio, _Mapping]] = ..., stage_reports: _Optional[_Iterable[_Union[StageReport, _Mapping]]] = ..., fusion: _Optional[_Union[Fusion, _Mapping]] = ..., separation: _Optional[_Union[_separation_service_pb2.SeparationSummary, _Mapping]] = ..., speech: _Optional[_Union[_speech_service_pb2.Transcript, _Mapping]] = ..., essentia: _Optional[_Union[_essentia_service_pb2.Analysis, _Mapping]] = ..., llm_audio: _Optional[_Union[_llm_audio_service_pb2.Description, _Mapping]] = ..., stem_features: _Optional[_Union[_essentia_service_pb2.StemAnalyses, _Mapping]] = ...) -> None: ...

class StageReport(_message.Message):
    __slots__ = ("stage", "state", "error", "input", "attempt_count", "elapsed", "start_offset")
    STAGE_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    INPUT_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_COUNT_FIELD_NUMBER: _ClassVar[int]
    ELAPSED_FIELD_NUMBER: _ClassVar[int]
    START_OFFSET_FIELD_NUMBER: _ClassVar[int]
    stage: str
    state: StageState
    error: _status_pb2.Status
    input: str
    attempt_count: int
    elapsed: _duration_pb2.Duration
    start_offset: _duration_pb2.Duration
    def __init__(self, stage: _Optional[str] = ..., state: _Optional[_Union[StageState, str]] = ..., error: _Optional[_Union[_status_pb2.Status, _Mapping]] = ..., input: _Optional[str] = ..., attempt_count: _Optional[int] = ..., elapsed: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., start_offset: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class Fusion(_message.Message):
    __slots__ = ("tempo", "key", "loudness", "language", "lyrics", "vocals", "warnings", "description")
    TEMPO_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    LOUDNESS_FIELD_NUMBER: _ClassVar[int]
    LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    LYRICS_FIELD_NUMBER: _ClassVar[int]
    VOCALS_FIELD_NUMBER: _ClassVar[int]
    WARNINGS_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    tempo: TempoFact
    key: KeyFact
    loudness: LoudnessFact
    language: LanguageFact
    lyrics: LyricsFact
    vocals: VocalsFact
    warnings: _containers.RepeatedCompositeFieldContainer[_evidence_pb2.Warning]
    description: DescriptionFact
    def __init__(self, tempo: _Optional[_Union[TempoFact, _Mapping]] = ..., key: _Optional[_Union[KeyFact, _Mapping]] = ..., loudness: _Optional[_Union[LoudnessFact, _Mapping]] = ..., language: _Optional[_Union[LanguageFact, _Mapping]] = ..., lyrics: _Optional[_Union[LyricsFact, _Mapping]] = ..., vocals: _Optional[_Union[VocalsFact, _Mapping]] = ..., warnings: _Optional[_Iterable[_Union[_evidence_pb2.Warning, _Mapping]]] = ..., description: _Optional[_Union[DescriptionFact, _Mapping]] = ...) -> None: ...

class Evidence(_message.Message):
    __slots__ = ("field", "confidence", "confidence_kind")
    FIELD_FIELD_NUMBER: _ClassVar[int]
    CONFIDENCE_FIELD_NUMBER: _ClassVar[int]
    CONFIDENCE_KIND_FIELD_NUMBER: _ClassVar[int]
    field: str
    confidence: float
    confidence_kind: str
    def __init__(self, field: _Optional[str] = ..., confidence: _Optional[float] = ..., confidence_kind: _Optional[str] = ...) -> None: ...

class TempoFact(_message.Message):
    __slots__ = ("bpm", "agreement", "candidates", "disputed", "evidence", "kind", "segments", "meter")
    BPM_FIELD_NUMBER: _ClassVar[int]
    AGREEMENT_FIELD_NUMBER: _ClassVar[int]
    CANDIDATES_FIELD_NUMBER: _ClassVar[int]
    DISPUTED_FIELD_NUMBER: _ClassVar[int]
    EVIDENCE_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    SEGMENTS_FIELD_NUMBER: _ClassVar[int]
    METER_FIELD_NUMBER: _ClassVar[int]
    bpm: float
    agreement: float
    candidates: _containers.RepeatedCompositeFieldContainer[TempoCandidate]
    disputed: bool
    evidence: _containers.RepeatedCompositeFieldContainer[Evidence]
    kind: str
    segments: _containers.RepeatedCompositeFieldContainer[_essentia_service_pb2.TempoSegment]
    meter: int
    def __init__(self, bpm: _Optional[float] = ..., agreement: _Optional[float] = ..., candidates: _Optional[_Iterable[_Union[TempoCandidate, _Mapping]]] = ..., disputed: bool = ..., evidence: _Optional[_Iterable[_Union[Evidence, _Mapping]]] = ..., kind: _Optional[str] = ..., segments: _Optional[_Iterable[_Union[_essentia_service_pb2.TempoSegment, _Mapping]]] = ..., meter: _Optional[int] = ...) -> None: ...

class TempoCandidate(_message.Message):
    __slots__ = ("bpm", "field", "agrees")
    BPM_FIELD_NUMBER: _ClassVar[int]
    FIELD_FIELD_NUMBER: _ClassVar[int]
    AGREES_FIELD_NUMBER: _ClassVar[int]
    bpm: float
    field: str
    agrees: bool
    def __init__(self, bpm: _Optional[float] = ..., field: _Optional[str] = ..., agrees: bool = ...) -> None: ...

class KeyFact(_message.Message):
    __slots__ = ("tonic", "scale", "agreement", "candidates", "disputed", "evidence", "mode", "segments")
    TONIC_FIELD_NUMBER: _ClassVar[int]
    SCALE_FIELD_NUMBER: _ClassVar[int]
    AGREEMENT_FIELD_NUMBER: _ClassVar[int]
    CANDIDATES_FIELD_NUMBER: _ClassVar[int]
    DISPUTED_FIELD_NUMBER: _ClassVar[int]
    EVIDENCE_FIELD_NUMBER: _ClassVar[int]
    MODE_FIELD_NUMBER: _ClassVar[int]
    SEGMENTS_FIELD_NUMBER: _ClassVar[int]
    tonic: str
    scale: str
    agreement: float
    candidates: _containers.RepeatedCompositeFieldContainer[KeyCandidate]
    disputed: bool
    evidence: _containers.RepeatedCompositeFieldContainer[Evidence]
    mode: str
    segments: _containers.RepeatedCompositeFieldContainer[_essentia_service_pb2.KeySegment]
    def __init__(self, tonic: _Optional[str] = ..., scale: _Optional[str] = ..., agreement: _Optional[float] = ..., candidates: _Optional[_Iterable[_Union[KeyCandidate, _Mapping]]] = ..., disputed: bool = ..., evidence: _Optional[_Iterable[_Union[Evidence, _Mapping]]] = ..., mode: _Optional[str] = ..., segments: _Optional[_Iterable[_Union[_essentia_service_pb2.KeySegment, _Mapping]]] = ...) -> None: ...

class KeyCandidate(_message.Message):
    __slots__ = ("tonic", "scale", "profile", "strength", "probability")
    TONIC_FIELD_NUMBER: _ClassVar[int]
    SCALE_FIELD_NUMBER: _ClassVar[int]
    PROFILE_FIELD_NUMBER: _ClassVar[int]
    STRENGTH_FIELD_NUMBER: _ClassVar[int]
    PROBABILITY_FIELD_NUMBER: _ClassVar[int]
    tonic: str
    scale: str
    profile: str
    strength: float
    probability: float
    def __init__(self, tonic: _Optional[str] = ..., scale: _Optional[str] = ..., profile: _Optional[str] = ..., strength: _Optional[float] = ..., probability: _Optional[float] = ...) -> None: ...

class LoudnessFact(_message.Message):
    __slots__ = ("integrated_lufs", "loudness_range_lu", "true_peak_dbtp", "evidence")
    INTEGRATED_LUFS_FIELD_NUMBER: _ClassVar[int]
    LOUDNESS_RANGE_LU_FIELD_NUMBER: _ClassVar[int]
    TRUE_PEAK_DBTP_FIELD_NUMBER: _ClassVar[int]
    EVIDENCE_FIELD_NUMBER: _ClassVar[int]
    integrated_lufs: float
    loudness_range_lu: float
    true_peak_dbtp: float
    evidence: _containers.RepeatedCompositeFieldContainer[Evidence]
    def __init__(self, integrated_lufs: _Optional[float] = ..., loudness_range_lu: _Optional[float] = ..., true_peak_dbtp: _Optional[float] = ..., evidence: _Optional[_Iterable[_Union[Evidence, _Mapping]]] = ...) -> None: ...

class LanguageFact(_message.Message):
    __slots__ = ("language_code", "evidence")
    LANGUAGE_CODE_FIELD_NUMBER: _ClassVar[int]
    EVIDENCE_FIELD_NUMBER: _ClassVar[int]
    language_code: str
    evidence: _containers.RepeatedCompositeFieldContainer[Evidence]
    def __init__(self, language_code: _Optional[str] = ..., evidence: _Optional[_Iterable[_Union[Evidence, _Mapping]]] = ...) -> None: ...

class LyricsFact(_message.Message):
    __slots__ = ("text", "word_count", "from_vocals", "evidence")
    TEXT_FIELD_NUMBER: _ClassVar[int]
    WORD_COUNT_FIELD_NUMBER: _ClassVar[int]
    FROM_VOCALS_FIELD_NUMBER: _ClassVar[int]
    EVIDENCE_FIELD_NUMBER: _ClassVar[int]
    text: str
    word_count: int
    from_vocals: bool
    evidence: _containers.RepeatedCompositeFieldContainer[Evidence]
    def __init__(self, text: _Optional[str] = ..., word_count: _Optional[int] = ..., from_vocals: bool = ..., evidence: _Optional[_Iterable[_Union[Evidence, _Mapping]]] = ...) -> None: ...

class VocalsFact(_message.Message):
    __slots__ = ("energy_share", "evidence")
    ENERGY_SHARE_FIELD_NUMBER: _ClassVar[int]
    EVIDENCE_FIELD_NUMBER: _ClassVar[int]
    energy_share: float
    evidence: _containers.RepeatedCompositeFieldContainer[Evidence]
    def __init__(self, energy_share: _Optional[float] = ..., evidence: _Optional[_Iterable[_Union[Evidence, _Mapping]]] = ...) -> None: ...

class DescriptionFact(_message.Message):
    __slots__ = ("text", "heard_audio", "unsupported_claim_count", "evidence")
    TEXT_FIELD_NUMBER: _ClassVar[int]
    HEARD_AUDIO_FIELD_NUMBER: _ClassVar[int]
    UNSUPPORTED_CLAIM_COUNT_FIELD_NUMBER: _ClassVar[int]
    EVIDENCE_FIELD_NUMBER: _ClassVar[int]
    text: str
    heard_audio: bool
    unsupported_claim_count: int
    evidence: _containers.RepeatedCompositeFieldContainer[Evidence]
    def __init__(self, text: _Optional[str] = ..., heard_audio: bool = ..., unsupported_claim_count: _Optional[int] = ..., evidence: _Optional[_Iterable[_Union[Evidence, _Mapping]]] = ...) -> None: ...
