"""Why a stage failed, as the google.rpc.Status that its report carries."""

from __future__ import annotations

import grpc
from google.rpc import code_pb2, status_pb2

from antiphon_wire.errors import AntiphonError
from antiphon_wire.status import from_rpc_error, from_status, to_rpc_status

UNREACHABLE = "SERVICE_UNREACHABLE"


class StageFailure(Exception):
    """A service's answer that is an error, word for word.

    Args:
        status: As the service sent it, or made here with an ErrorInfo where it sent none.
        worked: True where the service had begun to answer, false where it refused at once.
    """

    def __init__(self, status: status_pb2.Status, worked: bool = False) -> None:
        super().__init__(status.message)
        self.status = status
        self.worked = worked
        error = from_status(status)
        self.code = error.code
        self.reason = error.reason
        self.retry_after_seconds = error.retry_after_seconds


def from_call(error: grpc.aio.AioRpcError, service: str, target: str) -> StageFailure:
    """Reads the failure of a call to ``service``; what gRPC itself found out gets a reason of ours."""
    status = from_rpc_error(error)
    if status.details:
        return StageFailure(status)
    code = code_pb2.Code.Name(status.code)
    if code == "DEADLINE_EXCEEDED":
        return deadline(service)
    if code == "UNAVAILABLE":
        return lost(service, target, status.message)
    message = f"{service} answered {code}: {status.message}"
    return local(AntiphonError(code, f"SERVICE_{code}", message, {"service": service, "target": target}))


def lost(service: str, target: str, cause: str) -> StageFailure:
    """The connection or the server went away while it worked; trying again may help."""
    message = f"{service} at {target} ended the call before it had answered: {cause}"
    return local(AntiphonError("UNAVAILABLE", "SERVICE_LOST", message, {"service": service, "target": target}))


def unreachable(service: str, target: str, seconds: float) -> StageFailure:
    """Nobody serves at the target."""
    message = (
        f"{service} was not ready at {target} within {seconds:g} s; "
        f"start it, or set GATEWAY_{service.upper()}_TARGET to where it runs"
    )
    details = {"service": service, "target": target, "seconds": seconds}
    return local(AntiphonError("UNAVAILABLE", UNREACHABLE, message, details))


def no_input(stage: str, inputs: tuple[str, ...]) -> StageFailure:
    """What the stage listens to was not given, or there was no room to keep it."""
    wanted = " or ".join(inputs)
    message = f"stage {stage!r} listens to {wanted}, and none of it was given or could be kept"
    return local(AntiphonError("UNAVAILABLE", "STAGE_INPUT_MISSING", message, {"stage": stage, "inputs": wanted}))


def deadline(service: str) -> StageFailure:
    """The stage's own time, or what was left of the caller's, ran out."""
    message = f"{service} was not done in time; allow the call more time, or raise GATEWAY_{service.upper()}_SECONDS"
    return local(AntiphonError("DEADLINE_EXCEEDED", "STAGE_DEADLINE", message, {"service": service}))


def local(error: AntiphonError) -> StageFailure:
    """Wraps an error that was found here."""
    return StageFailure(to_rpc_status(error))
