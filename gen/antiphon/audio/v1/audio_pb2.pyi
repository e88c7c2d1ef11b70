import datetime

from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class InputEncoding(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    INPUT_ENCODING_UNSPECIFIED: _ClassVar[InputEncoding]
    INPUT_ENCODING_CONTAINER: _ClassVar[InputEncoding]
    INPUT_ENCODING_PCM_S16LE: _ClassVar[InputEncoding]
    INPUT_ENCODING_PCM_F32LE: _ClassVar[InputEncoding]

class OutputEncoding(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    OUTPUT_ENCODING_UNSPECIFIED: _ClassVar[OutputEncoding]
    OUTPUT_ENCODING_PCM_S16LE: _ClassVar[OutputEncoding]
    OUTPUT_ENCODING_PCM_F32LE: _ClassVar[OutputEncoding]
    OUTPUT_ENCODING_FLAC: _ClassVar[OutputEncoding]
    OUTPUT_ENCODING_WAV: _ClassVar[OutputEncoding]
    OUTPUT_ENCODING_MP3: _ClassVar[OutputEncoding]
    OUTPUT_ENCODING_OPUS: _ClassVar[OutputEncoding]
    OUTPUT_ENCODING_AAC: _ClassVar[OutputEncoding]
    OUTPUT_ENCODING_VORBIS: _ClassVar[OutputEncoding]
INPUT_ENCODING_UNSPECIFIED: InputEncoding
INPUT_ENCODING_CONTAINER: InputEncoding
INPUT_ENCODING_PCM_S16LE: InputEncoding
INPUT_ENCODING_PCM_F32LE: InputEncoding
OUTPUT_ENCODING_UNSPECIFIED: OutputEncoding
OUTPUT_ENCODING_PCM_S16LE: OutputEncoding
OUTPUT_ENCODING_PCM_F32LE: OutputEncoding
OUTPUT_ENCODING_FLAC: OutputEncoding
OUTPUT_ENCODING_WAV: OutputEncoding
OUTPUT_ENCODING_MP3: OutputEncoding
OUTPUT_ENCODING_OPUS: OutputEncoding
OUTPUT_ENCODING_AAC: OutputEncoding
OUTPUT_ENCODING_VORBIS: OutputEncoding

class OutputOptions(_message.Message):
    __slots__ = ("bits_per_sample", "bit_rate_kbps", "quality")
    BITS_PER_SAMPLE_FIELD_NUMBER: _ClassVar[int]
    BIT_RATE_KBPS_FIELD_NUMBER: _ClassVar[int]
    QUALITY_FIELD_NUMBER: _ClassVar[int]
    bits_per_sample: int
    bit_rate_kbps: int
    quality: float
    def __init__(self, bits_per_sample: _Optional[int] = ..., bit_rate_kbps: _Optional[int] = ..., quality: _Optional[float] = ...) -> None: ...

class BytePatch(_message.Message):
    __slots__ = ("byte_offset", "data")
    BYTE_OFFSET_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    byte_offset: int
    data: bytes
    def __init__(self, byte_offset: _Optional[int] = ..., data: _Optional[bytes] = ...) -> None: ...

class AudioFormat(_message.Message):
    __slots__ = ("encoding", "sample_rate_hertz", "channel_count", "total_bytes", "content_sha256", "track")
    ENCODING_FIELD_NUMBER: _ClassVar[int]
    SAMPLE_RATE_HERTZ_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_COUNT_FIELD_NUMBER: _ClassVar[int]
    TOTAL_BYTES_FIELD_NUMBER: _ClassVar[int]
    CONTENT_SHA256_FIELD_NUMBER: _ClassVar[int]
    TRACK_FIELD_NUMBER: _ClassVar[int]
    encoding: InputEncoding
    sample_rate_hertz: int
    channel_count: int
    total_bytes: int
    content_sha256: bytes
    track: int
    def __init__(self, encoding: _Optional[_Union[InputEncoding, str]] = ..., sample_rate_hertz: _Optional[int] = ..., channel_count: _Optional[int] = ..., total_bytes: _Optional[int] = ..., content_sha256: _Optional[bytes] = ..., track: _Optional[int] = ...) -> None: ...

class AudioChunk(_message.Message):
    __slots__ = ("data", "byte_offset", "crc32c", "last")
    DATA_FIELD_NUMBER: _ClassVar[int]
    BYTE_OFFSET_FIELD_NUMBER: _ClassVar[int]
    CRC32C_FIELD_NUMBER: _ClassVar[int]
    LAST_FIELD_NUMBER: _ClassVar[int]
    data: bytes
    byte_offset: int
    crc32c: int
    last: bool
    def __init__(self, data: _Optional[bytes] = ..., byte_offset: _Optional[int] = ..., crc32c: _Optional[int] = ..., last: bool = ...) -> None: ...

class ClipRange(_message.Message):
    __slots__ = ("start_offset", "end_offset")
    START_OFFSET_FIELD_NUMBER: _ClassVar[int]
    END_OFFSET_FIELD_NUMBER: _ClassVar[int]
    start_offset: _duration_pb2.Duration
    end_offset: _duration_pb2.Duration
    def __init__(self, start_offset: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., end_offset: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class Hole(_message.Message):
    __slots__ = ("start_offset", "duration")
    START_OFFSET_FIELD_NUMBER: _ClassVar[int]
    DURATION_FIELD_NUMBER: _ClassVar[int]
    start_offset: _duration_pb2.Duration
    duration: _duration_pb2.Duration
    def __init__(self, start_offset: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., duration: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class SourceAudio(_message.Message):
    __slots__ = ("upload_sha256", "pcm_sha256", "container", "codec", "sample_rate_hertz", "channel_count", "frame_count", "duration", "track", "track_count", "late_start", "holes", "hole_count", "hole_duration")
    UPLOAD_SHA256_FIELD_NUMBER: _ClassVar[int]
    PCM_SHA256_FIELD_NUMBER: _ClassVar[int]
    CONTAINER_FIELD_NUMBER: _ClassVar[int]
    CODEC_FIELD_NUMBER: _ClassVar[int]
    SAMPLE_RATE_HERTZ_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_COUNT_FIELD_NUMBER: _ClassVar[int]
    FRAME_COUNT_FIELD_NUMBER: _ClassVar[int]
    DURATION_FIELD_NUMBER: _ClassVar[int]
    TRACK_FIELD_NUMBER: _ClassVar[int]
    TRACK_COUNT_FIELD_NUMBER: _ClassVar[int]
    LATE_START_FIELD_NUMBER: _ClassVar[int]
    HOLES_FIELD_NUMBER: _ClassVar[int]
    HOLE_COUNT_FIELD_NUMBER: _ClassVar[int]
    HOLE_DURATION_FIELD_NUMBER: _ClassVar[int]
    upload_sha256: bytes
    pcm_sha256: bytes
    container: str
    codec: str
    sample_rate_hertz: int
    channel_count: int
    frame_count: int
    duration: _duration_pb2.Duration
    track: int
    track_count: int
    late_start: _duration_pb2.Duration
    holes: _containers.RepeatedCompositeFieldContainer[Hole]
    hole_count: int
    hole_duration: _duration_pb2.Duration
    def __init__(self, upload_sha256: _Optional[bytes] = ..., pcm_sha256: _Optional[bytes] = ..., container: _Optional[str] = ..., codec: _Optional[str] = ..., sample_rate_hertz: _Optional[int] = ..., channel_count: _Optional[int] = ..., frame_count: _Optional[int] = ..., duration: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., track: _Optional[int] = ..., track_count: _Optional[int] = ..., late_start: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., holes: _Optional[_Iterable[_Union[Hole, _Mapping]]] = ..., hole_count: _Optional[int] = ..., hole_duration: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class Tensor(_message.Message):
    __slots__ = ("data_type", "shape", "data")
    class DataType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        DATA_TYPE_UNSPECIFIED: _ClassVar[Tensor.DataType]
        DATA_TYPE_F32: _ClassVar[Tensor.DataType]
        DATA_TYPE_F16: _ClassVar[Tensor.DataType]
        DATA_TYPE_I32: _ClassVar[Tensor.DataType]
    DATA_TYPE_UNSPECIFIED: Tensor.DataType
    DATA_TYPE_F32: Tensor.DataType
    DATA_TYPE_F16: Tensor.DataType
    DATA_TYPE_I32: Tensor.DataType
    DATA_TYPE_FIELD_NUMBER: _ClassVar[int]
    SHAPE_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    data_type: Tensor.DataType
    shape: _containers.RepeatedScalarFieldContainer[int]
    data: bytes
    def __init__(self, data_type: _Optional[_Union[Tensor.DataType, str]] = ..., shape: _Optional[_Iterable[int]] = ..., data: _Optional[bytes] = ...) -> None: ...
