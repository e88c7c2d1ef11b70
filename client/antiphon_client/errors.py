"""The one error that a caller of this client catches, read from gRPC's status and its google.rpc details."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import grpc
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
from google.rpc import error_details_pb2, status_pb2

DETAILS_KEY = "grpc-status-details-bin"
UNREACHABLE = "SERVICE_UNREACHABLE"
CONNECTION_LOST = "CONNECTION_LOST"

_NAME_BY_NUMBER = {code.value[0]: code.name for code in grpc.StatusCode}


class AntiphonClientError(Exception):
    """A call that failed.

    Attributes:
        code: Name of the gRPC status code, such as ``INVALID_ARGUMENT``.
        reason: What is wrong, in UPPER_SNAKE_CASE; branch on it. ``SERVICE_UNREACHABLE`` where nobody answered,
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
        return self.reason in (UNREACHABLE, CONNECTION_LOST)


def from_status(status: status_pb2.Status) -> AntiphonClientError:
    """Reads a ``google.rpc.Status``, such as the one of a stage report."""
    code = _NAME_BY_NUMBER.get(status.code, f"CODE_{status.code}")
    reason, metadata, retry_after = code, {}, None
    fields: list[tuple[str, str]] = []
    for detail in status.details:
        info, retry, bad = error_details_pb2.ErrorInfo(), error_details_pb2.RetryInfo(), error_details_pb2.BadRequest()
        try:
            if detail.Unpack(info):
                reason, metadata = info.reason or code, dict(info.metadata)
            elif detail.Unpack(retry):
                retry_after = retry.retry_delay.ToTimedelta().total_seconds()
            elif detail.Unpack(bad):
                fields += [(violation.field, violation.description) for violation in bad.field_violations]
        except DecodeError:
            # A detail that cannot be read must not hide the status that came with it.
            continue
    return AntiphonClientError(code, reason, status.message, metadata, retry_after, tuple(fields))


def from_rpc(error: grpc.RpcError, target: str, begun: bool) -> AntiphonClientError:
    """Reads the status with which a call ended.

    Args:
        error: What grpc raised.
        target: Address that was called, for the message.
        begun: Whether any part of the answer had come.
    """
    call: Any = error
    code: grpc.StatusCode = call.code()
    text: str = call.details() or ""
    status = _details(call.trailing_metadata() or ())
    if status is not None:
        return from_status(status)
    if code is grpc.StatusCode.UNAVAILABLE:
        if begun:
            return AntiphonClientError(code.name, CONNECTION_LOST, f"the connection to {target} was lost: {text}")
        return AntiphonClientError(code.name, UNREACHABLE, f"nobody answers at {target}: {text}")
    return AntiphonClientError(code.name, code.name, text or f"{target} gave no details")


def incomplete(target: str, last: str) -> AntiphonClientError:
    """The error of an answer that ended OK, but without the message that always comes last."""
    return AntiphonClientError(
        "DATA_LOSS",
        "STREAM_INCOMPLETE",
        f"{target} ended its answer without {last}, which always comes last; the answer is not whole",
        {"target": target, "missing": last},
    )


def damaged(reason: str, message: str, **metadata: object) -> AntiphonClientError:
    """The error of bytes that arrived with a gap or a wrong digest."""
    return AntiphonClientError("DATA_LOSS", reason, message, {key: str(value) for key, value in metadata.items()})


def _details(metadata: Iterable[tuple[str, str | bytes]]) -> status_pb2.Status | None:
    for key, value in metadata:
        if key == DETAILS_KEY and isinstance(value, bytes):
            try:
                return status_pb2.Status.FromString(value)
            except DecodeError:
                return None
    return None
