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

class ClipMode(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CLIP_MODE_UNSPECIFIED: _ClassVar[ClipMode]
    CLIP_MODE_CLAMP: _ClassVar[ClipMode]
    CLIP_MODE_RESCALE: _ClassVar[ClipMode]
CLIP_MODE_UNSPECIFIED: ClipMode
CLIP_MODE_CLAMP: ClipMode
CLIP_MODE_RESCALE: ClipMode

class SeparateRequest(_message.Message):
    __slots__ = ("config", "chunk")
    CONFIG_FIELD_NUMBER: _ClassVar[int]
    CHUNK_FIELD_NUMBER: _ClassVar[int]
    config: SeparationConfig
    chunk: _audio_pb2.AudioChunk
    def __init__(self, config: _Optional[_Union[SeparationConfig, _Mapping]] = ..., chunk: _Optional[_Union[_audio_pb2.AudioChunk, _Mapping]] = ...) -> None: ...

class SeparationConfig(_message.Message):
    __slots__ = ("audio_format", "model", "stems", "output_encoding", "clip", "shifts", "overlap", "segment", "seed", "output_sample_rate_hertz", "keep_sample_rate", "clip_mode", "output_options", "keep_tags")
    AUDIO_FORMAT_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    STEMS_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_ENCODING_FIELD_NUMBER: _ClassVar[int]
    CLIP_FIELD_NUMBER: _ClassVar[int]
    SHIFTS_FIELD_NUMBER: _ClassVar[int]
    OVERLAP_FIELD_NUMBER: _ClassVar[int]
    SEGMENT_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_SAMPLE_RATE_HERTZ_FIELD_NUMBER: _ClassVar[int]
    KEEP_SAMPLE_RATE_FIELD_NUMBER: _ClassVar[int]
    CLIP_MODE_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_OPTIONS_FIELD_NUMBER: _ClassVar[int]
    KEEP_TAGS_FIELD_NUMBER: _ClassVar[int]
    audio_format: _audio_pb2.AudioFormat
    model: str
    stems: _containers.RepeatedScalarFieldContainer[str]
    output_encoding: _audio_pb2.OutputEncoding
    clip: _audio_pb2.ClipRange
    shifts: int
    overlap: float
    segment: _duration_pb2.Duration
    seed: int
    output_sample_rate_hertz: int
    keep_sample_rate: bool
    clip_mode: ClipMode
    output_options: _audio_pb2.OutputOptions
    keep_tags: bool
    def __init__(self, audio_format: _Optional[_Union[_audio_pb2.AudioFormat, _Mapping]] = ..., model: _Optional[str] = ..., stems: _Optional[_Iterable[str]] = ..., output_encoding: _Optional[_Union[_audio_pb2.OutputEncoding, str]] = ..., clip: _Optional[_Union[_audio_pb2.ClipRange, _Mapping]] = ..., shifts: _Optional[int] = ..., overlap: _Optional[float] = ..., segment: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., seed: _Optional[int] = ..., output_sample_rate_hertz: _Optional[int] = ..., keep_sample_rate: bool = ..., clip_mode: _Optional[_Union[ClipMode, str]] = ..., output_options: _Optional[_Union[_audio_pb2.OutputOptions, _Mapping]] = ..., keep_tags: bool = ...) -> None: ...

class SeparateResponse(_message.Message):
    __slots__ = ("header", "progress", "stem_chunk", "summary")
    HEADER_FIELD_NUMBER: _ClassVar[int]
    PROGRESS_FIELD_NUMBER: _ClassVar[int]
    STEM_CHUNK_FIELD_NUMBER: _ClassVar[int]
    SUMMARY_FIELD_NUMBER: _ClassVar[int]
    header: SeparationHeader
    progress: _evidence_pb2.Progress
    stem_chunk: StemChunk
    summary: SeparationSummary
    def __init__(self, header: _Optional[_Union[SeparationHeader, _Mapping]] = ..., progress: _Optional[_Union[_evidence_pb2.Progress, _Mapping]] = ..., stem_chunk: _Optional[_Union[StemChunk, _Mapping]] = ..., summary: _Optional[_Union[SeparationSummary, _Mapping]] = ...) -> None: ...

class SeparationHeader(_message.Message):
    __slots__ = ("source", "stems", "encoding", "sample_rate_hertz", "channel_count")
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    STEMS_FIELD_NUMBER: _ClassVar[int]
    ENCODING_FIELD_NUMBER: _ClassVar[int]
    SAMPLE_RATE_HERTZ_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_COUNT_FIELD_NUMBER: _ClassVar[int]
    source: _audio_pb2.SourceAudio
    stems: _containers.RepeatedScalarFieldContainer[str]
    encoding: _audio_pb2.OutputEncoding
    sample_rate_hertz: int
    channel_count: int
    def __init__(self, source: _Optional[_Union[_audio_pb2.SourceAudio, _Mapping]] = ..., stems: _Optional[_Iterable[str]] = ..., encoding: _Optional[_Union[_audio_pb2.OutputEncoding, str]] = ..., sample_rate_hertz: _Optional[int] = ..., channel_count: _Optional[int] = ...) -> None: ...

class StemChunk(_message.Message):
    __slots__ = ("stem", "chunk")
    STEM_FIELD_NUMBER: _ClassVar[int]
    CHUNK_FIELD_NUMBER: _ClassVar[int]
    stem: str
    chunk: _audio_pb2.AudioChunk
    def __init__(self, stem: _Optional[str] = ..., chunk: _Optional[_Union[_audio_pb2.AudioChunk, _Mapping]] = ...) -> None: ...

class SeparationSummary(_message.Message):
    __slots__ = ("source", "stems", "warnings", "provenance", "sum_bound_db", "residual_energy_share", "gain_db")
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    STEMS_FIELD_NUMBER: _ClassVar[int]
    WARNINGS_FIELD_NUMBER: _ClassVar[int]
    PROVENANCE_FIELD_NUMBER: _ClassVar[int]
    SUM_BOUND_DB_FIELD_NUMBER: _ClassVar[int]
    RESIDUAL_ENERGY_SHARE_FIELD_NUMBER: _ClassVar[int]
    GAIN_DB_FIELD_NUMBER: _ClassVar[int]
    source: _audio_pb2.SourceAudio
    stems: _containers.RepeatedCompositeFieldContainer[Stem]
    warnings: _containers.RepeatedCompositeFieldContainer[_evidence_pb2.Warning]
    provenance: _evidence_pb2.Provenance
    sum_bound_db: float
    residual_energy_share: float
    gain_db: float
    def __init__(self, source: _Optional[_Union[_audio_pb2.SourceAudio, _Mapping]] = ..., stems: _Optional[_Iterable[_Union[Stem, _Mapping]]] = ..., warnings: _Optional[_Iterable[_Union[_evidence_pb2.Warning, _Mapping]]] = ..., provenance: _Optional[_Union[_evidence_pb2.Provenance, _Mapping]] = ..., sum_bound_db: _Optional[float] = ..., residual_energy_share: _Optional[float] = ..., gain_db: _Optional[float] = ...) -> None: ...

class Stem(_message.Message):
    __slots__ = ("name", "frame_count", "sample_rate_hertz", "channel_count", "encoding", "byte_count", "sha256", "peak", "rms_dbfs", "energy_share", "clipped_sample_count", "peak_dbfs", "integrated_lufs", "patches")
    NAME_FIELD_NUMBER: _ClassVar[int]
    FRAME_COUNT_FIELD_NUMBER: _ClassVar[int]
    SAMPLE_RATE_HERTZ_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_COUNT_FIELD_NUMBER: _ClassVar[int]
    ENCODING_FIELD_NUMBER: _ClassVar[int]
    BYTE_COUNT_FIELD_NUMBER: _ClassVar[int]
    SHA256_FIELD_NUMBER: _ClassVar[int]
    PEAK_FIELD_NUMBER: _ClassVar[int]
    RMS_DBFS_FIELD_NUMBER: _ClassVar[int]
    ENERGY_SHARE_FIELD_NUMBER: _ClassVar[int]
    CLIPPED_SAMPLE_COUNT_FIELD_NUMBER: _ClassVar[int]
    PEAK_DBFS_FIELD_NUMBER: _ClassVar[int]
    INTEGRATED_LUFS_FIELD_NUMBER: _ClassVar[int]
    PATCHES_FIELD_NUMBER: _ClassVar[int]
    name: str
    frame_count: int
    sample_rate_hertz: int
    channel_count: int
    encoding: _audio_pb2.OutputEncoding
    byte_count: int
    sha256: bytes
    peak: float
    rms_dbfs: float
    energy_share: float
    clipped_sample_count: int
    peak_dbfs: float
    integrated_lufs: float
    patches: _containers.RepeatedCompositeFieldContainer[_audio_pb2.BytePatch]
    def __init__(self, name: _Optional[str] = ..., frame_count: _Optional[int] = ..., sample_rate_hertz: _Optional[int] = ..., channel_count: _Optional[int] = ..., encoding: _Optional[_Union[_audio_pb2.OutputEncoding, str]] = ..., byte_count: _Optional[int] = ..., sha256: _Optional[bytes] = ..., peak: _Optional[float] = ..., rms_dbfs: _Optional[float] = ..., energy_share: _Optional[float] = ..., clipped_sample_count: _Optional[int] = ..., peak_dbfs: _Optional[float] = ..., integrated_lufs: _Optional[float] = ..., patches: _Optional[_Iterable[_Union[_audio_pb2.BytePatch, _Mapping]]] = ...) -> None: ...

class StreamingSeparateRequest(_message.Message):
    __slots__ = ("config", "chunk")
    CONFIG_FIELD_NUMBER: _ClassVar[int]
    CHUNK_FIELD_NUMBER: _ClassVar[int]
    config: SeparationConfig
    chunk: _audio_pb2.AudioChunk
    def __init__(self, config: _Optional[_Union[SeparationConfig, _Mapping]] = ..., chunk: _Optional[_Union[_audio_pb2.AudioChunk, _Mapping]] = ...) -> None: ...

class StreamingSeparateResponse(_message.Message):
    __slots__ = ("header", "progress", "stem_chunk", "summary")
    HEADER_FIELD_NUMBER: _ClassVar[int]
    PROGRESS_FIELD_NUMBER: _ClassVar[int]
    STEM_CHUNK_FIELD_NUMBER: _ClassVar[int]
    SUMMARY_FIELD_NUMBER: _ClassVar[int]
    header: SeparationHeader
    progress: _evidence_pb2.Progress
    stem_chunk: StemChunk
    summary: SeparationSummary
    def __init__(self, header: _Optional[_Union[SeparationHeader, _Mapping]] = ..., progress: _Optional[_Union[_evidence_pb2.Progress, _Mapping]] = ..., stem_chunk: _Optional[_Union[StemChunk, _Mapping]] = ..., summary: _Optional[_Union[SeparationSummary, _Mapping]] = ...) -> None: ...

class ListModelsRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ListModelsResponse(_message.Message):
    __slots__ = ("models", "sum_bound_db")
    class SumBoundDbEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: float
        def __init__(self, key: _Optional[str] = ..., value: _Optional[float] = ...) -> None: ...
    MODELS_FIELD_NUMBER: _ClassVar[int]
    SUM_BOUND_DB_FIELD_NUMBER: _ClassVar[int]
    models: _containers.RepeatedCompositeFieldContainer[_evidence_pb2.ModelInfo]
    sum_bound_db: _containers.ScalarMap[str, float]
    def __init__(self, models: _Optional[_Iterable[_Union[_evidence_pb2.ModelInfo, _Mapping]]] = ..., sum_bound_db: _Optional[_Mapping[str, float]] = ...) -> None: ...
