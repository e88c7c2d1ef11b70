import datetime

from antiphon.audio.v1 import audio_pb2 as _audio_pb2
from antiphon.evidence.v1 import evidence_pb2 as _evidence_pb2
from google.protobuf import duration_pb2 as _duration_pb2
from google.rpc import status_pb2 as _status_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class FinishReason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    FINISH_REASON_UNSPECIFIED: _ClassVar[FinishReason]
    FINISH_REASON_STOP: _ClassVar[FinishReason]
    FINISH_REASON_LENGTH: _ClassVar[FinishReason]

class SideState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SIDE_STATE_UNSPECIFIED: _ClassVar[SideState]
    SIDE_STATE_ANSWERED: _ClassVar[SideState]
    SIDE_STATE_UNSUPPORTED: _ClassVar[SideState]
    SIDE_STATE_FAILED: _ClassVar[SideState]
FINISH_REASON_UNSPECIFIED: FinishReason
FINISH_REASON_STOP: FinishReason
FINISH_REASON_LENGTH: FinishReason
SIDE_STATE_UNSPECIFIED: SideState
SIDE_STATE_ANSWERED: SideState
SIDE_STATE_UNSUPPORTED: SideState
SIDE_STATE_FAILED: SideState

class DescribeRequest(_message.Message):
    __slots__ = ("config", "chunk")
    CONFIG_FIELD_NUMBER: _ClassVar[int]
    CHUNK_FIELD_NUMBER: _ClassVar[int]
    config: DescriptionConfig
    chunk: _audio_pb2.AudioChunk
    def __init__(self, config: _Optional[_Union[DescriptionConfig, _Mapping]] = ..., chunk: _Optional[_Union[_audio_pb2.AudioChunk, _Mapping]] = ...) -> None: ...

class DescriptionConfig(_message.Message):
    __slots__ = ("audio_format", "model", "engine", "prompts", "clip", "facts_json", "sampling", "json_schema", "check_claims")
    AUDIO_FORMAT_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    ENGINE_FIELD_NUMBER: _ClassVar[int]
    PROMPTS_FIELD_NUMBER: _ClassVar[int]
    CLIP_FIELD_NUMBER: _ClassVar[int]
    FACTS_JSON_FIELD_NUMBER: _ClassVar[int]
    SAMPLING_FIELD_NUMBER: _ClassVar[int]
    JSON_SCHEMA_FIELD_NUMBER: _ClassVar[int]
    CHECK_CLAIMS_FIELD_NUMBER: _ClassVar[int]
    audio_format: _audio_pb2.AudioFormat
    model: str
    engine: str
    prompts: _containers.RepeatedCompositeFieldContainer[Prompt]
    clip: _audio_pb2.ClipRange
    facts_json: str
    sampling: Sampling
    json_schema: str
    check_claims: bool
    def __init__(self, audio_format: _Optional[_Union[_audio_pb2.AudioFormat, _Mapping]] = ..., model: _Optional[str] = ..., engine: _Optional[str] = ..., prompts: _Optional[_Iterable[_Union[Prompt, _Mapping]]] = ..., clip: _Optional[_Union[_audio_pb2.ClipRange, _Mapping]] = ..., facts_json: _Optional[str] = ..., sampling: _Optional[_Union[Sampling, _Mapping]] = ..., json_schema: _Optional[str] = ..., check_claims: bool = ...) -> None: ...

class Prompt(_message.Message):
    __slots__ = ("name", "text")
    NAME_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    name: str
    text: str
    def __init__(self, name: _Optional[str] = ..., text: _Optional[str] = ...) -> None: ...

class Sampling(_message.Message):
    __slots__ = ("do_sample", "temperature", "top_p", "top_k", "max_tokens", "seed", "repeat_penalty")
    DO_SAMPLE_FIELD_NUMBER: _ClassVar[int]
    TEMPERATURE_FIELD_NUMBER: _ClassVar[int]
    TOP_P_FIELD_NUMBER: _ClassVar[int]
    TOP_K_FIELD_NUMBER: _ClassVar[int]
    MAX_TOKENS_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    REPEAT_PENALTY_FIELD_NUMBER: _ClassVar[int]
    do_sample: bool
    temperature: float
    top_p: float
    top_k: int
    max_tokens: int
    seed: int
    repeat_penalty: float
    def __init__(self, do_sample: bool = ..., temperature: _Optional[float] = ..., top_p: _Optional[float] = ..., top_k: _Optional[int] = ..., max_tokens: _Optional[int] = ..., seed: _Optional[int] = ..., repeat_penalty: _Optional[float] = ...) -> None: ...

