"""A file that is open already, read as if by its path: as often as one likes, each time from the start."""

from __future__ import annotations

import io
import os
from typing import BinaryIO, Literal, Protocol, cast


class Readable(Protocol):
    """What a source is read from: a path, or a file that is open already."""

    def stat(self) -> os.stat_result:
        """Tells the file's size, among other things."""

    def open(self, mode: Literal["rb"]) -> BinaryIO:
        """Opens it once more."""


class Opened:
    """A file by its descriptor, which stays the caller's and must be open while this is used.

    Args:
        descriptor: Of a file that can be read from any place.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def stat(self) -> os.stat_result:
        """Tells the file's size, among other things."""
        return os.fstat(self._descriptor)

    def open(self, mode: Literal["rb"]) -> BinaryIO:
        """Opens it once more, with a place of its own."""
        return cast(BinaryIO, io.BufferedReader(_Pass(self._descriptor)))


class _Pass(io.RawIOBase):
    """One reading of a descriptor: the place in it is kept here, for the descriptor's own belongs to all readings."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = os.dup(descriptor)
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        count = os.preadv(self._descriptor, [buffer], self._position)
        self._position += count
        return count

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: os.fstat(self._descriptor).st_size}[whence]
        if base + offset < 0:
            raise ValueError(f"there is no place {base + offset} in a file")
        self._position = base + offset
        return self._position

    def tell(self) -> int:
        return self._position

    def close(self) -> None:
        if not self.closed:
            os.close(self._descriptor)
        super().close()
