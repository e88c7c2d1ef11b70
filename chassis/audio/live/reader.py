"""A stream as libav reads it: one file, or several that were joined end to end, each to its end."""

from __future__ import annotations

from collections.abc import Iterator

from chassis.audio.chain import Seams
from chassis.bridge import Closed


class StreamReader:
    """A file to libav: the pieces one after the other, in whatever sizes it asks for. It cannot seek, and has no tell.

    Args:
        pieces: What comes in.
    """

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._seams = Seams()
        # What came and was not read: where it stands in the stream, and the beginnings of files in it.
        self._held = bytearray()
        self._position = 0
        self._starts: list[int] = []
        self._ended = False

    def read(self, size: int) -> bytes:
        """Gives at most ``size`` bytes, none at the end of a file; waits for them on the bridge."""
        while not (ready := self._ready()) and not self._at_seam and not self._ended:
            self._fetch()
        part = bytes(self._held[: min(ready, size)])
        del self._held[: len(part)]
        self._position += len(part)
        return part

    def advance(self) -> bool:
        """Passes over what is left of this file; tells whether another begins behind it."""
        while self.read(1 << 16):
            pass
        if not self._at_seam:
            return False
        del self._starts[0]
        return True

    @property
    def _at_seam(self) -> bool:
        return bool(self._starts) and self._position == self._starts[0]

    def _ready(self) -> int:
        if self._starts:
            return self._starts[0] - self._position
        # What may be the beginning of another file waits until that is known.
        return len(self._held) if self._ended else self._seams.decided - self._position

    def _fetch(self) -> None:
        try:
            piece = next(self._pieces, b"")
        except Closed:
            # libav calls this from C, which knows no BaseException: to it, nobody there is the end of the stream.
            piece = b""
        self._ended = not piece
        self._held += piece
        self._starts += self._seams.feed(piece)