class DescribeResponse(_message.Message):
    __slots__ = ("header", "progress", "piece", "answer", "summary")
    HEADER_FIELD_NUMBER: _ClassVar[int]
    PROGRESS_FIELD_NUMBER: _ClassVar[int]
    PIECE_FIELD_NUMBER: _ClassVar[int]
    ANSWER_FIELD_NUMBER: _ClassVar[int]
    SUMMARY_FIELD_NUMBER: _ClassVar[int]
    header: DescriptionHeader
    progress: _evidence_pb2.Progress
    piece: TextPiece
    answer: Answer
    summary: DescriptionSummary
    def __init__(self, header: _Optional[_Union[DescriptionHeader, _Mapping]] = ..., progress: _Optional[_Union[_evidence_pb2.Progress, _Mapping]] = ..., piece: _Optional[_Union[TextPiece, _Mapping]] = ..., answer: _Optional[_Union[Answer, _Mapping]] = ..., summary: _Optional[_Union[DescriptionSummary, _Mapping]] = ...) -> None: ...

class DescriptionHeader(_message.Message):
    __slots__ = ("source", "prompts")
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    PROMPTS_FIELD_NUMBER: _ClassVar[int]
    source: _audio_pb2.SourceAudio
    prompts: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, source: _Optional[_Union[_audio_pb2.SourceAudio, _Mapping]] = ..., prompts: _Optional[_Iterable[str]] = ...) -> None: ...

class TextPiece(_message.Message):
    __slots__ = ("prompt", "text", "attempt")
    PROMPT_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    prompt: str
    text: str
    attempt: int
    def __init__(self, prompt: _Optional[str] = ..., text: _Optional[str] = ..., attempt: _Optional[int] = ...) -> None: ...

class Answer(_message.Message):
    __slots__ = ("prompt", "key", "text", "json", "finish_reason", "claims", "attempt_count", "usage", "asked", "passages", "clauses")
    PROMPT_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    JSON_FIELD_NUMBER: _ClassVar[int]
    FINISH_REASON_FIELD_NUMBER: _ClassVar[int]
    CLAIMS_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_COUNT_FIELD_NUMBER: _ClassVar[int]
    USAGE_FIELD_NUMBER: _ClassVar[int]
    ASKED_FIELD_NUMBER: _ClassVar[int]
    PASSAGES_FIELD_NUMBER: _ClassVar[int]
    CLAUSES_FIELD_NUMBER: _ClassVar[int]
    prompt: str
    key: str
    text: str
    json: str
    finish_reason: FinishReason
    claims: _containers.RepeatedCompositeFieldContainer[Claim]
    attempt_count: int
    usage: Usage
    asked: str
    passages: _containers.RepeatedCompositeFieldContainer[PassageAnswer]
    clauses: _containers.RepeatedCompositeFieldContainer[Clause]
    def __init__(self, prompt: _Optional[str] = ..., key: _Optional[str] = ..., text: _Optional[str] = ..., json: _Optional[str] = ..., finish_reason: _Optional[_Union[FinishReason, str]] = ..., claims: _Optional[_Iterable[_Union[Claim, _Mapping]]] = ..., attempt_count: _Optional[int] = ..., usage: _Optional[_Union[Usage, _Mapping]] = ..., asked: _Optional[str] = ..., passages: _Optional[_Iterable[_Union[PassageAnswer, _Mapping]]] = ..., clauses: _Optional[_Iterable[_Union[Clause, _Mapping]]] = ...) -> None: ...

class Clause(_message.Message):
    __slots__ = ("text", "facts")
    TEXT_FIELD_NUMBER: _ClassVar[int]
    FACTS_FIELD_NUMBER: _ClassVar[int]
    text: str
    facts: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, text: _Optional[str] = ..., facts: _Optional[_Iterable[str]] = ...) -> None: ...

