import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class GetStatusRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetStatusResponse(_message.Message):
    __slots__ = ("service", "service_version", "start_time", "call_count", "draining", "workers", "live_workers", "models")
    SERVICE_FIELD_NUMBER: _ClassVar[int]
    SERVICE_VERSION_FIELD_NUMBER: _ClassVar[int]
    START_TIME_FIELD_NUMBER: _ClassVar[int]
    CALL_COUNT_FIELD_NUMBER: _ClassVar[int]
    DRAINING_FIELD_NUMBER: _ClassVar[int]
    WORKERS_FIELD_NUMBER: _ClassVar[int]
    LIVE_WORKERS_FIELD_NUMBER: _ClassVar[int]
    MODELS_FIELD_NUMBER: _ClassVar[int]
    service: str
    service_version: str
    start_time: _timestamp_pb2.Timestamp
    call_count: int
    draining: bool
    workers: WorkerStatus
    live_workers: WorkerStatus
    models: _containers.RepeatedCompositeFieldContainer[ModelStatus]
    def __init__(self, service: _Optional[str] = ..., service_version: _Optional[str] = ..., start_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., call_count: _Optional[int] = ..., draining: bool = ..., workers: _Optional[_Union[WorkerStatus, _Mapping]] = ..., live_workers: _Optional[_Union[WorkerStatus, _Mapping]] = ..., models: _Optional[_Iterable[_Union[ModelStatus, _Mapping]]] = ...) -> None: ...

class ModelStatus(_message.Message):
    __slots__ = ("name", "engine", "default_model", "state", "problem", "command")
    class State(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        STATE_UNSPECIFIED: _ClassVar[ModelStatus.State]
        STATE_READY: _ClassVar[ModelStatus.State]
        STATE_DAMAGED: _ClassVar[ModelStatus.State]
        STATE_NOT_INSTALLED: _ClassVar[ModelStatus.State]
    STATE_UNSPECIFIED: ModelStatus.State
    STATE_READY: ModelStatus.State
    STATE_DAMAGED: ModelStatus.State
    STATE_NOT_INSTALLED: ModelStatus.State
    NAME_FIELD_NUMBER: _ClassVar[int]
    ENGINE_FIELD_NUMBER: _ClassVar[int]
    DEFAULT_MODEL_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    PROBLEM_FIELD_NUMBER: _ClassVar[int]
    COMMAND_FIELD_NUMBER: _ClassVar[int]
    name: str
    engine: str
    default_model: bool
    state: ModelStatus.State
    problem: str
    command: str
    def __init__(self, name: _Optional[str] = ..., engine: _Optional[str] = ..., default_model: bool = ..., state: _Optional[_Union[ModelStatus.State, str]] = ..., problem: _Optional[str] = ..., command: _Optional[str] = ...) -> None: ...

class WorkerStatus(_message.Message):
    __slots__ = ("ready_count", "restart_count", "last_restart_time", "last_problem", "admitted_count", "loaded", "kept_count", "admitted_limit", "sandbox")
    READY_COUNT_FIELD_NUMBER: _ClassVar[int]
    RESTART_COUNT_FIELD_NUMBER: _ClassVar[int]
    LAST_RESTART_TIME_FIELD_NUMBER: _ClassVar[int]
    LAST_PROBLEM_FIELD_NUMBER: _ClassVar[int]
    ADMITTED_COUNT_FIELD_NUMBER: _ClassVar[int]
    LOADED_FIELD_NUMBER: _ClassVar[int]
    KEPT_COUNT_FIELD_NUMBER: _ClassVar[int]
    ADMITTED_LIMIT_FIELD_NUMBER: _ClassVar[int]
    SANDBOX_FIELD_NUMBER: _ClassVar[int]
    ready_count: int
    restart_count: int
    last_restart_time: _timestamp_pb2.Timestamp
    last_problem: str
    admitted_count: int
    loaded: str
    kept_count: int
    admitted_limit: int
    sandbox: str
    def __init__(self, ready_count: _Optional[int] = ..., restart_count: _Optional[int] = ..., last_restart_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., last_problem: _Optional[str] = ..., admitted_count: _Optional[int] = ..., loaded: _Optional[str] = ..., kept_count: _Optional[int] = ..., admitted_limit: _Optional[int] = ..., sandbox: _Optional[str] = ...) -> None: ...
