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

class FinishReason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    FINISH_REASON_UNSPECIFIED: _ClassVar[FinishReason]
    FINISH_REASON_STOP: _ClassVar[FinishReason]
    FINISH_REASON_LENGTH: _ClassVar[FinishReason]
FINISH_REASON_UNSPECIFIED: FinishReason
FINISH_REASON_STOP: FinishReason
FINISH_REASON_LENGTH: FinishReason

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
    __slots__ = ("prompt", "key", "text", "json", "finish_reason", "claims", "attempt_count", "usage", "asked", "passages")
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
    def __init__(self, prompt: _Optional[str] = ..., key: _Optional[str] = ..., text: _Optional[str] = ..., json: _Optional[str] = ..., finish_reason: _Optional[_Union[FinishReason, str]] = ..., claims: _Optional[_Iterable[_Union[Claim, _Mapping]]] = ..., attempt_count: _Optional[int] = ..., usage: _Optional[_Union[Usage, _Mapping]] = ..., asked: _Optional[str] = ..., passages: _Optional[_Iterable[_Union[PassageAnswer, _Mapping]]] = ...) -> None: ...

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
    __slots__ = ("kind", "text", "value", "supported", "fact")
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
    kind: Claim.Kind
    text: str
    value: float
    supported: bool
    fact: str
    def __init__(self, kind: _Optional[_Union[Claim.Kind, str]] = ..., text: _Optional[str] = ..., value: _Optional[float] = ..., supported: bool = ..., fact: _Optional[str] = ...) -> None: ...

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

class ListModelsRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ListModelsResponse(_message.Message):
    __slots__ = ("models",)
    MODELS_FIELD_NUMBER: _ClassVar[int]
    models: _containers.RepeatedCompositeFieldContainer[_evidence_pb2.ModelInfo]
    def __init__(self, models: _Optional[_Iterable[_Union[_evidence_pb2.ModelInfo, _Mapping]]] = ...) -> None: ...
