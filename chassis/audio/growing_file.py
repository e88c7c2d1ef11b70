"""A file that is sent while it is written: what comes behind is appended, what goes back is kept as a patch."""

from __future__ import annotations

from chassis.reports import BytePatch


class GrowingFile:
    """What a muxer takes for a file it can seek in, though what was taken out of it cannot be changed any more.

    Formats put into their header what only the end can tell: a length, a digest, how much of the last frame is
    padding. Whoever holds the whole stream applies :attr:`patches` to it, in their order.
    """

    def __init__(self) -> None:
        self._held = bytearray()
        self._taken = 0
        self._position = 0
        self.patches: list[BytePatch] = []

    def write(self, data: bytes) -> int:
        """Writes at the position, be it behind what was taken out or within it."""
        data = bytes(data)
        gone = max(0, min(len(data), self._taken - self._position))
        if gone:
            self.patches.append(BytePatch(self._position, data[:gone]))
        at = self._position + gone - self._taken
        if gone < len(data):
            self._held[at : at + len(data) - gone] = data[gone:]
        self._position += len(data)
        return len(data)

    def seek(self, offset: int, whence: int = 0) -> int:
        """Moves the position: from the start, from itself, or from the end, as ``io.IOBase.seek``."""
        self._position = offset + (0, self._position, self._taken + len(self._held))[whence]
        return self._position

    def tell(self) -> int:
        """Gives the position."""
        return self._position

    def take(self) -> bytes:
        """Takes out what is held; it can only be patched from now on."""
        taken = bytes(self._held)
        self._taken += len(taken)
        self._held.clear()
        return taken
