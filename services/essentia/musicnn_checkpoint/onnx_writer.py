"""Writes ONNX files: a network as nodes and float32 weights, in onnx.proto's wire format, the same bytes each time."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

# Old enough for any ONNX Runtime that is about: version 8 is of 2021, operator set 13 of 2020.
IR_VERSION = 8
OPSET = 13
# Of TensorProto's DataType and of AttributeProto's AttributeType.
_FLOAT, _INT64 = 1, 7
_ATTRIBUTE_FLOAT, _ATTRIBUTE_INT, _ATTRIBUTE_STRING, _ATTRIBUTE_INTS = 1, 2, 3, 7

Attribute = int | float | str | Sequence[int]
Shape = Sequence[int | str]
"""Dimensions; a name stands for one that is known only when the network runs."""


class OnnxWriter:
    """A network under construction; a node is added by the method that gives the name of its output."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._nodes = self._tensors = self._inputs = self._outputs = b""
        self._count = 0

    def input(self, name: str, shape: Shape) -> str:
        """Declares a float32 input."""
        self._inputs += _bytes(11, _value(name, shape))
        return name

    def output(self, name: str, source: str, shape: Shape) -> None:
        """Declares that ``source`` is given out as ``name``, float32."""
        self._add("Identity", [source], name, {})
        self._outputs += _bytes(12, _value(name, shape))

    def weight(self, array: np.ndarray) -> str:
        """Adds a constant, float32 or int64."""
        kind, dtype = (_INT64, "<i8") if array.dtype.kind == "i" else (_FLOAT, "<f4")
        name = f"w{self._next()}"
        tensor = b"".join(_integer(1, size) for size in array.shape) + _integer(2, kind) + _bytes(8, name.encode())
        self._tensors += _bytes(5, tensor + _bytes(9, np.ascontiguousarray(array, dtype).tobytes()))
        return name

    def node(self, operator: str, *inputs: str, **attributes: Attribute) -> str:
        """Adds a node of ONNX's default operator set."""
        return self._add(operator, inputs, f"v{self._next()}", attributes)

    def nodes(self, operator: str, outputs: int, *inputs: str, **attributes: Attribute) -> list[str]:
        """Adds a node of several outputs and gives their names; an input of empty name is left out."""
        names = [f"v{self._next()}" for _ in range(outputs)]
        self._add(operator, inputs, names[0], attributes, names[1:])
        return names

    def save(self, path: Path) -> None:
        """Writes the file."""
        graph = self._nodes + _bytes(2, self._name.encode()) + self._tensors + self._inputs + self._outputs
        opset = _bytes(8, _bytes(1, b"") + _integer(2, OPSET))
        path.write_bytes(_integer(1, IR_VERSION) + _bytes(2, b"antiphon") + _bytes(7, graph) + opset)

    def _next(self) -> int:
        self._count += 1
        return self._count

    def _add(
        self,
        operator: str,
        inputs: Sequence[str],
        out: str,
        attributes: dict[str, Attribute],
        further: Sequence[str] = (),
    ) -> str:
        body = b"".join(_bytes(1, name.encode()) for name in inputs)
        body += b"".join(_bytes(2, name.encode()) for name in (out, *further))
        body += _bytes(3, f"{operator}_{out}".encode()) + _bytes(4, operator.encode())
        body += b"".join(_bytes(5, _attribute(name, value)) for name, value in sorted(attributes.items()))
        self._nodes += _bytes(1, body)
        return out


def _attribute(name: str, value: Attribute) -> bytes:
    body = _bytes(1, name.encode())
    if isinstance(value, str):
        return body + _bytes(4, value.encode()) + _integer(20, _ATTRIBUTE_STRING)
    if isinstance(value, int):
        return body + _integer(3, value) + _integer(20, _ATTRIBUTE_INT)
    if isinstance(value, float):
        return body + _varint(2 << 3 | 5) + np.float32(value).tobytes() + _integer(20, _ATTRIBUTE_FLOAT)
    return body + b"".join(_integer(8, one) for one in value) + _integer(20, _ATTRIBUTE_INTS)


def _value(name: str, shape: Shape) -> bytes:
    sizes = (_bytes(2, size.encode()) if isinstance(size, str) else _integer(1, size) for size in shape)
    dimensions = b"".join(_bytes(1, size) for size in sizes)
    tensor = _integer(1, _FLOAT) + _bytes(2, dimensions)
    return _bytes(1, name.encode()) + _bytes(2, _bytes(1, tensor))


def _varint(value: int) -> bytes:
    value &= (1 << 64) - 1
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def _integer(number: int, value: int) -> bytes:
    return _varint(number << 3) + _varint(value)


def _bytes(number: int, value: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(value)) + value
