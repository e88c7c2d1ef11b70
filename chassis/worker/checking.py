"""Holds what a worker sent against the types that its fields declare, before anybody reads a field.

A dataclass says the types of its fields, but nothing keeps them: a memory size that is a word would fail in the middle
of the service's own bookkeeping. Each class is read once and becomes a predicate; a list may stand for a tuple and a
whole number for a float, as they may for protobuf.
"""

from __future__ import annotations

import dataclasses
import enum
import functools
import math
import types
import typing
from collections.abc import Callable, Collection, Mapping
from pathlib import PurePath
from typing import Any

from antiphon_wire.errors import AntiphonError
from chassis.worker.messages import Ended, Event, Ready, Taken

Seen = set[tuple[int, int, str]]
"""What was looked at already, by which predicate; a message may name one part many times, or hold itself."""
Predicate = Callable[[Any, Seen], bool]

_MESSAGES = (Ready, Event, Taken, Ended)
_COUNTS = ("pid", "rss_bytes", "byte_count", "cpu_seconds")
_SCALARS = (type(None), bool, int, float, str, bytes, bytearray)
_MANY = (list, tuple, set, frozenset)


class WrongTypeError(ValueError):
    """A worker's message has a field that is not of its type, or is no message of a worker."""


def check(message: object) -> None:
    """Looks at every field of a message of a worker.

    Raises:
        WrongTypeError: one is not what the class says.
    """
    if type(message) not in _MESSAGES:
        raise WrongTypeError(f"a worker sends no {type(message).__name__}")
    if not _is_data(message, set()):
        raise WrongTypeError(f"a field of a worker's {type(message).__name__} is not of its type")
    counts = [value for name, value in vars(message).items() if name in _COUNTS]
    if not all(0 <= count < math.inf for count in counts):
        raise WrongTypeError(f"a worker's {type(message).__name__} counts {counts}")


def _is_plain(value: Any, seen: Seen) -> bool:
    """Whether a value of no declared type is plain data or a data class of ours."""
    if isinstance(value, _SCALARS):
        return True
    if isinstance(value, _MANY):
        return _each(value, value, _is_plain, _SCALARS, seen)
    if isinstance(value, dict):
        return _both(value, (_is_plain, _SCALARS), (_is_plain, _SCALARS), seen)
    if dataclasses.is_dataclass(value):
        return _is_data(value, seen)
    return isinstance(value, enum.Enum | PurePath)


def _is_data(value: Any, seen: Seen) -> bool:
    """Whether an instance of a data class has its fields and no others, each of its type."""
    mark = (id(value), 0, "data")
    if mark in seen:
        return True
    seen.add(mark)
    cls: Any = type(value)
    fields, held = _predicates(cls), vars(value)
    right = held.keys() == fields.keys() and all(is_right(held[name], seen) for name, is_right in fields.items())
    if not right:
        seen.discard(mark)  # another type that is allowed in its place is asked afresh
    return right


def _is_error(value: Any, seen: Seen) -> bool:
    """Whether an error for the caller is whole; one that is not would fail where it is told."""
    words = (value.code, value.reason, value.message, value.field)
    after, metadata = value.retry_after_seconds, value.metadata
    return (
        type(value) is AntiphonError
        and all(isinstance(word, str) for word in (*words, *metadata, *metadata.values()))
        and (after is None or (isinstance(after, int | float) and 0 <= after < math.inf))
    )


def _each(
    owner: object, values: Collection[Any], is_right: Predicate, quick: tuple[type, ...], seen: Seen, part: str = "each"
) -> bool:
    """Whether all values of ``owner`` are right; where all are of a type that suffices, without a look at each."""
    mark = (id(owner), id(is_right), part)
    if mark in seen:
        return True
    seen.add(mark)
    right = set(map(type, values)).issubset(quick) or all(is_right(value, seen) for value in values)
    if not right:
        seen.discard(mark)
    return right


def _both(
    value: dict[Any, Any],
    keys: tuple[Predicate, tuple[type, ...]],
    held: tuple[Predicate, tuple[type, ...]],
    seen: Seen,
) -> bool:
    """Whether the keys and the values of a dict are right."""
    return _each(value, value, *keys, seen, "keys") and _each(value, value.values(), *held, seen, "values")


@functools.cache
def _predicates(cls: type) -> Mapping[str, Predicate]:
    try:
        hints = typing.get_type_hints(cls)
    except NameError:  # a type that is imported for the type checker alone
        hints = {}
    return {field.name: _predicate(hints.get(field.name, Any)) for field in dataclasses.fields(cls)}


@functools.cache
def _predicate(hint: Any) -> Predicate:
    """Makes the predicate of a type; of one that is not understood it asks for plain data."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        parts = [_predicate(part) for part in arguments]
        return lambda value, seen: any(is_right(value, seen) for is_right in parts)
    if origin is typing.Literal:
        return lambda value, _seen: isinstance(value, _SCALARS) and value in arguments
    if origin is tuple and arguments[-1:] != (Ellipsis,):
        return _fixed(arguments)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return _mapping(*(arguments or (Any, Any)))
    if isinstance(origin, type) and issubclass(origin, Collection):
        element = arguments[0] if arguments else Any
        return lambda value, seen: (
            isinstance(value, _MANY) and _each(value, value, _predicate(element), _quick(element), seen)
        )
    return _of_class(hint) if isinstance(hint, type) else _is_plain


def _fixed(elements: tuple[Any, ...]) -> Predicate:
    def is_right(value: Any, seen: Seen) -> bool:
        return (
            isinstance(value, list | tuple)
            and len(value) == len(elements)
            and all(_predicate(element)(part, seen) for element, part in zip(elements, value, strict=True))
        )

    return is_right


def _mapping(key: Any, held: Any) -> Predicate:
    def is_right(value: Any, seen: Seen) -> bool:
        return isinstance(value, dict) and _both(
            value, (_predicate(key), _quick(key)), (_predicate(held), _quick(held)), seen
        )

    return is_right


def _of_class(cls: type) -> Predicate:
    if cls is AntiphonError:
        return lambda value, seen: isinstance(value, AntiphonError) and _is_error(value, seen)
    if dataclasses.is_dataclass(cls):
        return lambda value, seen: type(value) is cls and _is_data(value, seen)
    if quick := _quick(cls):
        return lambda value, _seen: isinstance(value, quick)
    if issubclass(cls, enum.Enum | PurePath):
        return lambda value, _seen: isinstance(value, cls)
    if cls in (*_MANY, dict):
        return lambda value, seen: isinstance(value, (*_MANY, dict)) and _is_plain(value, seen)
    return _is_plain


def _quick(hint: Any) -> tuple[type, ...]:
    """The types of which one suffices without another look; none for what must be looked into."""
    if hint is float:
        return (float, int, bool)
    if hint is bytes:
        return (bytes, bytearray)
    return (hint,) if hint in (bool, int, str, type(None)) else ()