class PassageAnswer(_message.Message):
    __slots__ = ("start_offset", "end_offset", "text", "json", "finish_reason")
    START_OFFSET_FIELD_NUMBER: _ClassVar[int]
    END_OFFSET_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    JSON_FIELD_NUMBER: _ClassVar[int]
    FINISH_REASON_FIELD_NUMBER: _ClassVar[int]
    start_offset: _duration_pb2.Duration
    end_offset: _duration_pb2.Duration
    text: str
    json: str
    finish_reason: FinishReason
    def __init__(self, start_offset: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., end_offset: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., text: _Optional[str] = ..., json: _Optional[str] = ..., finish_reason: _Optional[_Union[FinishReason, str]] = ...) -> None: ...

class Claim(_message.Message):
    __slots__ = ("kind", "text", "value", "supported", "fact", "unit")
    class Kind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        KIND_UNSPECIFIED: _ClassVar[Claim.Kind]
        KIND_TEMPO: _ClassVar[Claim.Kind]
        KIND_KEY: _ClassVar[Claim.Kind]
        KIND_NUMBER: _ClassVar[Claim.Kind]
        KIND_GENRE: _ClassVar[Claim.Kind]
        KIND_INSTRUMENT: _ClassVar[Claim.Kind]
    KIND_UNSPECIFIED: Claim.Kind
    KIND_TEMPO: Claim.Kind
    KIND_KEY: Claim.Kind
    KIND_NUMBER: Claim.Kind
    KIND_GENRE: Claim.Kind
    KIND_INSTRUMENT: Claim.Kind
    KIND_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    SUPPORTED_FIELD_NUMBER: _ClassVar[int]
    FACT_FIELD_NUMBER: _ClassVar[int]
    UNIT_FIELD_NUMBER: _ClassVar[int]
    kind: Claim.Kind
    text: str
    value: float
    supported: bool
    fact: str
    unit: str
    def __init__(self, kind: _Optional[_Union[Claim.Kind, str]] = ..., text: _Optional[str] = ..., value: _Optional[float] = ..., supported: bool = ..., fact: _Optional[str] = ..., unit: _Optional[str] = ...) -> None: ...

class Usage(_message.Message):
    __slots__ = ("prompt_token_count", "evaluated_token_count", "answer_token_count", "encoded_token_count")
    PROMPT_TOKEN_COUNT_FIELD_NUMBER: _ClassVar[int]
    EVALUATED_TOKEN_COUNT_FIELD_NUMBER: _ClassVar[int]
    ANSWER_TOKEN_COUNT_FIELD_NUMBER: _ClassVar[int]
    ENCODED_TOKEN_COUNT_FIELD_NUMBER: _ClassVar[int]
    prompt_token_count: int
    evaluated_token_count: int
    answer_token_count: int
    encoded_token_count: int
    def __init__(self, prompt_token_count: _Optional[int] = ..., evaluated_token_count: _Optional[int] = ..., answer_token_count: _Optional[int] = ..., encoded_token_count: _Optional[int] = ...) -> None: ...

class DescriptionSummary(_message.Message):
    __slots__ = ("source", "warnings", "provenance", "usage", "heard_audio")
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    WARNINGS_FIELD_NUMBER: _ClassVar[int]
    PROVENANCE_FIELD_NUMBER: _ClassVar[int]
    USAGE_FIELD_NUMBER: _ClassVar[int]
    HEARD_AUDIO_FIELD_NUMBER: _ClassVar[int]
    source: _audio_pb2.SourceAudio
    warnings: _containers.RepeatedCompositeFieldContainer[_evidence_pb2.Warning]
    provenance: _evidence_pb2.Provenance
    usage: Usage
    heard_audio: bool
    def __init__(self, source: _Optional[_Union[_audio_pb2.SourceAudio, _Mapping]] = ..., warnings: _Optional[_Iterable[_Union[_evidence_pb2.Warning, _Mapping]]] = ..., provenance: _Optional[_Union[_evidence_pb2.Provenance, _Mapping]] = ..., usage: _Optional[_Union[Usage, _Mapping]] = ..., heard_audio: bool = ...) -> None: ...

class Description(_message.Message):
    __slots__ = ("answers", "summary")
    ANSWERS_FIELD_NUMBER: _ClassVar[int]
    SUMMARY_FIELD_NUMBER: _ClassVar[int]
    answers: _containers.RepeatedCompositeFieldContainer[Answer]
    summary: DescriptionSummary
    def __init__(self, answers: _Optional[_Iterable[_Union[Answer, _Mapping]]] = ..., summary: _Optional[_Union[DescriptionSummary, _Mapping]] = ...) -> None: ...

