"""How a call to a service can fail: by the service's own word, or by what is found out from here.

Where a service is, and what gRPC says of the way there, is for the log: callers may be strangers.
"""

from __future__ import annotations

import logging

import grpc
from google.rpc import status_pb2

from antiphon_wire.errors import AntiphonError
from antiphon_wire.status import from_rpc_error, from_status

_log = logging.getLogger(__name__)

UNREACHABLE = "SERVICE_UNREACHABLE"


class CallFailure(AntiphonError):
    """A call to a service that ended with an error.

    Args:
        error: What went wrong: read from the service's status, or found here.
        sent: The status that the service sent, word for word; None where the error was found here.
        worked: True where the service had begun to answer, false where it refused at once.
    """

    def __init__(self, error: AntiphonError, sent: status_pb2.Status | None = None, worked: bool = False) -> None:
        super().__init__(
            error.code,
            error.reason,
            error.message,
            error.metadata,
            field=error.field,
            retry_after_seconds=error.retry_after_seconds,
        )
        self.sent = sent
        self.worked = worked


def from_call(error: grpc.aio.AioRpcError, service: str, target: str, worked: bool) -> CallFailure:
    """Reads the failure of a call to ``service``; what gRPC itself found out gets a reason of ours."""
    status = from_rpc_error(error)
    if status.details:
        return CallFailure(from_status(status), status, worked)
    code = error.code().name
    if code == "DEADLINE_EXCEEDED":
        return deadline(service)
    if code == "UNAVAILABLE":
        return lost(service, target, status.message)
    _log.warning("%s at %s answered %s: %s", service, target, code, status.message)
    message = f"{service} answered {code}; the gateway's log has the details"
    return CallFailure(AntiphonError(code, f"SERVICE_{code}", message, {"service": service}))


def lost(service: str, target: str, cause: str) -> CallFailure:
    """Tells that the connection or the server went away while it worked; trying again may help."""
    _log.warning("%s at %s ended the call before it had answered: %s", service, target, cause)
    message = f"{service} ended the call before it had answered; try again"
    return CallFailure(AntiphonError("UNAVAILABLE", "SERVICE_LOST", message, {"service": service}))


def unreachable(service: str, target: str, seconds: float) -> CallFailure:
    """Tells that nobody serves at the target."""
    _log.warning("%s was not ready at %s within %g s", service, target, seconds)
    message = (
        f"{service} was not ready within {seconds:g} s; "
        f"start it, or set GATEWAY_{service.upper()}_TARGET to where it runs"
    )
    details = {"service": service, "seconds": seconds}
    return CallFailure(AntiphonError("UNAVAILABLE", UNREACHABLE, message, details))


def deadline(service: str) -> CallFailure:
    """Tells that the service's own time, or what was left of the caller's, ran out."""
    message = f"{service} was not done in time; allow the call more time, or raise GATEWAY_{service.upper()}_SECONDS"
    return CallFailure(AntiphonError("DEADLINE_EXCEEDED", "STAGE_DEADLINE", message, {"service": service}))
