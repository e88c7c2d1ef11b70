"""Messages in frames: written by either side, and read by each as far as it may believe the other."""

from __future__ import annotations

import dataclasses
import importlib
import typing
from collections.abc import Callable
from typing import Any

from chassis.worker.frames import Incoming, Token, frames
from chassis.worker.messages import Cancel, Ended, Event, Feed, Init, Ready, Run, RunLive, Taken
from chassis.worker.plain import name_of
from chassis.worker.reader import BadMessageError, Reader
from chassis.worker.schema import codec

_OF_A_WORKER = Ready | Event | Taken | Ended
_OF_A_SERVICE = Init | Run | RunLive | Feed | Cancel
_OURS = ("chassis.", "services.")


def pack(message: object) -> list[bytes]:
    """The frames of a message, headers included, to be sent in their order.

    Raises:
        UnfitError: a field is not of its type, or the message is none.
        ValueError: it is too large, or holds text that is none.
    """
    to_worker = isinstance(message, _OF_A_SERVICE)
    tokens: list[Token] = []
    codec(_OF_A_SERVICE if to_worker else _OF_A_WORKER).write(message, tokens)
    return frames(tokens, to_worker=to_worker)


class Listener:
    """Makes messages of frames as they come.

    Args:
        expected: The messages that may come.
        find: Gives the data class of a name; see :class:`Reader`.
        from_service: Whether a worker listens.
    """

    def __init__(self, expected: Any, find: Callable[[str], type], *, from_service: bool) -> None:
        self._codec = codec(expected)
        self._find = find
        self._incoming = Incoming(from_service=from_service)

    def announced(self, header: bytes) -> int:
        """Size of the body that follows a header; raises BadFrameError where none of ours has it."""
        return self._incoming.announced(header)

    def add(self, body: bytes) -> Any:
        """Takes the body of a frame; gives the message that is whole with it, else None.

        Raises:
            BadFrameError: it is no message that is expected, with every field of its type.
        """
        whole = self._incoming.add(body)
        if whole is None:
            return None
        reader = Reader(*whole, self._find)
        try:
            message = self._codec.read(reader)
            reader.end()
        except BadMessageError:
            raise
        except Exception as error:  # of a hostile message a constructor may say anything; all of it means the same
            raise BadMessageError(f"no message: {type(error).__name__}") from error
        return message


def to_a_worker() -> Listener:
    """What a worker hears by: it believes its service, and imports what that names."""
    return Listener(_OF_A_SERVICE, _imported, from_service=True)


def to_a_service(events: Any) -> Listener:
    """What a service hears by.

    Args:
        events: What its jobs yield: a data class, or a union of them. Beside plain data nothing else is made.
    """
    members = typing.get_args(events) or (events,)
    known: dict[str, type] = {name_of(cls): cls for cls in members}
    for cls in members:
        codec(cls)  # whether it can be sent at all is found out when a service starts

    def find(name: str) -> type:
        if name not in known:
            raise BadMessageError("a worker names what no job of this family yields")
        return known[name]

    return Listener(_OF_A_WORKER, find, from_service=False)


def _imported(name: str) -> type:
    module, _, path = name.partition(":")
    found: Any = importlib.import_module(module) if module.startswith(_OURS) else None
    for part in path.split("."):
        found = getattr(found, part, None)
    if not (isinstance(found, type) and dataclasses.is_dataclass(found)):
        raise BadMessageError(f"{name} is no data class of ours")
    return found