class CompareRequest(_message.Message):
    __slots__ = ("config", "chunk")
    CONFIG_FIELD_NUMBER: _ClassVar[int]
    CHUNK_FIELD_NUMBER: _ClassVar[int]
    config: ComparisonConfig
    chunk: _audio_pb2.AudioChunk
    def __init__(self, config: _Optional[_Union[ComparisonConfig, _Mapping]] = ..., chunk: _Optional[_Union[_audio_pb2.AudioChunk, _Mapping]] = ...) -> None: ...

class ComparisonConfig(_message.Message):
    __slots__ = ("audio_format", "sides", "prompts", "clip", "facts_json", "sampling", "json_schema", "check_claims", "side_by_side")
    AUDIO_FORMAT_FIELD_NUMBER: _ClassVar[int]
    SIDES_FIELD_NUMBER: _ClassVar[int]
    PROMPTS_FIELD_NUMBER: _ClassVar[int]
    CLIP_FIELD_NUMBER: _ClassVar[int]
    FACTS_JSON_FIELD_NUMBER: _ClassVar[int]
    SAMPLING_FIELD_NUMBER: _ClassVar[int]
    JSON_SCHEMA_FIELD_NUMBER: _ClassVar[int]
    CHECK_CLAIMS_FIELD_NUMBER: _ClassVar[int]
    SIDE_BY_SIDE_FIELD_NUMBER: _ClassVar[int]
    audio_format: _audio_pb2.AudioFormat
    sides: _containers.RepeatedCompositeFieldContainer[Side]
    prompts: _containers.RepeatedCompositeFieldContainer[Prompt]
    clip: _audio_pb2.ClipRange
    facts_json: str
    sampling: Sampling
    json_schema: str
    check_claims: bool
    side_by_side: bool
    def __init__(self, audio_format: _Optional[_Union[_audio_pb2.AudioFormat, _Mapping]] = ..., sides: _Optional[_Iterable[_Union[Side, _Mapping]]] = ..., prompts: _Optional[_Iterable[_Union[Prompt, _Mapping]]] = ..., clip: _Optional[_Union[_audio_pb2.ClipRange, _Mapping]] = ..., facts_json: _Optional[str] = ..., sampling: _Optional[_Union[Sampling, _Mapping]] = ..., json_schema: _Optional[str] = ..., check_claims: bool = ..., side_by_side: bool = ...) -> None: ...

class Side(_message.Message):
    __slots__ = ("name", "engine", "model", "sampling")
    NAME_FIELD_NUMBER: _ClassVar[int]
    ENGINE_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    SAMPLING_FIELD_NUMBER: _ClassVar[int]
    name: str
    engine: str
    model: str
    sampling: Sampling
    def __init__(self, name: _Optional[str] = ..., engine: _Optional[str] = ..., model: _Optional[str] = ..., sampling: _Optional[_Union[Sampling, _Mapping]] = ...) -> None: ...

class CompareResponse(_message.Message):
    __slots__ = ("header", "progress", "piece", "answer", "outcome", "summary")
    HEADER_FIELD_NUMBER: _ClassVar[int]
    PROGRESS_FIELD_NUMBER: _ClassVar[int]
    PIECE_FIELD_NUMBER: _ClassVar[int]
    ANSWER_FIELD_NUMBER: _ClassVar[int]
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    SUMMARY_FIELD_NUMBER: _ClassVar[int]
    header: ComparisonHeader
    progress: SideProgress
    piece: SidePiece
    answer: SideAnswer
    outcome: SideOutcome
    summary: ComparisonSummary
    def __init__(self, header: _Optional[_Union[ComparisonHeader, _Mapping]] = ..., progress: _Optional[_Union[SideProgress, _Mapping]] = ..., piece: _Optional[_Union[SidePiece, _Mapping]] = ..., answer: _Optional[_Union[SideAnswer, _Mapping]] = ..., outcome: _Optional[_Union[SideOutcome, _Mapping]] = ..., summary: _Optional[_Union[ComparisonSummary, _Mapping]] = ...) -> None: ...

