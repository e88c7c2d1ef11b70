"""Ogg files joined end to end: where each begins. libav goes on over a seam only where nothing changes there."""

from __future__ import annotations

from typing import BinaryIO

_MAGIC = b"OggS"
_HEAD_BYTES = 27
_BEGINS = 2
_CODECS = (b"\x01vorbis", b"OpusHead", b"\x7fFLAC", b"Speex   ", b"fishead\0", b"\x80theora", b"\x01video")
_CODEC_BYTES = 8
_READ_BYTES = 1 << 20


class Seams:
    """Follows the pages of a file as it comes, and tells where one begins that is the first of another file.

    Attributes:
        decided: Up to which byte the file was looked at; what lies behind may turn out to be a beginning.
    """

    def __init__(self) -> None:
        self.decided = 0
        self._held = bytearray()
        self._skip = 0
        self._is_ogg: bool | None = None
        self._in_sound = False

    @property
    def may_be(self) -> bool:
        """Whether it may still be an Ogg file."""
        return self._is_ogg is not False

    def feed(self, data: bytes) -> list[int]:
        """Takes the next bytes; gives the places of the beginnings in them, not counting the first."""
        if self._is_ogg is False:
            self.decided += len(data)
            return []
        self._held += data
        found: list[int] = []
        while self._step(found):
            pass
        return found

    def _step(self, found: list[int]) -> bool:
        """Goes over one page, or what is left of one; tells whether that was possible."""
        passed = min(self._skip, len(self._held))
        del self._held[:passed]
        self.decided += passed
        self._skip -= passed
        if self._skip or len(self._held) < len(_MAGIC):
            return False
        if self._is_ogg is None:
            self._is_ogg = self._held.startswith(_MAGIC)
        if not self._is_ogg:
            self._skip = len(self._held)
            return self._skip > 0
        if not self._held.startswith(_MAGIC):
            place = self._held.find(_MAGIC)
            self._skip = place if place >= 0 else len(self._held) - len(_MAGIC) + 1
            return self._skip > 0
        return self._page(found)

    def _page(self, found: list[int]) -> bool:
        if len(self._held) < _HEAD_BYTES:
            return False
        body = _HEAD_BYTES + self._held[_HEAD_BYTES - 1]
        begins = bool(self._held[5] & _BEGINS)
        if len(self._held) < body + (_CODEC_BYTES if begins else 0):
            return False
        if begins and self._in_sound and self._held.startswith(_CODECS, body):
            found.append(self.decided)
            self._in_sound = False
        self._in_sound = self._in_sound or not begins
        self._skip = body + sum(self._held[_HEAD_BYTES:body])
        return True


def links(file: BinaryIO) -> list[tuple[int, int]]:
    """Gives start and end (bytes) of each of the files that were joined; one that is no Ogg is one."""
    file.seek(0)
    seams = Seams()
    starts = [0]
    while (data := file.read(_READ_BYTES)) and seams.may_be:
        starts += seams.feed(data)
    size = file.seek(0, 2)
    return list(zip(starts, [*starts[1:], size], strict=True))
