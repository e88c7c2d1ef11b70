"""Errors across the wire: AntiphonError to google.rpc.Status with details, and back.

ErrorInfo travels always (reason, domain, every variable), BadRequest where a field is at fault, RetryInfo where coming
back helps. Details stay far below the 8 KB that survive in gRPC trailers (beyond 16 KB the true error is replaced).
"""

from __future__ import annotations

import grpc
from google.protobuf import duration_pb2
from google.rpc import code_pb2, error_details_pb2, status_pb2
from grpc_status import rpc_status

from chassis.errors import AntiphonError

DOMAIN = "antiphon"
MAX_MESSAGE = 1000
_DETAILS_KEY = "grpc-status-details-bin"


def to_rpc_status(error: AntiphonError) -> status_pb2.Status:
    """Packs an error with its details."""
    status = status_pb2.Status(code=code_pb2.Code.Value(error.code), message=error.message[:MAX_MESSAGE])
    status.details.add().Pack(error_details_pb2.ErrorInfo(reason=error.reason, domain=DOMAIN, metadata=error.metadata))
    if error.field:
        violation = error_details_pb2.BadRequest.FieldViolation(
            field=error.field, description=error.message[:MAX_MESSAGE]
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
    return status_pb2.Status(code=error.code().value[0], message=(error.details() or "")[:MAX_MESSAGE])


def to_grpc(error: AntiphonError) -> grpc.Status:
    """The form that ``context.abort_with_status`` takes."""
    return rpc_status.to_status(to_rpc_status(error))