class ComparisonHeader(_message.Message):
    __slots__ = ("sides", "prompts")
    SIDES_FIELD_NUMBER: _ClassVar[int]
    PROMPTS_FIELD_NUMBER: _ClassVar[int]
    sides: _containers.RepeatedCompositeFieldContainer[Side]
    prompts: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, sides: _Optional[_Iterable[_Union[Side, _Mapping]]] = ..., prompts: _Optional[_Iterable[str]] = ...) -> None: ...

class SideProgress(_message.Message):
    __slots__ = ("side", "progress")
    SIDE_FIELD_NUMBER: _ClassVar[int]
    PROGRESS_FIELD_NUMBER: _ClassVar[int]
    side: str
    progress: _evidence_pb2.Progress
    def __init__(self, side: _Optional[str] = ..., progress: _Optional[_Union[_evidence_pb2.Progress, _Mapping]] = ...) -> None: ...

class SidePiece(_message.Message):
    __slots__ = ("side", "piece")
    SIDE_FIELD_NUMBER: _ClassVar[int]
    PIECE_FIELD_NUMBER: _ClassVar[int]
    side: str
    piece: TextPiece
    def __init__(self, side: _Optional[str] = ..., piece: _Optional[_Union[TextPiece, _Mapping]] = ...) -> None: ...

class SideAnswer(_message.Message):
    __slots__ = ("side", "answer")
    SIDE_FIELD_NUMBER: _ClassVar[int]
    ANSWER_FIELD_NUMBER: _ClassVar[int]
    side: str
    answer: Answer
    def __init__(self, side: _Optional[str] = ..., answer: _Optional[_Union[Answer, _Mapping]] = ...) -> None: ...

class SideOutcome(_message.Message):
    __slots__ = ("side", "state", "error", "summary", "measures")
    SIDE_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    SUMMARY_FIELD_NUMBER: _ClassVar[int]
    MEASURES_FIELD_NUMBER: _ClassVar[int]
    side: str
    state: SideState
    error: _status_pb2.Status
    summary: DescriptionSummary
    measures: SideMeasures
    def __init__(self, side: _Optional[str] = ..., state: _Optional[_Union[SideState, str]] = ..., error: _Optional[_Union[_status_pb2.Status, _Mapping]] = ..., summary: _Optional[_Union[DescriptionSummary, _Mapping]] = ..., measures: _Optional[_Union[SideMeasures, _Mapping]] = ...) -> None: ...

class SideMeasures(_message.Message):
    __slots__ = ("load_duration", "first_text_duration", "answer_duration", "tokens_per_second", "cpu_duration", "peak_memory_bytes", "memory_before_bytes")
    LOAD_DURATION_FIELD_NUMBER: _ClassVar[int]
    FIRST_TEXT_DURATION_FIELD_NUMBER: _ClassVar[int]
    ANSWER_DURATION_FIELD_NUMBER: _ClassVar[int]
    TOKENS_PER_SECOND_FIELD_NUMBER: _ClassVar[int]
    CPU_DURATION_FIELD_NUMBER: _ClassVar[int]
    PEAK_MEMORY_BYTES_FIELD_NUMBER: _ClassVar[int]
    MEMORY_BEFORE_BYTES_FIELD_NUMBER: _ClassVar[int]
    load_duration: _duration_pb2.Duration
    first_text_duration: _duration_pb2.Duration
    answer_duration: _duration_pb2.Duration
    tokens_per_second: float
    cpu_duration: _duration_pb2.Duration
    peak_memory_bytes: int
    memory_before_bytes: int
    def __init__(self, load_duration: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., first_text_duration: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., answer_duration: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., tokens_per_second: _Optional[float] = ..., cpu_duration: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., peak_memory_bytes: _Optional[int] = ..., memory_before_bytes: _Optional[int] = ...) -> None: ...

