"""Counts what a request holds on its bytes, before a message is made of them; the bounds are in ``bounds.py``.

A parsed message of a few megabytes can take a hundred times that, so it is counted unparsed: the count stops at the
first bound that is passed, and its work is bounded by the bounds.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import DecodeError, Message

from antiphon_wire.errors import AntiphonError, invalid
from chassis.bounds import BOUNDS, CONFIG_BYTES, COUNT, FREE_BYTES, NOT_ENTERED, TEXT_BYTES, UNREAD

Parsed = TypeVar("Parsed", bound=Message)

_VARINT, _FIXED64, _LENGTH, _FIXED32 = 0, 1, 2, 5
_LONGEST_VARINT = 10
_PACKED_SIZE = {FieldDescriptor.CPPTYPE_DOUBLE: 8, FieldDescriptor.CPPTYPE_FLOAT: 4}


def read(message: type[Parsed], data: bytes) -> Parsed | AntiphonError:
    """Makes a message of its bytes, or gives the error that refuses them.

    The error is returned and not raised: gRPC asks for the message where a caller can be told nothing.

    Args:
        message: Which message.
        data: Its bytes.

    Returns:
        The message; or FIELD_TOO_LARGE or CONFIG_TOO_LARGE where a bound is passed.

    Raises:
        DecodeError: the bytes are not those of a message, which :mod:`chassis.server.readable` tells the caller.
    """
    descriptor: Any = message.DESCRIPTOR
    try:
        _Count(data).count(descriptor)
        return message.FromString(data)
    except AntiphonError as error:
        # Its traceback would keep the bytes for as long as the error is kept.
        return error.with_traceback(None)
    except RecursionError:
        raise DecodeError("messages in messages without end") from None


@dataclass(frozen=True)
class _Field:
    """What is counted of one field.

    Attributes:
        name: As it is in a path.
        repeated: Whether it may have several elements.
        elements: Most of them over all messages that hold it; of one that is not repeated, as many as its message.
        size: Most bytes of a text; None where it is none, or has no bound.
        free: Whether its bytes do not count into the request's.
        packed: Bytes of one element where several come in one piece; 0 where they do not.
        entered: The message that it holds and that is counted too; None for none.
    """

    name: str
    repeated: bool
    elements: int
    size: int | None
    free: bool
    packed: int
    entered: Descriptor | None


@functools.cache
def _fields(descriptor: Descriptor) -> Mapping[int, _Field]:
    return {field.number: _field(field) for field in descriptor.fields}


def _is_repeated(field: Any) -> bool:
    """Newer protobufs have the one property, older ones the other."""
    return bool(field.is_repeated if hasattr(field, "is_repeated") else field.label == field.LABEL_REPEATED)


def _field(field: FieldDescriptor) -> _Field:
    repeated = _is_repeated(field)
    kind: Any = field.cpp_type
    text = kind == FieldDescriptor.CPPTYPE_STRING
    packable = repeated and not text and kind != FieldDescriptor.CPPTYPE_MESSAGE
    own = BOUNDS.get(field.full_name)
    inside = field.message_type
    return _Field(
        name=field.name,
        repeated=repeated,
        elements=own if repeated and own is not None else COUNT,
        size=None if not text or field.full_name in UNREAD else TEXT_BYTES if repeated or own is None else own,
        free=field.full_name in FREE_BYTES,
        packed=_PACKED_SIZE.get(kind, 1) if packable else 0,
        entered=None if inside is None or inside.full_name in NOT_ENTERED else inside,
    )


class _Count:
    """One count of one request's bytes."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._found: dict[str, int] = {}
        self._free = 0

    def count(self, descriptor: Descriptor) -> None:
        """Counts the whole request.

        Raises:
            AntiphonError: FIELD_TOO_LARGE, CONFIG_TOO_LARGE.
            DecodeError: the bytes end in the middle of a value, or hold none.
            RecursionError: messages in messages without end.
        """
        self._message(descriptor, 0, len(self._data), "", 1, free=False)
        counted = len(self._data) - self._free
        if counted > CONFIG_BYTES:
            raise invalid(
                "CONFIG_TOO_LARGE",
                f"the request has {counted} bytes beside fields with bounds of their own; give at most {CONFIG_BYTES}",
                field="config",
                path="config",
                count=counted,
                limit=CONFIG_BYTES,
            )

    def _message(self, descriptor: Descriptor, at: int, end: int, path: str, holders: int, free: bool) -> None:
        """Counts the message in ``data[at:end]``, of which the request may have ``holders``."""
        fields = _fields(descriptor)
        while at < end:
            tag, at = self._varint(at, end)
            field = fields.get(tag >> 3)
            # Fields that are not known are counted together: there may be as many names as there are fields.
            name = path + (field.name if field else "(unknown)")
            begin, at = self._value(tag & 7, at, end)
            limit = field.elements if field and field.repeated else COUNT if field is None else holders
            packed = field.packed if field and tag & 7 == _LENGTH else 0
            self._add(name, (at - begin) // packed if packed else 1, limit)
            if field is None or tag & 7 != _LENGTH:
                continue
            if field.size is not None and at - begin > field.size:
                raise _too_large(name, at - begin, field.size, "bytes")
            inside = free or field.free
            if inside and not free:
                self._free += at - begin
            if field.entered is not None:
                self._message(field.entered, begin, at, f"{name}.", limit, inside)
            elif field.repeated and field.size is None and not field.packed:
                at = self._passed(name, tag, at, end, limit)

    def _passed(self, name: str, tag: int, at: int, end: int, limit: int) -> int:
        """Counts the short elements that follow one of a kind that is not looked into, which may be very many."""
        data, count = self._data, 0
        while at + 1 < end and data[at] == tag and data[at + 1] < 128 and count <= limit:
            after = at + 2 + data[at + 1]
            if after > end:
                break
            at, count = after, count + 1
        self._add(name, count, limit)
        return at

    def _add(self, name: str, count: int, limit: int) -> None:
        found = self._found[name] = self._found.get(name, 0) + count
        if found > limit:
            raise _too_large(name, found, limit, "elements")

    def _value(self, wire_type: int, at: int, end: int) -> tuple[int, int]:
        """Where a value's bytes begin and end."""
        begin = at
        if wire_type == _VARINT:
            _, at = self._varint(at, end)
        elif wire_type == _LENGTH:
            size, begin = self._varint(at, end)
            at = begin + size
        elif wire_type in (_FIXED32, _FIXED64):
            at += 4 if wire_type == _FIXED32 else 8
        else:
            raise DecodeError("no value ends where the bytes do")
        if at > end:
            raise DecodeError("no value ends where the bytes do")
        return begin, at

    def _varint(self, at: int, end: int) -> tuple[int, int]:
        value = 0
        for place in range(at, min(end, at + _LONGEST_VARINT)):
            byte = self._data[place]
            value |= (byte & 0x7F) << 7 * (place - at)
            if byte < 0x80:
                return value, place + 1
        raise DecodeError("no value ends where the bytes do")


def _too_large(path: str, count: int, limit: int, what: str) -> AntiphonError:
    message = f"{path} has {count} {what} or more; give at most {limit}"
    return invalid("FIELD_TOO_LARGE", message, field=path, path=path, count=count, limit=limit)
