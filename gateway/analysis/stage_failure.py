"""Why a stage failed, where no service is to blame, and the status that its report carries."""

from __future__ import annotations

from google.rpc import status_pb2

from antiphon_wire.errors import AntiphonError
from antiphon_wire.status import to_rpc_status
from gateway.call_failure import CallFailure


def no_input(stage: str, inputs: tuple[str, ...]) -> AntiphonError:
    """Tells that what the stage listens to was not given, or that there was no room to keep it."""
    wanted = " or ".join(inputs)
    message = f"stage {stage!r} listens to {wanted}, and none of it was given or could be kept"
    return AntiphonError("UNAVAILABLE", "STAGE_INPUT_MISSING", message, {"stage": stage, "inputs": wanted})


def broken(stage: str) -> AntiphonError:
    """Tells that the gateway itself is at fault, and nothing of its inside."""
    message = f"the gateway failed at stage {stage}; its log has the details"
    return AntiphonError("INTERNAL", "STAGE_BROKEN", message, {"stage": stage})


def status_of(error: AntiphonError) -> status_pb2.Status:
    """Makes the status for a report: the service's own, with details that the gateway does not know, where it sent one.

    An error travels as an error until it is written down here, so that what decides about it reads fields, and a
    service's status is never taken apart and put together again.
    """
    if isinstance(error, CallFailure) and error.sent is not None:
        return error.sent
    return to_rpc_status(error)
