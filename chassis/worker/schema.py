"""What a row of scalars means: each type that a message may hold, with how it is written and how it is read.

Made of the annotations of the data classes, each read once. Whoever reads knows what must come: a row does not say what
is to be built, but for the name of a data class where any may stand, and that is looked up among those which the reader
expects (:mod:`chassis.worker.plain`). Whatever is read is of its type, or there is no message.

A tuple is told by its length, one of numbers alone as packed bytes; a choice (``X | None``) by the number of what was
chosen; a data class by its fields in their order, made by its own constructor, which checks what it checks.
"""

from __future__ import annotations

import dataclasses
import enum
import functools
import math
import os
import types
import typing
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from antiphon_wire.errors import AntiphonError
from chassis.worker import packed
from chassis.worker.frames import Token
from chassis.worker.reader import BadMessageError, Codec, Reader, UnfitError


@functools.cache
def codec(hint: Any) -> Codec:
    """The codec of a type, as an annotation says it.

    Raises:
        TypeError: no message can hold that type.
    """
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if hint in (Any, object):
        from chassis.worker import plain  # it stands on this module

        return plain.ANYTHING if hint is Any else plain.PLAIN
    if origin in (typing.Union, types.UnionType):
        return _choice(tuple(codec(each) for each in arguments))
    if origin is typing.Literal:
        return _literal(arguments)
    if origin is tuple:
        return _of_tuple(arguments)
    if origin is Mapping or origin is dict:
        return mapping(*(codec(each) for each in arguments))
    if isinstance(hint, type):
        return _of_class(hint)
    raise TypeError(f"a message cannot hold {hint}")


def _of_class(cls: type) -> Codec:
    if cls in (bool, int, str, type(None)):
        return _scalar(cls)
    if cls is float:
        return _FLOAT
    if cls is bytes:
        return _BYTES
    if issubclass(cls, Path):
        return _changed(cls, _BYTES, os.fsencode, lambda data: cls(os.fsdecode(data)))
    if issubclass(cls, enum.Enum):
        return _changed(cls, _scalar(str), lambda value: value.name, cls.__getitem__)
    if cls is AntiphonError:
        return _changed(cls, _fixed(tuple(codec(hint) for hint in _ERROR)), _parts_of_error, _error)
    if dataclasses.is_dataclass(cls) or hasattr(cls, "_fields"):
        return _record(cls)
    raise TypeError(f"a message cannot hold a {cls.__module__}.{cls.__qualname__}")


def _scalar(cls: Any) -> Codec:
    def write(value: Any, out: list[Token]) -> None:
        if type(value) is not cls:
            raise UnfitError(value, cls.__name__)
        out.append(value)

    def read(reader: Reader) -> Any:
        if type(value := reader.take()) is not cls:
            raise BadMessageError(f"a {type(value).__name__} where a {cls.__name__} belongs")
        return value

    return Codec(lambda value: type(value) is cls, write, read)


def _changed(cls: type, inner: Codec, there: Callable[[Any], Any], back: Callable[[Any], Any]) -> Codec:
    """A type that is written as another one."""

    def write(value: Any, out: list[Token]) -> None:
        if not isinstance(value, cls):
            raise UnfitError(value, cls.__name__)
        inner.write(there(value), out)

    return Codec(lambda value: isinstance(value, cls), write, lambda reader: back(inner.read(reader)))


def _write_float(value: Any, out: list[Token]) -> None:
    if type(value) not in (float, int):
        raise UnfitError(value, "float")
    out.append(float(value))


def _write_bytes(value: Any, out: list[Token]) -> None:
    if not isinstance(value, bytes | bytearray):
        raise UnfitError(value, "bytes")
    out.append(bytes(value))


_FLOAT = Codec(lambda value: type(value) in (float, int), _write_float, _scalar(float).read)
_BYTES = Codec(lambda value: isinstance(value, bytes | bytearray), _write_bytes, Reader.data)


