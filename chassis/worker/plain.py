"""Data of no declared form: what each part is stands before it; where any is allowed, data classes may stand in it.

A family's features are mappings of numbers, texts, rows of numbers, and rows of such mappings, a note or a window each.
Those last go column by column: an hour of notes is a dozen scalars then, and not half a million. A sequence arrives as
a tuple, a mapping as a dict with texts for keys. Nothing can be named twice, so nothing can hold itself.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from chassis.worker import packed, schema
from chassis.worker.frames import Token
from chassis.worker.reader import MAX_CELLS, MAX_DEPTH, BadMessageError, Codec, Reader, UnfitError

_SCALARS = (type(None), bool, int, float, str)
_SCALAR, _BYTES, _FLOATS, _INTS, _ROW, _MAPPING, _TABLE, _CLASS = range(8)
_ROW_OF_A_TABLE = 4
"""Entries in whose place a row of a table is counted besides: a dict takes memory before anything is in it."""
_TEXT = schema.codec(str)


def name_of(cls: type) -> str:
    """The name under which a data class is sent."""
    return f"{cls.__module__}:{cls.__qualname__}"


def _kind(value: Any) -> int:
    if type(value) in _SCALARS:
        return _SCALAR
    if isinstance(value, tuple | list) and not hasattr(value, "_fields"):
        if packed.are(float, value):
            return _FLOATS
        if packed.are(int, value):
            return _INTS
        return _TABLE if value and all(isinstance(part, Mapping) for part in value) else _ROW
    if isinstance(value, bytes | bytearray):
        return _BYTES
    return _MAPPING if isinstance(value, Mapping) else _CLASS


def _open(*, classes: bool) -> Codec:
    kinds: list[Codec] = []

    def write(value: Any, out: list[Token]) -> None:
        kind = _kind(value)
        if kind >= len(kinds):
            raise UnfitError(value, "plain data")
        out.append(kind)
        kinds[kind].write(value, out)

    def read(reader: Reader) -> Any:
        if reader.depth > MAX_DEPTH:
            raise BadMessageError(f"data of more than {MAX_DEPTH} levels")
        reader.depth += 1
        made = kinds[reader.count(len(kinds) - 1)].read(reader)
        reader.depth -= 1
        return made

    each = Codec(lambda value: True, write, read)
    scalar = Codec(lambda value: True, lambda value, out: out.append(value), _read_scalar)
    kinds += [scalar, schema.codec(bytes), packed.row(float), packed.row(int)]
    kinds += [schema.row(each), schema.mapping(_TEXT, each), _table(each)]
    kinds += [Codec(dataclasses.is_dataclass, _write_named, _read_named)] if classes else []
    return each


def _read_scalar(reader: Reader) -> Any:
    if type(value := reader.take()) not in _SCALARS:
        raise BadMessageError(f"a {type(value).__name__} where a scalar belongs")
    return value


def _write_named(value: Any, out: list[Token]) -> None:
    cls = type(value)
    if not dataclasses.is_dataclass(cls):
        raise UnfitError(value, "plain data or a data class")
    out.append(name_of(cls))
    schema.codec(cls).write(value, out)


def _read_named(reader: Reader) -> Any:
    return schema.codec(reader.find(_TEXT.read(reader))).read(reader)


def _table(each: Codec) -> Codec:
    """Mappings, column by column: a name, which rows have it (nothing where all have), and what they have there."""

    def write(value: Any, out: list[Token]) -> None:
        names = list(dict.fromkeys(name for row in value for name in row))
        out += [len(value), len(names)]
        for name in names:
            held = tuple(row[name] for row in value if name in row)
            _TEXT.write(name, out)
            out.append(b"" if len(held) == len(value) else bytes(name in row for row in value))
            each.write(held, out)

    def read(reader: Reader) -> tuple[dict[str, Any], ...]:
        height, width = reader.count(MAX_CELLS), reader.count()
        reader.spend(height * (width + _ROW_OF_A_TABLE))
        rows: tuple[dict[str, Any], ...] = tuple([{} for _ in range(height)])
        seen = set()
        for _ in range(width):
            name, mask, held = _TEXT.read(reader), reader.data(), each.read(reader)
            having = [row for row, has in zip(rows, mask, strict=True) if has] if mask else rows
            if name in seen or not isinstance(held, tuple) or len(held) != len(having):
                raise BadMessageError("a column does not fit its table")
            seen.add(name)
            for row, part in zip(having, held, strict=True):
                row[name] = part
        return rows

    return Codec(lambda value: True, write, read)


PLAIN = _open(classes=False)
"""Numbers, texts, bytes, nothing, and tuples and mappings of them."""
ANYTHING = _open(classes=True)
"""The same, and data classes."""
