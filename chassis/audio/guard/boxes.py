"""The boxes of mp4, m4a and mov files: libav makes an index of as many samples as their tables claim."""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass, field

from chassis.audio.guard.claims import Claims, Walk, too_complex

_CONTAINERS = frozenset(
    b"moov trak edts mdia minf dinf stbl mvex moof traf udta meta wave sinf schi iprp ipco ilst mfra".split()
)
_TAGS = (b"udta", b"ilst")
"""What holds tags, each of which libav compares to those before it."""
_SKIPPED = frozenset(b"mdat free skip wide junk pnot".split())
_TABLES = {
    b"stts": (4, 8),
    b"ctts": (4, 8),
    b"stsc": (4, 12),
    b"stco": (4, 4),
    b"co64": (4, 8),
    b"stss": (4, 4),
    b"stps": (4, 4),
    b"elst": (4, 12),
    b"keys": (4, 8),
}
"""Tables: where in the box the number of entries stands, and the bytes of one entry."""
_NESTED = re.compile(rb"stsz|stz2|stts|ctts|stsc|stco|co64|trun|cmov|trak")
_MAX_DEPTH = 16
_FRAMES_PER_ENTRY = 1024
"""How many samples of PCM libav puts behind one entry of its index."""
_SMALLEST_TABLE = 12


@dataclass
class _Track:
    """What the tables of one track claim.

    Attributes:
        sound: Whether it is one of sound.
        samples: Number of samples.
        even: Whether each lasts one tick, as those of PCM do: libav goes by chunks then, not by samples.
        chunks: Number of chunks.
        largest: Samples of the largest chunk.
    """

    sound: bool = False
    samples: int = 0
    even: list[bool] = field(default_factory=list)
    chunks: int = 0
    largest: int = 0

    def count(self, claims: Claims) -> None:
        """Counts the entries of its index; raises AUDIO_TOO_COMPLEX."""
        if self.sound and self.even and all(self.even):
            claims.count("samples in the index", self.chunks * (1 + self.largest // _FRAMES_PER_ENTRY))
        else:
            _count_samples(claims, self.samples)


def walk_boxes(claims: Claims, first: bytes) -> Walk:
    """Walks over all boxes of a file of which the first four bytes were read; ends where something is none.

    Raises:
        AntiphonError: AUDIO_TOO_COMPLEX.
    """
    assert claims.size is not None
    yield from _inside(claims, claims.size, _Track(), 0, first)


def _inside(claims: Claims, end: int, track: _Track, depth: int, first: bytes = b"", unit: str = "boxes") -> Walk:
    while claims.position - len(first) + 8 <= end:
        start = claims.position - len(first)
        head = first + (yield 8 - len(first))
        first = b""
        if len(head) < 8:
            return
        length, name = int.from_bytes(head[:4], "big"), head[4:]
        if length == 1:
            length = int.from_bytes((yield 8), "big")
        elif length == 0:
            length = end - start
        if length < claims.position - start:
            return
        claims.count(unit)
        # libav, too, ends a box where the one around it ends.
        stop = min(start + length, end) if depth else start + length
        yield from _box(claims, name, stop, track, depth)
        if stop > claims.position:
            yield claims.position - stop


def _box(claims: Claims, name: bytes, stop: int, track: _Track, depth: int) -> Walk:
    length = stop - claims.position
    if name == b"trak":
        claims.count("tracks")
        claims.fits("a track", length)
        own = _Track()
        yield from _inside(claims, stop, own, depth + 1)
        own.count(claims)
    elif name in _CONTAINERS and depth < _MAX_DEPTH:
        claims.fits(_shown(name), length)
        if name == b"meta":
            yield from _meta(claims, stop, track, depth)
        else:
            yield from _inside(claims, stop, track, depth + 1, unit="tags" if name in _TAGS else "boxes")
    elif name in _CONTAINERS:
        raise too_complex("boxes within each other", depth + 1, _MAX_DEPTH)
    elif name == b"cmov":
        raise too_complex("compressed indexes", 1, 0)
    elif name not in _SKIPPED and (depth or name == b"uuid" or name in _TABLES or name in _COUNTED):
        claims.kept(_shown(name), length)
        yield from _leaf(claims, name, length, track)


def _meta(claims: Claims, stop: int, track: _Track, depth: int) -> Walk:
    """Walks into a box that begins with a version of four bytes in mp4 and at once in QuickTime."""
    head = yield 8
    first = b"" if head[4:] == b"hdlr" else head[4:]
    if not first and len(head) == 8:
        yield -max(0, min(int.from_bytes(head[:4], "big"), stop - claims.position) - 8)
    yield from _inside(claims, stop, track, depth + 1, first)


def _leaf(claims: Claims, name: bytes, length: int, track: _Track) -> Walk:
    if name == b"hdlr" and length >= _SMALLEST_TABLE:
        track.sound = (yield _SMALLEST_TABLE)[8:] == b"soun"
    elif name == b"stsd":
        if found := _NESTED.search((yield length) if length else b""):
            raise too_complex(f"tables {_shown(found[0])} in a description", 1, 0)
    elif name in _COUNTED and length >= 8:
        yield from _COUNTED[name](claims, length, track)
    elif name in _TABLES and length >= 8:
        offset, entry = _TABLES[name]
        body = yield length
        count = int.from_bytes(body[offset : offset + 4], "big")
        if count * entry > length:
            raise too_complex(f"entries of {_shown(name)}", count, length // entry)
        _note_table(name, body, count, track)


def _note_table(name: bytes, body: bytes, count: int, track: _Track) -> None:
    if name == b"stts":
        track.even.append(count == 1 and body[12:16] == b"\0\0\0\1")
    elif name in (b"stco", b"co64"):
        track.chunks = max(track.chunks, count)
    elif name == b"stsc" and len(body) >= 8 + 12 * count:
        sizes = (size for _, size, _ in struct.iter_unpack(">III", body[8 : 8 + 12 * count]))
        track.largest = max(track.largest, max(sizes, default=0))


def _sizes(claims: Claims, length: int, track: _Track) -> Walk:
    """Counts the samples of ``stsz``: either each has a size of its own there, or all have the same."""
    size, count = struct.unpack(">II", ((yield 12) + bytes(12))[4:12])
    if not size and count * 4 > length:
        raise too_complex("entries of stsz", count, length // 4)
    track.samples = max(track.samples, count)


def _small_sizes(claims: Claims, length: int, track: _Track) -> Walk:
    """Counts the samples of ``stz2``, whose entries may have four bits."""
    (count,) = struct.unpack(">I", ((yield 12) + bytes(12))[8:12])
    if count > length * 2:
        raise too_complex("entries of stz2", count, length * 2)
    track.samples = max(track.samples, count)


def _run(claims: Claims, length: int, track: _Track) -> Walk:
    """Counts the samples of ``trun``, which may take no byte at all there."""
    (count,) = struct.unpack(">I", ((yield 8) + bytes(8))[4:8])
    _count_samples(claims, count)


def _count_samples(claims: Claims, count: int) -> None:
    """Counts entries of the index, of which each stands for a byte of the file at least."""
    assert claims.size is not None
    if count > claims.size:
        raise too_complex("samples in the index", count, claims.size)
    claims.count("samples in the index", count)


_COUNTED = {b"stsz": _sizes, b"stz2": _small_sizes, b"trun": _run}


def _shown(name: bytes) -> str:
    return name.decode("latin-1")