def _choice(options: tuple[Codec, ...]) -> Codec:
    def write(value: Any, out: list[Token]) -> None:
        for number, option in enumerate(options):
            if option.fits(value):
                out.append(number)
                option.write(value, out)
                return
        raise UnfitError(value, "one of several types")

    def read(reader: Reader) -> Any:
        return options[reader.count(len(options) - 1)].read(reader)

    return Codec(lambda value: any(option.fits(value) for option in options), write, read)


def _literal(values: tuple[Any, ...]) -> Codec:
    def write(value: Any, out: list[Token]) -> None:
        if value not in values:
            raise UnfitError(value, f"one of {values}")
        out.append(values.index(value))

    return Codec(lambda value: value in values, write, lambda reader: values[reader.count(len(values) - 1)])


def _of_tuple(arguments: tuple[Any, ...]) -> Codec:
    element = arguments[0] if arguments[1:] == (Ellipsis,) else None
    if element in (float, int):
        return packed.row(element)
    return row(codec(element)) if element is not None else _fixed(tuple(codec(each) for each in arguments))


def row(each: Codec) -> Codec:
    """The codec of tuples of any length; a list may be sent for one."""

    def write(value: Any, out: list[Token]) -> None:
        if not _is_row(value):
            raise UnfitError(value, "tuple")
        out.append(len(value))
        for part in value:
            each.write(part, out)

    # Not a generator: what runs out inside of one is told as another error.
    return Codec(_is_row, write, lambda reader: tuple([each.read(reader) for _ in range(reader.count())]))


def _is_row(value: Any) -> bool:
    return isinstance(value, tuple | list)


def _fixed(elements: tuple[Codec, ...]) -> Codec:
    def write(value: Any, out: list[Token]) -> None:
        if not isinstance(value, tuple | list) or len(value) != len(elements):
            raise UnfitError(value, f"tuple of {len(elements)}")
        for element, part in zip(elements, value, strict=True):
            element.write(part, out)

    return Codec(_is_row, write, lambda reader: tuple([element.read(reader) for element in elements]))


def mapping(key: Codec, held: Codec) -> Codec:
    """The codec of mappings."""

    def write(value: Any, out: list[Token]) -> None:
        if not isinstance(value, Mapping):
            raise UnfitError(value, "mapping")
        out.append(len(value))
        for name, part in value.items():
            key.write(name, out)
            held.write(part, out)

    def read(reader: Reader) -> Any:
        made = {}
        for _ in range(reader.count()):
            name = key.read(reader)
            if name in made:
                raise BadMessageError("a mapping has a key twice")
            made[name] = held.read(reader)
        return made

    return Codec(lambda value: isinstance(value, Mapping), write, read)


def _record(cls: Any) -> Codec:
    """A data class, or a named tuple, by its fields in their order."""
    names = getattr(cls, "_fields", None) or tuple(field.name for field in dataclasses.fields(cls))
    hints = typing.get_type_hints(cls)
    parts = [(name, codec(hints[name])) for name in names]

    def write(value: Any, out: list[Token]) -> None:
        if type(value) is not cls:
            raise UnfitError(value, cls.__name__)
        for name, part in parts:
            try:
                part.write(getattr(value, name), out)
            except UnfitError as error:
                raise error.inside(f"{cls.__name__}.{name}") from None

    def read(reader: Reader) -> Any:
        return cls(**{name: part.read(reader) for name, part in parts})

    return Codec(lambda value: type(value) is cls, write, read)


_ERROR = (str, str, str, Mapping[str, str], str, float | None)


def _parts_of_error(error: AntiphonError) -> tuple[Any, ...]:
    return error.code, error.reason, error.message, error.metadata, error.field, error.retry_after_seconds


def _error(parts: tuple[Any, ...]) -> AntiphonError:
    code, reason, message, metadata, field, after = parts
    if after is not None and not 0 <= after < math.inf:
        raise BadMessageError(f"an error that may be tried again after {after} s")
    return AntiphonError(code, reason, message, metadata, field=field, retry_after_seconds=after)
