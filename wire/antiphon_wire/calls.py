"""Calls with audio up and events down: the server's own status is kept, and the last event comes once, at the end."""

from __future__ import annotations

from typing import Any, TypeVar

from antiphon_wire.errors import AntiphonError, data_loss

Call = TypeVar("Call")


class Ending:
    """Holds one answer to the rule that its last event comes exactly once, and nothing after it.

    Args:
        last: Field of the event that comes last, such as ``summary``.
        sender: Who answers, for messages: a service's word or an address.
        missing_reason: Reason of the error for an answer that ends without its last event.
        variables: Metadata of every error, by name.

    Attributes:
        begun: Whether any response has come.
    """

    def __init__(self, last: str, sender: str, missing_reason: str = "STREAM_INCOMPLETE", **variables: str) -> None:
        self._last = last
        self._sender = sender
        self._missing_reason = missing_reason
        self._variables = variables
        self._complete = False
        self.begun = False

    def take(self, response: Any) -> str | None:
        """Takes the next response; returns the field of its event, or None for an event that is not known here.

        Raises:
            AntiphonError: SUMMARY_NOT_LAST (DATA_LOSS) where something follows the last event.
        """
        self.begun = True
        if self._complete:
            raise self._broken("SUMMARY_NOT_LAST", f"sent more after {self._last}, which always comes last")
        name: str | None = response.WhichOneof("event")
        self._complete = name == self._last
        return name

    def end(self) -> None:
        """Takes the end of a stream that ended OK.

        Raises:
            AntiphonError: ``missing_reason`` (DATA_LOSS) where the last event did not come.
        """
        if not self._complete:
            what = f"ended its answer without {self._last}, which always comes last"
            raise self._broken(self._missing_reason, what, missing=self._last)

    def _broken(self, reason: str, what: str, **variables: str) -> AntiphonError:
        message = f"{self._sender} {what}; its answer cannot be trusted to be whole"
        return data_loss(reason, message, **self._variables, **variables)


def keep_status(call: Call) -> Call:
    """Makes a call of grpc.aio with a request stream end with the status that the server sent; returns the call.

    When the call ends while a request is being written, grpc.aio puts INTERNAL "Internal error from Core" over the
    server's status and loses its details (seen with grpcio 1.85). This touches a private attribute, and does nothing
    where that is not there: the locks name the version of grpcio it was tried with, and tests/wire/test_calls.py fails
    where it stops working or is no longer needed.
    """
    core = getattr(call, "_cython_call", None)
    if core is not None:
        call._cython_call = _StatusKeeper(core)  # type: ignore[attr-defined]
    return call


class _StatusKeeper:
    """Stands before a call's core and drops the status that grpc.aio makes up when a pending write fails."""

    def __init__(self, core: Any) -> None:
        self._core = core

    def __getattr__(self, name: str) -> Any:
        return getattr(self._core, name)

    def set_internal_error(self, _text: str) -> None:
        """Drops the made-up status; the call then waits for the real one."""
