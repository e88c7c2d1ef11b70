"""Many numbers as one scalar: the bytes of 64-bit floats or integers, as this machine has them."""

from __future__ import annotations

from array import array
from typing import Any

from chassis.worker.frames import Token
from chassis.worker.reader import BadMessageError, Codec, Reader, UnfitError

_TYPECODES = {float: "d", int: "q"}


def are(kind: type, values: tuple[Any, ...] | list[Any]) -> bool:
    """Whether all of some values are of one kind, float or int; truth values are neither."""
    return set(map(type, values)) == {kind}


def row(kind: type) -> Codec:
    """The codec of tuples of floats, in which a whole number passes for one, or of integers of 64 bits."""
    code, allowed = _TYPECODES[kind], {kind, int}

    def write(value: Any, out: list[Token]) -> None:
        if not isinstance(value, tuple | list) or not allowed.issuperset(map(type, value)):
            raise UnfitError(value, f"tuple of {kind.__name__}")
        try:
            out.append(array(code, value).tobytes())
        except OverflowError:
            raise UnfitError(value, f"tuple of {kind.__name__} of 64 bits") from None

    def read(reader: Reader) -> tuple[Any, ...]:
        data, made = reader.data(), array(code)
        if len(data) % made.itemsize:
            raise BadMessageError(f"{len(data)} bytes of numbers of {made.itemsize} bytes each")
        made.frombytes(data)
        return tuple(made)

    return Codec(lambda value: isinstance(value, tuple | list), write, read)
