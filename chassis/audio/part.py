"""A part of a file, read as a file of its own."""

from __future__ import annotations

from typing import BinaryIO

import numpy as np


class PartOfFile:
    """Bytes ``start`` to ``start + length`` of a file, behind bytes of our own; with the calls that libav makes.

    Args:
        file: The file, open; its own position does not matter.
        start: First byte.
        length: Bytes of it, which the file must have.
        head: What stands in front of them.
        swap: Bytes of a number, whose order is turned round; 1 for none. ``length`` is a multiple of it.
    """

    def __init__(self, file: BinaryIO, start: int, length: int, head: bytes = b"", swap: int = 1) -> None:
        self._file = file
        self._start = start
        self._head = head
        self._swap = swap
        self._size = len(head) + length
        self._position = 0

    def read(self, size: int = -1) -> bytes:
        """Reads at most ``size`` bytes, all that are left where it is negative."""
        left = max(0, self._size - self._position)
        size = left if size < 0 else min(size, left)
        data = self._head[self._position : self._position + size]
        if rest := size - len(data):
            data += self._stored(self._position + len(data) - len(self._head), rest)
        self._position += len(data)
        return data

    def _stored(self, first: int, count: int) -> bytes:
        beyond = first % self._swap
        self._file.seek(self._start + first - beyond)
        data = self._file.read(count + beyond + -(count + beyond) % self._swap)
        return swapped(data, self._swap)[beyond : beyond + count]

    def seek(self, offset: int, whence: int = 0) -> int:
        """Moves to ``offset`` from the start (0), from here (1) or from the end (2).

        Raises:
            ValueError: that lies in front of the start.
        """
        position = offset + (0, self._position, self._size)[whence]
        if position < 0:
            raise ValueError(f"there is no position {position}")
        self._position = position
        return position

    def tell(self) -> int:
        """Tells the position."""
        return self._position


def swapped(data: bytes, width: int) -> bytes:
    """Turns round the bytes of each number of ``width`` bytes; what is left over is cut off."""
    if width == 1:
        return data
    whole = np.frombuffer(data, np.uint8, len(data) - len(data) % width)
    return whole.reshape(-1, width)[:, ::-1].tobytes()
