"""Errors across the wire: AntiphonError to google.rpc.Status with details, and back.

ErrorInfo travels always (reason, domain, every variable), BadRequest where a field is at fault, RetryInfo where coming
back helps. Details stay far below the 8 KB that survive in gRPC trailers (beyond 16 KB the true error is replaced).
"""

from __future__ import annotations

from collections.abc import Mapping

import grpc
from google.protobuf import duration_pb2
from google.rpc import code_pb2, error_details_pb2, status_pb2
from grpc_status import rpc_status

from antiphon_wire.errors import AntiphonError

DOMAIN = "antiphon"
MAX_MESSAGE_BYTES = 1000
MAX_METADATA_BYTES = 4000
_DETAILS_KEY = "grpc-status-details-bin"


def to_rpc_status(error: AntiphonError) -> status_pb2.Status:
    """Packs an error with its details."""
    status = status_pb2.Status(code=code_pb2.Code.Value(error.code), message=_cut(error.message, MAX_MESSAGE_BYTES))
    status.details.add().Pack(
        error_details_pb2.ErrorInfo(reason=error.reason, domain=DOMAIN, metadata=_bounded(error.metadata))
    )
    if error.field:
        violation = error_details_pb2.BadRequest.FieldViolation(
            field=_cut(error.field, 200), description=_cut(error.message, MAX_MESSAGE_BYTES)
        )
        status.details.add().Pack(error_details_pb2.BadRequest(field_violations=[violation]))
    if error.retry_after_seconds is not None:
        delay = duration_pb2.Duration()
        delay.FromNanoseconds(int(error.retry_after_seconds * 1e9))
        status.details.add().Pack(error_details_pb2.RetryInfo(retry_delay=delay))
    return status


def from_status(status: status_pb2.Status) -> AntiphonError:
    """Unpacks an error; without an ErrorInfo its reason is the code's own name."""
    code = code_pb2.Code.Name(status.code)
    reason, metadata, field, delay = code, {}, "", None
    info, bad, retry = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest(), error_details_pb2.RetryInfo()
    for detail in status.details:
        if detail.Unpack(info):
            reason, metadata = info.reason, dict(info.metadata)
        elif detail.Unpack(bad) and bad.field_violations:
            field = bad.field_violations[0].field
        elif detail.Unpack(retry):
            delay = retry.retry_delay.ToNanoseconds() / 1e9
    return AntiphonError(code, reason, status.message, metadata, field=field, retry_after_seconds=delay)


def from_rpc_error(error: grpc.RpcError) -> status_pb2.Status:
    """Reads the status of a failed call, details from the trailers where the server sent them."""
    for key, value in error.trailing_metadata() or ():
        if key == _DETAILS_KEY:
            status = status_pb2.Status.FromString(value)
            if status.code == error.code().value[0]:
                return status
    return status_pb2.Status(code=error.code().value[0], message=_cut(error.details() or "", MAX_MESSAGE_BYTES))


def to_grpc(error: AntiphonError) -> grpc.Status:
    """The form that ``context.abort_with_status`` takes."""
    return rpc_status.to_status(to_rpc_status(error))


def _cut(text: str, limit: int) -> str:
    """The text's beginning, in at most ``limit`` bytes of UTF-8."""
    return text.encode()[:limit].decode(errors="ignore")


def _bounded(metadata: Mapping[str, str]) -> dict[str, str]:
    """As many whole entries as fit, in order."""
    bounded: dict[str, str] = {}
    left = MAX_METADATA_BYTES
    for key, value in metadata.items():
        left -= len(key.encode()) + len(value.encode())
        if left < 0:
            break
        bounded[key] = value
    return bounded
