import datetime

from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ModelIdentity(_message.Message):
    __slots__ = ("name", "revision", "weights_sha256", "license_spdx", "commercial_use", "digest_source")
    class WeightsSha256Entry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    NAME_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    WEIGHTS_SHA256_FIELD_NUMBER: _ClassVar[int]
    LICENSE_SPDX_FIELD_NUMBER: _ClassVar[int]
    COMMERCIAL_USE_FIELD_NUMBER: _ClassVar[int]
    DIGEST_SOURCE_FIELD_NUMBER: _ClassVar[int]
    name: str
    revision: str
    weights_sha256: _containers.ScalarMap[str, str]
    license_spdx: str
    commercial_use: bool
    digest_source: str
    def __init__(self, name: _Optional[str] = ..., revision: _Optional[str] = ..., weights_sha256: _Optional[_Mapping[str, str]] = ..., license_spdx: _Optional[str] = ..., commercial_use: bool = ..., digest_source: _Optional[str] = ...) -> None: ...

class Provenance(_message.Message):
    __slots__ = ("service", "service_version", "engine", "model", "parameters", "config_sha256", "seed", "device", "precision", "upload_sha256", "pcm_sha256", "start_time", "compute_duration", "queue_duration", "cache_hit", "library_versions")
    class ParametersEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    class LibraryVersionsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    SERVICE_FIELD_NUMBER: _ClassVar[int]
    SERVICE_VERSION_FIELD_NUMBER: _ClassVar[int]
    ENGINE_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    PARAMETERS_FIELD_NUMBER: _ClassVar[int]
    CONFIG_SHA256_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    DEVICE_FIELD_NUMBER: _ClassVar[int]
    PRECISION_FIELD_NUMBER: _ClassVar[int]
    UPLOAD_SHA256_FIELD_NUMBER: _ClassVar[int]
    PCM_SHA256_FIELD_NUMBER: _ClassVar[int]
    START_TIME_FIELD_NUMBER: _ClassVar[int]
    COMPUTE_DURATION_FIELD_NUMBER: _ClassVar[int]
    QUEUE_DURATION_FIELD_NUMBER: _ClassVar[int]
    CACHE_HIT_FIELD_NUMBER: _ClassVar[int]
    LIBRARY_VERSIONS_FIELD_NUMBER: _ClassVar[int]
    service: str
    service_version: str
    engine: str
    model: ModelIdentity
    parameters: _containers.ScalarMap[str, str]
    config_sha256: bytes
    seed: int
    device: str
    precision: str
    upload_sha256: bytes
    pcm_sha256: bytes
    start_time: _timestamp_pb2.Timestamp
    compute_duration: _duration_pb2.Duration
    queue_duration: _duration_pb2.Duration
    cache_hit: bool
    library_versions: _containers.ScalarMap[str, str]
    def __init__(self, service: _Optional[str] = ..., service_version: _Optional[str] = ..., engine: _Optional[str] = ..., model: _Optional[_Union[ModelIdentity, _Mapping]] = ..., parameters: _Optional[_Mapping[str, str]] = ..., config_sha256: _Optional[bytes] = ..., seed: _Optional[int] = ..., device: _Optional[str] = ..., precision: _Optional[str] = ..., upload_sha256: _Optional[bytes] = ..., pcm_sha256: _Optional[bytes] = ..., start_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., compute_duration: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., queue_duration: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., cache_hit: bool = ..., library_versions: _Optional[_Mapping[str, str]] = ...) -> None: ...

class Progress(_message.Message):
    __slots__ = ("phase", "fraction", "audio_done", "queue_position", "step", "remaining")
    class Phase(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        PHASE_UNSPECIFIED: _ClassVar[Progress.Phase]
        PHASE_QUEUED: _ClassVar[Progress.Phase]
        PHASE_LOADING: _ClassVar[Progress.Phase]
        PHASE_COMPUTING: _ClassVar[Progress.Phase]
    PHASE_UNSPECIFIED: Progress.Phase
    PHASE_QUEUED: Progress.Phase
    PHASE_LOADING: Progress.Phase
    PHASE_COMPUTING: Progress.Phase
    PHASE_FIELD_NUMBER: _ClassVar[int]
    FRACTION_FIELD_NUMBER: _ClassVar[int]
    AUDIO_DONE_FIELD_NUMBER: _ClassVar[int]
    QUEUE_POSITION_FIELD_NUMBER: _ClassVar[int]
    STEP_FIELD_NUMBER: _ClassVar[int]
    REMAINING_FIELD_NUMBER: _ClassVar[int]
    phase: Progress.Phase
    fraction: float
    audio_done: _duration_pb2.Duration
    queue_position: int
    step: str
    remaining: _duration_pb2.Duration
    def __init__(self, phase: _Optional[_Union[Progress.Phase, str]] = ..., fraction: _Optional[float] = ..., audio_done: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., queue_position: _Optional[int] = ..., step: _Optional[str] = ..., remaining: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class Warning(_message.Message):
    __slots__ = ("reason", "message", "field", "start_offset", "end_offset")
    REASON_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    FIELD_FIELD_NUMBER: _ClassVar[int]
    START_OFFSET_FIELD_NUMBER: _ClassVar[int]
    END_OFFSET_FIELD_NUMBER: _ClassVar[int]
    reason: str
    message: str
    field: str
    start_offset: _duration_pb2.Duration
    end_offset: _duration_pb2.Duration
    def __init__(self, reason: _Optional[str] = ..., message: _Optional[str] = ..., field: _Optional[str] = ..., start_offset: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., end_offset: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class ModelInfo(_message.Message):
    __slots__ = ("identity", "engine", "installed", "default_model", "download_bytes", "memory_bytes", "install_command")
    IDENTITY_FIELD_NUMBER: _ClassVar[int]
    ENGINE_FIELD_NUMBER: _ClassVar[int]
    INSTALLED_FIELD_NUMBER: _ClassVar[int]
    DEFAULT_MODEL_FIELD_NUMBER: _ClassVar[int]
    DOWNLOAD_BYTES_FIELD_NUMBER: _ClassVar[int]
    MEMORY_BYTES_FIELD_NUMBER: _ClassVar[int]
    INSTALL_COMMAND_FIELD_NUMBER: _ClassVar[int]
    identity: ModelIdentity
    engine: str
    installed: bool
    default_model: bool
    download_bytes: int
    memory_bytes: int
    install_command: str
    def __init__(self, identity: _Optional[_Union[ModelIdentity, _Mapping]] = ..., engine: _Optional[str] = ..., installed: bool = ..., default_model: bool = ..., download_bytes: _Optional[int] = ..., memory_bytes: _Optional[int] = ..., install_command: _Optional[str] = ...) -> None: ...
