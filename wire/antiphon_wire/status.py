"""Errors across the wire: AntiphonError to google.rpc.Status with details, and back, by one reading.

ErrorInfo travels always (reason, domain, every variable), BadRequest where a field is at fault, RetryInfo where coming
back helps. Details stay far below the 8 KB that survive in gRPC trailers (beyond 16 KB the true error is replaced).

Reading never raises: whoever reads a Status is already handling an error, and a peer may be newer or broken. A code
that is not known is named ``CODE_<number>``; a detail that cannot be read is passed over.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import grpc
from google.protobuf import duration_pb2
from google.protobuf.message import DecodeError, Message
from google.rpc import code_pb2, error_details_pb2, status_pb2

from antiphon_wire.errors import AntiphonError

DOMAIN = "antiphon"
DETAILS_KEY = "grpc-status-details-bin"
MAX_MESSAGE_BYTES = 1000
MAX_METADATA_BYTES = 4000
_MAX_FIELD_BYTES = 200

_GRPC_CODES = {code.value[0]: code for code in grpc.StatusCode}
_KINDS = (error_details_pb2.ErrorInfo, error_details_pb2.BadRequest, error_details_pb2.RetryInfo)
_NUMBERS = {code.name: code.value[0] for code in grpc.StatusCode}


@dataclass(frozen=True)
class StatusReading:
    """What a ``google.rpc.Status`` says.

    Attributes:
        code: Name of the code; ``CODE_<number>`` for one that is not known.
        reason: That of the ErrorInfo; the code's name where there is none.
        message: What is wrong, for a person.
        metadata: The message's variables, by name.
        fields: (path, what is wrong with it) of every request field at fault.
        retry_after_seconds: When to try again; None where that is not said.
    """

    code: str
    reason: str
    message: str
    metadata: dict[str, str] = field(default_factory=dict)
    fields: tuple[tuple[str, str], ...] = ()
    retry_after_seconds: float | None = None


@dataclass(frozen=True)
class _GrpcStatus(grpc.Status):
    """What ``abort_with_status`` takes; grpcio-status would give the same, but not every environment has it."""

    code: grpc.StatusCode
    details: str
    trailing_metadata: tuple[tuple[str, bytes], ...]


def code_name(number: int) -> str:
    """Names a code by its number.

    >>> code_name(3), code_name(99)
    ('INVALID_ARGUMENT', 'CODE_99')
    """
    known = _GRPC_CODES.get(number)
    return f"CODE_{number}" if known is None else known.name


def code_number(name: str) -> int:
    """Gives the number of a code by its name; that of UNKNOWN for a name that is none.

    >>> code_number("INVALID_ARGUMENT"), code_number("CODE_99"), code_number("LUNCH")
    (3, 99, 2)
    """
    made_up = re.fullmatch(r"CODE_(\d{1,9})", name)
    return int(made_up[1]) if made_up else _NUMBERS.get(name, code_pb2.UNKNOWN)


def to_rpc_status(error: AntiphonError) -> status_pb2.Status:
    """Packs an error with its details; equal errors give equal bytes."""
    status = status_pb2.Status(code=code_number(error.code), message=_cut(error.message, MAX_MESSAGE_BYTES))
    info = error_details_pb2.ErrorInfo(reason=error.reason, domain=DOMAIN, metadata=_bounded(error.metadata))
    # A map has another order in each process, and once packed it keeps it: a record would have other bytes each time.
    status.details.add().Pack(info, deterministic=True)
    if error.field:
        violation = error_details_pb2.BadRequest.FieldViolation(
            field=_cut(error.field, _MAX_FIELD_BYTES), description=_cut(error.message, MAX_MESSAGE_BYTES)
        )
        status.details.add().Pack(error_details_pb2.BadRequest(field_violations=[violation]))
    if error.retry_after_seconds is not None:
        delay = duration_pb2.Duration()
        delay.FromNanoseconds(int(error.retry_after_seconds * 1e9))
        status.details.add().Pack(error_details_pb2.RetryInfo(retry_delay=delay))
    return status


def to_grpc(error: AntiphonError) -> grpc.Status:
    """Gives the form that ``context.abort_with_status`` takes; a code that gRPC does not know goes out as UNKNOWN."""
    status = to_rpc_status(error)
    code = _GRPC_CODES.get(status.code, grpc.StatusCode.UNKNOWN)
    if code is grpc.StatusCode.OK:
        code = grpc.StatusCode.UNKNOWN
    # The reader believes the details only where they bear the code of the call.
    status.code = code.value[0]
    return _GrpcStatus(code, status.message, ((DETAILS_KEY, status.SerializeToString()),))


def read(status: status_pb2.Status) -> StatusReading:
    """Reads a status; never raises."""
    code = code_name(status.code)
    reason, metadata, retry_after = code, {}, None
    fields: list[tuple[str, str]] = []
    for detail in _details(status):
        if isinstance(detail, error_details_pb2.ErrorInfo):
            reason, metadata = detail.reason or code, dict(detail.metadata)
        elif isinstance(detail, error_details_pb2.BadRequest):
            fields += [(violation.field, violation.description) for violation in detail.field_violations]
        elif isinstance(detail, error_details_pb2.RetryInfo):
            # Not Duration's own conversion, which raises for what is out of its range.
            retry_after = detail.retry_delay.seconds + detail.retry_delay.nanos / 1e9
    return StatusReading(code, reason, status.message, metadata, tuple(fields), retry_after)


def from_status(status: status_pb2.Status) -> AntiphonError:
    """Unpacks an error; of several fields at fault it keeps the first. Never raises."""
    said = read(status)
    path = said.fields[0][0] if said.fields else ""
    return AntiphonError(
        said.code,
        said.reason,
        said.message,
        said.metadata,
        field=path,
        retry_after_seconds=said.retry_after_seconds,
    )


def from_rpc_error(error: grpc.RpcError) -> status_pb2.Status:
    """Reads the status of a failed call, details from the trailers where the server sent readable ones."""
    call: Any = error
    number: int = call.code().value[0]
    for key, value in call.trailing_metadata() or ():
        if key == DETAILS_KEY:
            try:
                status = status_pb2.Status.FromString(value)
            except DecodeError:
                continue
            if status.code == number:
                return status
    return status_pb2.Status(code=number, message=_cut(call.details() or "", MAX_MESSAGE_BYTES))


def _details(status: status_pb2.Status) -> Iterator[Message]:
    """Yields the details that are known here and can be read."""
    for packed in status.details:
        for kind in _KINDS:
            detail = kind()
            # A detail that cannot be read must not hide the status that came with it.
            with contextlib.suppress(DecodeError):
                if packed.Unpack(detail):
                    yield detail


def _cut(text: str, limit: int) -> str:
    """The text's beginning, in at most ``limit`` bytes of UTF-8; what UTF-8 cannot say becomes ``?``."""
    return text.encode(errors="replace")[:limit].decode(errors="ignore")


def _bounded(metadata: Mapping[str, str]) -> dict[str, str]:
    """As many whole entries as fit, in order."""
    bounded: dict[str, str] = {}
    left = MAX_METADATA_BYTES
    for key, value in metadata.items():
        left -= len(key.encode()) + len(value.encode(errors="replace"))
        if left < 0:
            break
        bounded[key] = _cut(value, MAX_METADATA_BYTES)
    return bounded
