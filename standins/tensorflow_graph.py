"""Writes TensorFlow graphs: a GraphDef in protobuf's wire format, without TensorFlow."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

FLOAT, INT32 = 1, 3
"""Numbers of the tensor types in TensorFlow's DataType."""

# TensorFlow 2.5, which is inside Essentia, reads graphs of this version.
_PRODUCER = 27


def _varint(value: int) -> bytes:
    value &= (1 << 64) - 1
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])


def _integer(number: int, value: int) -> bytes:
    return _varint(number << 3) + _varint(value)


def _bytes(number: int, value: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(value)) + value


def _shape(sizes: Sequence[int]) -> bytes:
    return b"".join(_bytes(2, _integer(1, size)) for size in sizes)


class Type(int):
    """A tensor type, as an attribute."""


class Shape(tuple[int, ...]):
    """A shape, as an attribute."""


Attribute = Type | Shape | bool | int | str | np.ndarray | list[int]


def _attribute(value: Attribute) -> bytes:
    if isinstance(value, Type):
        return _integer(6, value)
    if isinstance(value, Shape):
        return _bytes(7, _shape(value))
    if isinstance(value, bool):
        return _integer(5, int(value))
    if isinstance(value, int):
        return _integer(3, value)
    if isinstance(value, str):
        return _bytes(2, value.encode())
    if isinstance(value, list) and value and isinstance(value[0], Type):
        return _bytes(1, b"".join(_integer(6, one) for one in value))
    if isinstance(value, list):
        return _bytes(1, b"".join(_integer(3, one) for one in value))
    kind, dtype = (INT32, "<i4") if value.dtype.kind == "i" else (FLOAT, "<f4")
    return _bytes(8, _integer(1, kind) + _bytes(2, _shape(value.shape)) + _bytes(4, value.astype(dtype).tobytes()))


class GraphDef:
    """A TensorFlow graph under construction."""

    def __init__(self) -> None:
        self._data: list[bytes] = []
        self._count = 0

    def node(self, operator: str, *inputs: str, name: str = "", **attributes: Attribute) -> str:
        """Adds a node; gives its name."""
        self._count += 1
        name = name or f"n{self._count}"
        body = _bytes(1, name.encode()) + _bytes(2, operator.encode())
        body += b"".join(_bytes(3, one.encode()) for one in inputs)
        for key, value in sorted(attributes.items()):
            body += _bytes(5, _bytes(1, key.encode()) + _bytes(2, _attribute(value)))
        self._data.append(_bytes(1, body))
        return name

    def constant(self, value: np.ndarray) -> str:
        """Adds a constant."""
        return self.node("Const", dtype=Type(INT32 if value.dtype.kind == "i" else FLOAT), value=value)

    def save(self, path: Path) -> None:
        """Writes the file."""
        path.write_bytes(b"".join(self._data) + _bytes(4, _integer(1, _PRODUCER)))
