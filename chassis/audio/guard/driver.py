"""Leads a walk over a file, or over a stream as it comes."""

from __future__ import annotations

from collections.abc import Callable
from typing import BinaryIO

from chassis.audio.guard.boxes import walk_boxes
from chassis.audio.guard.chunks import walk_aiff, walk_riff
from chassis.audio.guard.claims import Claims, Walk
from chassis.audio.guard.elements import EBML_MAGIC, walk_elements
from chassis.audio.guard.id3 import walk_tag
from chassis.audio.guard.pages import walk_flac, walk_ogg

STEPS_PER_CHECK = 1024


def guard_file(file: BinaryIO, check: Callable[[], None]) -> None:
    """Walks over the headers of a file; leaves it at its start.

    Args:
        file: The file, open for reading.
        check: Called now and then; raises to stop.

    Raises:
        AntiphonError: AUDIO_TOO_COMPLEX; what ``check`` raises.
    """
    size = file.seek(0, 2)
    claims = Claims(size)
    file.seek(0)
    walk = _walk(claims)
    steps = 0
    try:
        asked = next(walk)
        while True:
            steps += 1
            if steps % STEPS_PER_CHECK == 0:
                check()
            if asked < 0:
                data = b""
                claims.position -= asked
                file.seek(min(claims.position, size))
            else:
                data = file.read(asked)
                claims.position += len(data)
            asked = walk.send(data)
    except StopIteration:
        file.seek(0)


class LiveGuard:
    """The same over a stream: it must see each piece before libav does."""

    def __init__(self) -> None:
        self._claims = Claims(None)
        self._walk: Walk | None = _walk(self._claims)
        self._asked = next(self._walk)
        self._held = bytearray()

    def feed(self, data: bytes) -> None:
        """Walks over the headers in the next piece.

        Raises:
            AntiphonError: AUDIO_TOO_COMPLEX.
        """
        start = 0
        while self._walk is not None and start < len(data):
            wanted = -self._asked if self._asked < 0 else self._asked - len(self._held)
            taken = min(wanted, len(data) - start)
            if self._asked > 0:
                self._held += data[start : start + taken]
            start += taken
            self._claims.position += taken
            if taken == wanted:
                self._step()
            elif self._asked < 0:
                self._asked += taken

    def _step(self) -> None:
        answer, self._held = bytes(self._held), bytearray()
        assert self._walk is not None
        try:
            self._asked = self._walk.send(answer)
        except StopIteration:
            self._walk = None


def _walk(claims: Claims) -> Walk:
    """Walks over whatever it is; what has no headers to count, such as mp3 behind its tag, ends the walk."""
    magic = yield 4
    while magic[:3] == b"ID3":
        yield from walk_tag(claims, magic)
        magic = yield 4
    if magic in (b"RIFF", b"RIFX", b"RF64", b"BW64"):
        yield from walk_riff(claims, magic)
    elif magic == b"FORM":
        yield from walk_aiff(claims)
    elif magic == b"fLaC":
        yield from walk_flac(claims)
    elif magic == b"OggS":
        yield from walk_ogg(claims)
    elif magic == EBML_MAGIC:
        yield from walk_elements(claims)
    elif claims.size is not None:
        # Any box may come first in an mp4, and what is none ends the walk at once. No stream may be an mp4.
        yield from walk_boxes(claims, magic)
