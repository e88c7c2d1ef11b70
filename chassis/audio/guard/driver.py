"""Leads a walk over a file, or over a stream as it comes."""

from __future__ import annotations

from collections.abc import Callable
from typing import BinaryIO

from chassis.audio.guard.asf import ASF_MAGIC, walk_asf
from chassis.audio.guard.boxes import walk_boxes
from chassis.audio.guard.caf import walk_caf
from chassis.audio.guard.chunks import walk_aiff, walk_riff
from chassis.audio.guard.claims import Claims, Walk
from chassis.audio.guard.elements import EBML_MAGIC, walk_elements
from chassis.audio.guard.id3 import walk_tag
from chassis.audio.guard.lossless import check_tail, walk_ape, walk_dsf, walk_tta, walk_wavpack
from chassis.audio.guard.pages import walk_flac, walk_ogg
from chassis.audio.guard.transport import find_packets, walk_transport

STEPS_PER_CHECK = 1024
PROBED_BYTES = 1 << 20
"""How far libav looks to tell what a file is."""
PROBED_PACKETS = 5


def guard_file(file: BinaryIO, check: Callable[[], None], behind: bool = False) -> None:
    """Walks over the headers of a file; leaves it at its start.

    Args:
        file: The file, open for reading.
        check: Called now and then; raises to stop.
        behind: Whether libav is shown what stands behind the samples of a WAV file, too.

    Raises:
        AntiphonError: AUDIO_TOO_COMPLEX; what ``check`` raises.
    """
    size = file.seek(0, 2)
    claims = Claims(size)
    check_tail(claims, file)
    file.seek(0)
    _lead(claims, _walk(claims, behind), file, check)
    # A transport stream may begin anywhere, and libav finds it behind whatever stands before it.
    if find_packets(file.read(PROBED_BYTES), PROBED_PACKETS)[1]:
        claims.position = file.seek(0)
        _lead(claims, walk_transport(claims), file, check)
    file.seek(0)


def _lead(claims: Claims, walk: Walk, file: BinaryIO, check: Callable[[], None]) -> None:
    assert claims.size is not None
    size, steps = claims.size, 0
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


def _walk(claims: Claims, behind: bool = False) -> Walk:
    """Walks over whatever it is; what has no headers to count, such as mp3 behind its tag, ends the walk."""
    magic = yield 4
    while magic[:3] == b"ID3":
        yield from walk_tag(claims, magic)
        magic = yield 4
    if magic in (b"RIFF", b"RIFX", b"RF64", b"BW64"):
        yield from walk_riff(claims, magic, behind)
    elif magic in _WALKS:
        yield from _WALKS[magic](claims)
    elif claims.size is not None:
        # Any box may come first in an mp4, and what is none ends the walk at once. No stream may be an mp4.
        yield from walk_boxes(claims, magic)
    else:
        yield from walk_transport(claims, magic)


_WALKS: dict[bytes, Callable[[Claims], Walk]] = {
    b"FORM": walk_aiff,
    b"fLaC": walk_flac,
    b"OggS": walk_ogg,
    EBML_MAGIC: walk_elements,
    b"caff": walk_caf,
    ASF_MAGIC: walk_asf,
    b"TTA1": walk_tta,
    b"MAC ": walk_ape,
    b"wvpk": walk_wavpack,
    b"DSD ": walk_dsf,
}
