"""How a call to a service can fail: by the service's own word, or by what is found out from here."""

from __future__ import annotations

import grpc
from google.rpc import status_pb2

from antiphon_wire.errors import AntiphonError
from antiphon_wire.status import from_rpc_error, from_status

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
    message = f"{service} answered {code}: {status.message}"
    return CallFailure(AntiphonError(code, f"SERVICE_{code}", message, {"service": service, "target": target}))


def lost(service: str, target: str, cause: str) -> CallFailure:
    """Tells that the connection or the server went away while it worked; trying again may help."""
    message = f"{service} at {target} ended the call before it had answered: {cause}"
    return CallFailure(AntiphonError("UNAVAILABLE", "SERVICE_LOST", message, {"service": service, "target": target}))


def unreachable(service: str, target: str, seconds: float) -> CallFailure:
    """Tells that nobody serves at the target."""
    message = (
        f"{service} was not ready at {target} within {seconds:g} s; "
        f"start it, or set GATEWAY_{service.upper()}_TARGET to where it runs"
    )
    details = {"service": service, "target": target, "seconds": seconds}
    return CallFailure(AntiphonError("UNAVAILABLE", UNREACHABLE, message, details))


def deadline(service: str) -> CallFailure:
    """Tells that the service's own time, or what was left of the caller's, ran out."""
    message = f"{service} was not done in time; allow the call more time, or raise GATEWAY_{service.upper()}_SECONDS"
    return CallFailure(AntiphonError("DEADLINE_EXCEEDED", "STAGE_DEADLINE", message, {"service": service}))