class ComparisonSummary(_message.Message):
    __slots__ = ("source", "agreements", "warnings", "answered", "unanswered")
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    AGREEMENTS_FIELD_NUMBER: _ClassVar[int]
    WARNINGS_FIELD_NUMBER: _ClassVar[int]
    ANSWERED_FIELD_NUMBER: _ClassVar[int]
    UNANSWERED_FIELD_NUMBER: _ClassVar[int]
    source: _audio_pb2.SourceAudio
    agreements: _containers.RepeatedCompositeFieldContainer[Agreement]
    warnings: _containers.RepeatedCompositeFieldContainer[_evidence_pb2.Warning]
    answered: _containers.RepeatedScalarFieldContainer[str]
    unanswered: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, source: _Optional[_Union[_audio_pb2.SourceAudio, _Mapping]] = ..., agreements: _Optional[_Iterable[_Union[Agreement, _Mapping]]] = ..., warnings: _Optional[_Iterable[_Union[_evidence_pb2.Warning, _Mapping]]] = ..., answered: _Optional[_Iterable[str]] = ..., unanswered: _Optional[_Iterable[str]] = ...) -> None: ...

class Agreement(_message.Message):
    __slots__ = ("a", "b", "identical", "chrf", "token_f1", "claims", "prompts")
    A_FIELD_NUMBER: _ClassVar[int]
    B_FIELD_NUMBER: _ClassVar[int]
    IDENTICAL_FIELD_NUMBER: _ClassVar[int]
    CHRF_FIELD_NUMBER: _ClassVar[int]
    TOKEN_F1_FIELD_NUMBER: _ClassVar[int]
    CLAIMS_FIELD_NUMBER: _ClassVar[int]
    PROMPTS_FIELD_NUMBER: _ClassVar[int]
    a: str
    b: str
    identical: bool
    chrf: float
    token_f1: float
    claims: _containers.RepeatedCompositeFieldContainer[ClaimAgreement]
    prompts: _containers.RepeatedCompositeFieldContainer[PromptAgreement]
    def __init__(self, a: _Optional[str] = ..., b: _Optional[str] = ..., identical: bool = ..., chrf: _Optional[float] = ..., token_f1: _Optional[float] = ..., claims: _Optional[_Iterable[_Union[ClaimAgreement, _Mapping]]] = ..., prompts: _Optional[_Iterable[_Union[PromptAgreement, _Mapping]]] = ...) -> None: ...

class PromptAgreement(_message.Message):
    __slots__ = ("prompt", "identical", "chrf", "token_f1", "claims")
    PROMPT_FIELD_NUMBER: _ClassVar[int]
    IDENTICAL_FIELD_NUMBER: _ClassVar[int]
    CHRF_FIELD_NUMBER: _ClassVar[int]
    TOKEN_F1_FIELD_NUMBER: _ClassVar[int]
    CLAIMS_FIELD_NUMBER: _ClassVar[int]
    prompt: str
    identical: bool
    chrf: float
    token_f1: float
    claims: _containers.RepeatedCompositeFieldContainer[ClaimAgreement]
    def __init__(self, prompt: _Optional[str] = ..., identical: bool = ..., chrf: _Optional[float] = ..., token_f1: _Optional[float] = ..., claims: _Optional[_Iterable[_Union[ClaimAgreement, _Mapping]]] = ...) -> None: ...

class ClaimAgreement(_message.Message):
    __slots__ = ("kind", "both", "only_a", "only_b", "agreement")
    KIND_FIELD_NUMBER: _ClassVar[int]
    BOTH_FIELD_NUMBER: _ClassVar[int]
    ONLY_A_FIELD_NUMBER: _ClassVar[int]
    ONLY_B_FIELD_NUMBER: _ClassVar[int]
    AGREEMENT_FIELD_NUMBER: _ClassVar[int]
    kind: Claim.Kind
    both: _containers.RepeatedScalarFieldContainer[str]
    only_a: _containers.RepeatedScalarFieldContainer[str]
    only_b: _containers.RepeatedScalarFieldContainer[str]
    agreement: float
    def __init__(self, kind: _Optional[_Union[Claim.Kind, str]] = ..., both: _Optional[_Iterable[str]] = ..., only_a: _Optional[_Iterable[str]] = ..., only_b: _Optional[_Iterable[str]] = ..., agreement: _Optional[float] = ...) -> None: ...

class ListModelsRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ListModelsResponse(_message.Message):
    __slots__ = ("models",)
    MODELS_FIELD_NUMBER: _ClassVar[int]
    models: _containers.RepeatedCompositeFieldContainer[_evidence_pb2.ModelInfo]
    def __init__(self, models: _Optional[_Iterable[_Union[_evidence_pb2.ModelInfo, _Mapping]]] = ...) -> None: ...
