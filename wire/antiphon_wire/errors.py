"""The one error type that callers see; knows gRPC's code names but not gRPC, so engines may raise it.

    AntiphonError            carries code, reason, message, metadata, and what the caller can do
    ├── invalid(...)         INVALID_ARGUMENT     the request or the audio is wrong
    ├── data_loss(...)       DATA_LOSS            the upload arrived damaged
    ├── not_ready(...)       FAILED_PRECONDITION  something must be installed or configured first
    ├── busy(...)            RESOURCE_EXHAUSTED   try again after the delay
    └── lost(...)            UNAVAILABLE          the worker died; try again

Anything else that is raised reaches the caller as INTERNAL and says nothing of the inside.
"""

from __future__ import annotations

from collections.abc import Mapping

MAX_METADATA_VALUE = 500
WORKER_LOST = "WORKER_LOST"
"""The reason of a call whose worker process ended: asked once more it may succeed."""
WORKER_OUT_OF_MEMORY = "WORKER_OUT_OF_MEMORY"
"""The reason of a call that needs more memory than there is: asked once more it would end in the same way."""


class AntiphonError(Exception):
    """An error that the caller is told of, word for word.

    Args:
        code: Name of a gRPC status code, such as ``INVALID_ARGUMENT``.
        reason: What is wrong, in UPPER_SNAKE_CASE; callers branch on it.
        message: The same for a person: what was wrong, the value, and what would be right.
        metadata: Every variable of the message, by lower_snake_case name.
        field: Path of the request field at fault, such as ``config.stems``; empty where none is.
        retry_after_seconds: When to try again; None where trying again is of no use.
    """

    def __init__(
        self,
        code: str,
        reason: str,
        message: str,
        metadata: Mapping[str, object] | None = None,
        *,
        field: str = "",
        retry_after_seconds: float | None = None,
    ) -> None:
        super().__init__(code, reason, message)
        self.code = code
        self.reason = reason
        self.message = message
        self.metadata = {key: str(value)[:MAX_METADATA_VALUE] for key, value in (metadata or {}).items()}
        self.field = field
        self.retry_after_seconds = retry_after_seconds

    def __str__(self) -> str:
        return f"{self.reason}: {self.message}"

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (self.code, self.reason, self.message, self.metadata, self.field, self.retry_after_seconds)


def _rebuild(
    code: str, reason: str, message: str, metadata: dict[str, str], field: str, retry_after_seconds: float | None
) -> AntiphonError:
    return AntiphonError(code, reason, message, metadata, field=field, retry_after_seconds=retry_after_seconds)


def invalid(reason: str, message: str, *, field: str = "", **metadata: object) -> AntiphonError:
    """The caller's fault: a field or the audio is wrong."""
    return AntiphonError("INVALID_ARGUMENT", reason, message, metadata, field=field)


def data_loss(reason: str, message: str, **metadata: object) -> AntiphonError:
    """The upload arrived with a hole or a wrong digest; sending it again may help."""
    return AntiphonError("DATA_LOSS", reason, message, metadata)


def not_ready(reason: str, message: str, **metadata: object) -> AntiphonError:
    """Something must be installed or configured before this can work."""
    return AntiphonError("FAILED_PRECONDITION", reason, message, metadata)


def busy(reason: str, message: str, retry_after_seconds: float, **metadata: object) -> AntiphonError:
    """No room now; the caller should come back after the delay."""
    return AntiphonError("RESOURCE_EXHAUSTED", reason, message, metadata, retry_after_seconds=retry_after_seconds)


def lost(message: str, **metadata: object) -> AntiphonError:
    """The worker process died under this call; a fresh one is being started."""
    return AntiphonError("UNAVAILABLE", WORKER_LOST, message, metadata, retry_after_seconds=1.0)


class Cancelled(BaseException):
    """Raised inside an engine, at its next checkpoint, when nobody wants the answer any more.

    Not an Exception, so that an engine's ``except Exception`` cannot swallow it.
    """
