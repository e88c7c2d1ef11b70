"""A message while it is read: its scalars in their order, and how much may yet be made of them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from chassis.worker.frames import BadFrameError, Token

MAX_DEPTH = 16
"""How deep plain data may be nested; what our families send has four levels."""
MAX_CELLS = 4_000_000
"""Most entries of the tables of one message. Four hours of music have 600,000, told second by second."""


class BadMessageError(BadFrameError):
    """A row of scalars is no message that was expected."""


class UnfitError(TypeError):
    """A value cannot be sent: it is not of the type that its place declares."""

    def __init__(self, value: object, wanted: str, place: str = "") -> None:
        super().__init__(f"{place or 'a message'} holds a {type(value).__name__}; it takes {wanted}")
        self._value, self._wanted, self._place = value, wanted, place

    def inside(self, place: str) -> UnfitError:
        """The same error, told of the innermost field."""
        return self if self._place else UnfitError(self._value, self._wanted, place)


class Reader:
    """The scalars of one message, taken one after the other.

    Args:
        tokens: The scalars.
        pieces: The bytes that went ahead of them, each value's in pieces of its own.
        find: Gives the data class of a name; raises BadMessageError where none is expected that has it.
    """

    def __init__(self, tokens: Sequence[Token], pieces: Sequence[bytes], find: Callable[[str], type]) -> None:
        self._tokens = iter(tokens)
        self._length = len(tokens)
        self._pieces = deque(pieces)
        self.take: Callable[[], Any] = self._tokens.__next__
        """Takes the next scalar; raises StopIteration where there is none."""
        self.find = find
        self._room = MAX_CELLS
        self.depth = 0

    def count(self, most: int | None = None) -> int:
        """Takes a number of things: not below nothing, and no more than ``most``, or than there are scalars."""
        value = self.take()
        if type(value) is not int or not 0 <= value <= (self._length if most is None else most):
            raise BadMessageError("no count where one belongs, or one of more than there is")
        return value

    def spend(self, cells: int) -> None:
        """Counts entries of tables, which take few scalars and are none themselves.

        Raises:
            BadMessageError: there are more than a message has.
        """
        self._room -= cells
        if self._room < 0:
            raise BadMessageError(f"tables of more than {MAX_CELLS} entries")

    def data(self) -> bytes:
        """Takes bytes, which stand in the row or went ahead of it."""
        value = self.take()
        if type(value) is bytes:
            return value
        if type(value) is not int:
            raise BadMessageError(f"a {type(value).__name__} where bytes belong")
        taken: list[bytes] = []
        while self._pieces and value > 0:
            taken.append(self._pieces.popleft())
            value -= len(taken[-1])
        if value != 0 or not taken:
            raise BadMessageError("bytes that did not go ahead, or not as many")
        return taken[0] if len(taken) == 1 else b"".join(taken)

    def end(self) -> None:
        """Makes sure that nothing is left.

        Raises:
            BadMessageError: something is.
        """
        if next(self._tokens, self) is not self or self._pieces:
            raise BadMessageError("a message goes on after its end")


@dataclass(frozen=True)
class Codec:
    """How values of one type are written as scalars and read from them.

    Attributes:
        fits: Whether a value is of the type, at a glance.
        write: Appends the scalars of a value; raises UnfitError where it is not of the type.
        read: Takes the scalars of a value; raises BadMessageError where they are none of the type.
    """

    fits: Callable[[Any], bool]
    write: Callable[[Any, list[Token]], None]
    read: Callable[[Reader], Any]
