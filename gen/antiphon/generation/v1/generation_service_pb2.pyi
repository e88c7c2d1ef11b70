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

class AudioRole(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    AUDIO_ROLE_UNSPECIFIED: _ClassVar[AudioRole]
    AUDIO_ROLE_CONTINUATION: _ClassVar[AudioRole]
    AUDIO_ROLE_MELODY: _ClassVar[AudioRole]
AUDIO_ROLE_UNSPECIFIED: AudioRole
AUDIO_ROLE_CONTINUATION: AudioRole
AUDIO_ROLE_MELODY: AudioRole

class GenerateRequest(_message.Message):
    __slots__ = ("config", "chunk")
    CONFIG_FIELD_NUMBER: _ClassVar[int]
    CHUNK_FIELD_NUMBER: _ClassVar[int]
    config: GenerationConfig
    chunk: _audio_pb2.AudioChunk
    def __init__(self, config: _Optional[_Union[GenerationConfig, _Mapping]] = ..., chunk: _Optional[_Union[_audio_pb2.AudioChunk, _Mapping]] = ...) -> None: ...

class GenerationConfig(_message.Message):
    __slots__ = ("audio_format", "model", "prompts", "pieces_per_prompt", "duration", "audio_role", "clip", "include_clip", "negative_prompt", "temperature", "top_k", "top_p", "guidance_scale", "seed", "output_encoding", "sample_rate_hertz", "output_options")
    AUDIO_FORMAT_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    PROMPTS_FIELD_NUMBER: _ClassVar[int]
    PIECES_PER_PROMPT_FIELD_NUMBER: _ClassVar[int]
    DURATION_FIELD_NUMBER: _ClassVar[int]
    AUDIO_ROLE_FIELD_NUMBER: _ClassVar[int]
    CLIP_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_CLIP_FIELD_NUMBER: _ClassVar[int]
    NEGATIVE_PROMPT_FIELD_NUMBER: _ClassVar[int]
    TEMPERATURE_FIELD_NUMBER: _ClassVar[int]
    TOP_K_FIELD_NUMBER: _ClassVar[int]
    TOP_P_FIELD_NUMBER: _ClassVar[int]
    GUIDANCE_SCALE_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_ENCODING_FIELD_NUMBER: _ClassVar[int]
    SAMPLE_RATE_HERTZ_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_OPTIONS_FIELD_NUMBER: _ClassVar[int]
    audio_format: _audio_pb2.AudioFormat
    model: str
    prompts: _containers.RepeatedScalarFieldContainer[str]
    pieces_per_prompt: int
    duration: _duration_pb2.Duration
    audio_role: AudioRole
    clip: _audio_pb2.ClipRange
    include_clip: bool
    negative_prompt: str
    temperature: float
    top_k: int
    top_p: float
    guidance_scale: float
    seed: int
    output_encoding: _audio_pb2.OutputEncoding
    sample_rate_hertz: int
    output_options: _audio_pb2.OutputOptions
    def __init__(self, audio_format: _Optional[_Union[_audio_pb2.AudioFormat, _Mapping]] = ..., model: _Optional[str] = ..., prompts: _Optional[_Iterable[str]] = ..., pieces_per_prompt: _Optional[int] = ..., duration: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., audio_role: _Optional[_Union[AudioRole, str]] = ..., clip: _Optional[_Union[_audio_pb2.ClipRange, _Mapping]] = ..., include_clip: bool = ..., negative_prompt: _Optional[str] = ..., temperature: _Optional[float] = ..., top_k: _Optional[int] = ..., top_p: _Optional[float] = ..., guidance_scale: _Optional[float] = ..., seed: _Optional[int] = ..., output_encoding: _Optional[_Union[_audio_pb2.OutputEncoding, str]] = ..., sample_rate_hertz: _Optional[int] = ..., output_options: _Optional[_Union[_audio_pb2.OutputOptions, _Mapping]] = ...) -> None: ...

class GenerateResponse(_message.Message):
    __slots__ = ("header", "progress", "piece_chunk", "summary")
    HEADER_FIELD_NUMBER: _ClassVar[int]
    PROGRESS_FIELD_NUMBER: _ClassVar[int]
    PIECE_CHUNK_FIELD_NUMBER: _ClassVar[int]
    SUMMARY_FIELD_NUMBER: _ClassVar[int]
    header: GenerationHeader
    progress: _evidence_pb2.Progress
    piece_chunk: PieceChunk
    summary: GenerationSummary
    def __init__(self, header: _Optional[_Union[GenerationHeader, _Mapping]] = ..., progress: _Optional[_Union[_evidence_pb2.Progress, _Mapping]] = ..., piece_chunk: _Optional[_Union[PieceChunk, _Mapping]] = ..., summary: _Optional[_Union[GenerationSummary, _Mapping]] = ...) -> None: ...

class GenerationHeader(_message.Message):
    __slots__ = ("source", "model", "seeds", "encoding", "sample_rate_hertz", "channel_count", "frame_count")
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    SEEDS_FIELD_NUMBER: _ClassVar[int]
    ENCODING_FIELD_NUMBER: _ClassVar[int]
    SAMPLE_RATE_HERTZ_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_COUNT_FIELD_NUMBER: _ClassVar[int]
    FRAME_COUNT_FIELD_NUMBER: _ClassVar[int]
    source: _audio_pb2.SourceAudio
    model: str
    seeds: _containers.RepeatedScalarFieldContainer[int]
    encoding: _audio_pb2.OutputEncoding
    sample_rate_hertz: int
    channel_count: int
    frame_count: int
    def __init__(self, source: _Optional[_Union[_audio_pb2.SourceAudio, _Mapping]] = ..., model: _Optional[str] = ..., seeds: _Optional[_Iterable[int]] = ..., encoding: _Optional[_Union[_audio_pb2.OutputEncoding, str]] = ..., sample_rate_hertz: _Optional[int] = ..., channel_count: _Optional[int] = ..., frame_count: _Optional[int] = ...) -> None: ...

class PieceChunk(_message.Message):
    __slots__ = ("piece", "chunk")
    PIECE_FIELD_NUMBER: _ClassVar[int]
    CHUNK_FIELD_NUMBER: _ClassVar[int]
    piece: int
    chunk: _audio_pb2.AudioChunk
    def __init__(self, piece: _Optional[int] = ..., chunk: _Optional[_Union[_audio_pb2.AudioChunk, _Mapping]] = ...) -> None: ...

class GenerationSummary(_message.Message):
    __slots__ = ("source", "pieces", "warnings", "provenance")
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    PIECES_FIELD_NUMBER: _ClassVar[int]
    WARNINGS_FIELD_NUMBER: _ClassVar[int]
    PROVENANCE_FIELD_NUMBER: _ClassVar[int]
    source: _audio_pb2.SourceAudio
    pieces: _containers.RepeatedCompositeFieldContainer[Piece]
    warnings: _containers.RepeatedCompositeFieldContainer[_evidence_pb2.Warning]
    provenance: _evidence_pb2.Provenance
    def __init__(self, source: _Optional[_Union[_audio_pb2.SourceAudio, _Mapping]] = ..., pieces: _Optional[_Iterable[_Union[Piece, _Mapping]]] = ..., warnings: _Optional[_Iterable[_Union[_evidence_pb2.Warning, _Mapping]]] = ..., provenance: _Optional[_Union[_evidence_pb2.Provenance, _Mapping]] = ...) -> None: ...

class Piece(_message.Message):
    __slots__ = ("piece", "prompt", "seed", "frame_count", "clip_frame_count", "sample_rate_hertz", "channel_count", "encoding", "byte_count", "sha256", "peak", "rms_dbfs", "clipped_sample_count", "patches")
    PIECE_FIELD_NUMBER: _ClassVar[int]
    PROMPT_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    FRAME_COUNT_FIELD_NUMBER: _ClassVar[int]
    CLIP_FRAME_COUNT_FIELD_NUMBER: _ClassVar[int]
    SAMPLE_RATE_HERTZ_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_COUNT_FIELD_NUMBER: _ClassVar[int]
    ENCODING_FIELD_NUMBER: _ClassVar[int]
    BYTE_COUNT_FIELD_NUMBER: _ClassVar[int]
    SHA256_FIELD_NUMBER: _ClassVar[int]
    PEAK_FIELD_NUMBER: _ClassVar[int]
    RMS_DBFS_FIELD_NUMBER: _ClassVar[int]
    CLIPPED_SAMPLE_COUNT_FIELD_NUMBER: _ClassVar[int]
    PATCHES_FIELD_NUMBER: _ClassVar[int]
    piece: int
    prompt: str
    seed: int
    frame_count: int
    clip_frame_count: int
    sample_rate_hertz: int
    channel_count: int
    encoding: _audio_pb2.OutputEncoding
    byte_count: int
    sha256: bytes
    peak: float
    rms_dbfs: float
    clipped_sample_count: int
    patches: _containers.RepeatedCompositeFieldContainer[_audio_pb2.BytePatch]
    def __init__(self, piece: _Optional[int] = ..., prompt: _Optional[str] = ..., seed: _Optional[int] = ..., frame_count: _Optional[int] = ..., clip_frame_count: _Optional[int] = ..., sample_rate_hertz: _Optional[int] = ..., channel_count: _Optional[int] = ..., encoding: _Optional[_Union[_audio_pb2.OutputEncoding, str]] = ..., byte_count: _Optional[int] = ..., sha256: _Optional[bytes] = ..., peak: _Optional[float] = ..., rms_dbfs: _Optional[float] = ..., clipped_sample_count: _Optional[int] = ..., patches: _Optional[_Iterable[_Union[_audio_pb2.BytePatch, _Mapping]]] = ...) -> None: ...

class ListModelsRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ListModelsResponse(_message.Message):
    __slots__ = ("models",)
    MODELS_FIELD_NUMBER: _ClassVar[int]
    models: _containers.RepeatedCompositeFieldContainer[_evidence_pb2.ModelInfo]
    def __init__(self, models: _Optional[_Iterable[_Union[_evidence_pb2.ModelInfo, _Mapping]]] = ...) -> None: ...
