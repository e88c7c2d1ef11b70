"""Reads TensorFlow 1 checkpoints (a tensor bundle: ``.index`` and one ``.data`` file) without TensorFlow.

The index is a LevelDB table: a footer points to an index block, that to data blocks, and their entries, whose keys
share prefixes, give for each tensor a BundleEntryProto: type, shape, and where its bytes lie in the data file.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator
from pathlib import Path

import numpy as np

# Of LevelDB's table format: the length of its footer, and the number that it ends with.
_FOOTER_BYTES = 48
_MAGIC = 0xDB4775248B80FB57
# Of TensorFlow's DataType, and protobuf's wire types.
_FLOAT32 = 1
_MOST_DIMENSIONS = 8
_LONGEST_NAME = 1024
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5


class BundleError(ValueError):
    """A checkpoint is not what this module reads; the message says what was found."""


def read_bundle(index: Path, data: Path) -> dict[str, np.ndarray]:
    """Gives every float32 tensor of the checkpoint, by its name; tensors of other types are left out.

    Raises:
        BundleError: a file is damaged, is compressed, or is cut into several data files.
    """
    table, content = index.read_bytes(), data.read_bytes()
    try:
        return dict(_tensors(table, content))
    except (IndexError, UnicodeDecodeError, struct.error) as error:
        raise BundleError(f"{index.name}: is damaged ({error})") from error


def _tensors(table: bytes, content: bytes) -> Iterator[tuple[str, np.ndarray]]:
    for name, entry in _entries(table):
        if not name:  # the bundle's header
            continue
        fields = dict(_fields(entry))
        if fields.get(1) != _FLOAT32:
            continue
        # Of a BundleEntryProto: 1 type, 2 shape, 3 number of the data file, 4 offset, 5 bytes, 7 slices.
        if fields.get(3, 0) != 0 or 7 in fields:
            raise BundleError(f"tensor {name!r} lies in another data file, or in slices; one whole file is read")
        shape = tuple(_dimensions(_bytes(fields.get(2, b""))))
        start, size = _number(fields.get(4, 0)), _number(fields.get(5, 0))
        # Not by numpy, whose product of large dimensions wraps round to a small one; weights without numbers are none.
        if len(shape) > _MOST_DIMENSIONS or 0 in shape or size != 4 * math.prod(shape) or start + size > len(content):
            raise BundleError(f"tensor {name!r} of shape {shape} says {size} bytes from {start}; that does not fit")
        yield name, np.frombuffer(content, "<f4", size // 4, start).reshape(shape)


def _dimensions(shape: bytes) -> Iterator[int]:
    for number, dimension in _fields(shape):
        if number == 2:
            yield _number(dict(_fields(_bytes(dimension))).get(1, 0))


def _entries(table: bytes) -> Iterator[tuple[str, bytes]]:
    footer = table[-_FOOTER_BYTES:]
    if len(footer) < _FOOTER_BYTES or struct.unpack("<Q", footer[-8:])[0] != _MAGIC:
        raise BundleError("the index does not end as a table does")
    position = 0
    for _ in range(2):  # the handle of the meta index, which is passed over
        _, position = _varint(footer, position)
    left = len(table)
    for _, handle in _block(table, *_handle(footer, position)):
        start, size = _handle(handle, 0)
        left -= size
        if left < 0:  # one block may be named any number of times, and be read as often
            raise BundleError("the index has more bytes in its blocks than in all")
        for key, value in _block(table, start, size):
            yield key.decode(), value


def _handle(data: bytes, position: int) -> tuple[int, int]:
    start, position = _varint(data, position)
    size, _ = _varint(data, position)
    return start, size


def _block(table: bytes, start: int, size: int) -> Iterator[tuple[bytes, bytes]]:
    if table[start + size] != 0:
        raise BundleError(f"the block at {start} is compressed (kind {table[start + size]}); plain ones are read")
    block = table[start : start + size]
    restarts = struct.unpack("<I", block[-4:])[0]
    end = len(block) - 4 * (restarts + 1)
    position, key = 0, b""
    while position < end:
        shared, position = _varint(block, position)
        fresh, position = _varint(block, position)
        length, position = _varint(block, position)
        key = key[:shared] + block[position : position + fresh]
        if len(key) > _LONGEST_NAME:
            raise BundleError(f"a name in the index has more than {_LONGEST_NAME} bytes")
        position += fresh
        yield key, block[position : position + length]
        position += length


def _fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Yields (number, value) of a protobuf message's fields."""
    position = 0
    while position < len(message):
        tag, position = _varint(message, position)
        kind = tag & 7
        if kind == _VARINT:
            value, position = _varint(message, position)
            yield tag >> 3, value
        elif kind in (_FIXED32, _FIXED64):
            width = 4 if kind == _FIXED32 else 8
            yield tag >> 3, int.from_bytes(message[position : position + width], "little")
            position += width
        elif kind == _BYTES:
            length, position = _varint(message, position)
            yield tag >> 3, message[position : position + length]
            position += length
        else:
            raise BundleError(f"a message holds a field of wire type {kind}")


def _varint(data: bytes, position: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[position]
        value |= (byte & 127) << shift
        position += 1
        if byte < 128:
            return value, position
        shift += 7
        if shift > 63:
            raise BundleError("a number goes on for more than 10 bytes")


def _number(value: int | bytes) -> int:
    if not isinstance(value, int):
        raise BundleError("bytes where a number belongs")
    return value


def _bytes(value: int | bytes) -> bytes:
    if not isinstance(value, bytes):
        raise BundleError("a number where bytes belong")
    return value
