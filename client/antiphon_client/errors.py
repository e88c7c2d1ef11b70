"""The one error that a caller of this client catches, made from what the wire says."""

from __future__ import annotations

from collections.abc import Mapping

import grpc
from google.rpc import code_pb2, status_pb2

from antiphon_wire.errors import AntiphonError
from antiphon_wire.status import from_rpc_error, read

UNREACHABLE = "SERVICE_UNREACHABLE"
CONNECTION_LOST = "CONNECTION_LOST"
TLS_MISMATCH = "TLS_MISMATCH"

_OF_ENCRYPTION = {
    "WRONG_VERSION_NUMBER": "does not speak TLS; call it without, or at the port that does",
    "CERTIFICATE_VERIFY_FAILED": "shows a certificate of a CA that is not trusted; give its CA",
    "Hostname Verification Check failed": "shows a certificate for another name; give the name that it is for",
    "Socket closed": "closed the connection before a word was said, as a server of TLS does without it, or without a "
    "certificate of its caller; call it with TLS",
}


class AntiphonClientError(Exception):
    """A call that failed.

    Attributes:
        code: Name of the gRPC status code, such as ``INVALID_ARGUMENT``; ``CODE_<number>`` for one not known here.
        reason: What is wrong, in UPPER_SNAKE_CASE; branch on it. ``SERVICE_UNREACHABLE`` where nobody answered,
            ``TLS_MISMATCH`` where one of the two speaks TLS that the other does not, or does not trust it;
            ``CONNECTION_LOST`` where the answer broke off, ``STREAM_INCOMPLETE`` where it ended without its last
            message; the code's name where the server gave no reason.
        message: The same for a person.
        metadata: The message's variables by name.
        retry_after: Seconds after which to try again; None where the server did not say.
        fields: (path, what is wrong with it) of each request field at fault.
    """

    def __init__(
        self,
        code: str,
        reason: str,
        message: str,
        metadata: Mapping[str, str] | None = None,
        retry_after: float | None = None,
        fields: tuple[tuple[str, str], ...] = (),
    ) -> None:
        super().__init__(code, reason, message)
        self.code = code
        self.reason = reason
        self.message = message
        self.metadata = dict(metadata or {})
        self.retry_after = retry_after
        self.fields = fields

    def __str__(self) -> str:
        return f"{self.reason}: {self.message}"

    @property
    def unreachable(self) -> bool:
        """Whether the service could not be reached, or went away in the middle."""
        return self.reason in (UNREACHABLE, CONNECTION_LOST, TLS_MISMATCH)


def from_status(status: status_pb2.Status) -> AntiphonClientError:
    """Reads a ``google.rpc.Status``, such as the one of a stage report; never raises."""
    said = read(status)
    return AntiphonClientError(
        said.code, said.reason, said.message, said.metadata, said.retry_after_seconds, said.fields
    )


def from_rpc(error: grpc.RpcError, target: str, begun: bool) -> AntiphonClientError:
    """Reads the status with which a call ended.

    Args:
        error: What grpc raised.
        target: Address that was called, for the message.
        begun: Whether any part of the answer had come.
    """
    status = from_rpc_error(error)
    found = from_status(status)
    if status.details:
        return found
    if status.code == code_pb2.RESOURCE_EXHAUSTED and "larger than max" in status.message:
        return AntiphonClientError(
            found.code, "MESSAGE_TOO_LARGE", f"{target} takes no message as large as one of these"
        )
    if status.code == code_pb2.UNAVAILABLE:
        if not begun and (why := _encryption(status.message)):
            return AntiphonClientError(found.code, TLS_MISMATCH, f"{target} {why}")
        if begun:
            message = f"the connection to {target} was lost: {status.message}"
            return AntiphonClientError(found.code, CONNECTION_LOST, message)
        return AntiphonClientError(found.code, UNREACHABLE, f"nobody answers at {target}: {status.message}")
    return AntiphonClientError(found.code, found.code, status.message or f"{target} gave no details")


def from_error(error: AntiphonError) -> AntiphonClientError:
    """Says what the wire's checks of an answer found, in the client's own words."""
    return AntiphonClientError(error.code, error.reason, error.message, error.metadata)


def _encryption(said: str) -> str:
    """What gRPC's account of a connection that could not be made tells of its encryption; empty where nothing."""
    return next((told for mark, told in _OF_ENCRYPTION.items() if mark in said and "to connect" in said), "")
