import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class GetStatusRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetStatusResponse(_message.Message):
    __slots__ = ("service", "service_version", "start_time", "call_count", "draining", "workers", "live_workers")
    SERVICE_FIELD_NUMBER: _ClassVar[int]
    SERVICE_VERSION_FIELD_NUMBER: _ClassVar[int]
    START_TIME_FIELD_NUMBER: _ClassVar[int]
    CALL_COUNT_FIELD_NUMBER: _ClassVar[int]
    DRAINING_FIELD_NUMBER: _ClassVar[int]
    WORKERS_FIELD_NUMBER: _ClassVar[int]
    LIVE_WORKERS_FIELD_NUMBER: _ClassVar[int]
    service: str
    service_version: str
    start_time: _timestamp_pb2.Timestamp
    call_count: int
    draining: bool
    workers: WorkerStatus
    live_workers: WorkerStatus
    def __init__(self, service: _Optional[str] = ..., service_version: _Optional[str] = ..., start_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., call_count: _Optional[int] = ..., draining: bool = ..., workers: _Optional[_Union[WorkerStatus, _Mapping]] = ..., live_workers: _Optional[_Union[WorkerStatus, _Mapping]] = ...) -> None: ...

class WorkerStatus(_message.Message):
    __slots__ = ("ready_count", "restart_count", "last_restart_time", "last_problem", "admitted_count", "loaded", "kept_count", "admitted_limit")
    READY_COUNT_FIELD_NUMBER: _ClassVar[int]
    RESTART_COUNT_FIELD_NUMBER: _ClassVar[int]
    LAST_RESTART_TIME_FIELD_NUMBER: _ClassVar[int]
    LAST_PROBLEM_FIELD_NUMBER: _ClassVar[int]
    ADMITTED_COUNT_FIELD_NUMBER: _ClassVar[int]
    LOADED_FIELD_NUMBER: _ClassVar[int]
    KEPT_COUNT_FIELD_NUMBER: _ClassVar[int]
    ADMITTED_LIMIT_FIELD_NUMBER: _ClassVar[int]
    ready_count: int
    restart_count: int
    last_restart_time: _timestamp_pb2.Timestamp
    last_problem: str
    admitted_count: int
    loaded: str
    kept_count: int
    admitted_limit: int
    def __init__(self, ready_count: _Optional[int] = ..., restart_count: _Optional[int] = ..., last_restart_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., last_problem: _Optional[str] = ..., admitted_count: _Optional[int] = ..., loaded: _Optional[str] = ..., kept_count: _Optional[int] = ..., admitted_limit: _Optional[int] = ...) -> None: ...
