"""The chunks of WAV and AIFF files: libav clears memory for what one claims before it reads it."""

from __future__ import annotations

import struct

from chassis.audio.guard.claims import Claims, Walk
from chassis.audio.guard.id3 import walk_tag

UNKNOWN_SIZE = 0xFFFFFFFF
"""What a WAV file written as a stream, or one of more than 4 GB, has for the size of its data."""
AFTER_ODD = (b"LIST", b"id3 ", b"ID3 ", b"bext", b"cue ", b"smpl", b"fact", b"JUNK", b"iXML", b"PEAK", b"fmt ", b"data")
"""Names that tell the next chunk from the byte that pads the one before."""
_PADDING = (b"JUNK", b"junk", b"FLLR", b"PAD ", b"pad ")


def walk_riff(claims: Claims, magic: bytes, behind: bool) -> Walk:
    """Walks over the chunks of a RIFF, RIFX, RF64 or BW64 file behind its first four bytes.

    Args:
        claims: What is counted.
        magic: The four bytes.
        behind: Whether what stands behind the samples is shown to libav, too.

    Raises:
        AntiphonError: AUDIO_TOO_COMPLEX.
    """
    if (yield 8)[4:] != b"WAVE":
        return
    order = ">" if magic == b"RIFX" else "<"
    large_size = UNKNOWN_SIZE
    head = yield 8
    while len(head) == 8:
        name, length = head[:4], struct.unpack(order + "I", head[4:])[0]
        claims.count("chunks")
        if name == b"data" and length == UNKNOWN_SIZE:
            length = large_size
        end = claims.position + length
        if name == b"data":
            # An open size, or one of RF64: all that follows is samples, or passed over as such.
            if not behind or claims.size is None or not length or end > claims.size:
                return
        elif name == b"ds64" and length >= 16:
            large_size = int.from_bytes((yield 16)[8:], "little")
        else:
            yield from _beside(claims, name, length)
        yield from _skip_to(claims, end)
        head = yield 8
        if length % 2 and head[:4] not in AFTER_ODD:
            # Padded, as it should be; not every writer does.
            head = head[1:] + (yield 1)


def walk_aiff(claims: Claims) -> Walk:
    """Walks over the chunks of an AIFF or AIFF-C file behind its first four bytes.

    Raises:
        AntiphonError: AUDIO_TOO_COMPLEX.
    """
    if (yield 8)[4:] not in (b"AIFF", b"AIFC"):
        return
    while len(head := (yield 8)) == 8:
        name, length = head[:4], int.from_bytes(head[4:], "big")
        claims.count("chunks")
        end = claims.position + length
        if name != b"SSND":
            yield from _beside(claims, name, length)
        yield from _skip_to(claims, end + length % 2)


def _beside(claims: Claims, name: bytes, length: int) -> Walk:
    """Counts a chunk that holds no samples."""
    if name in _PADDING:
        claims.fits(_shown(name), length)
        return
    claims.kept(_shown(name), length)
    if name.upper() in (b"ID3 ", b"ID3\0") and length >= 10:
        yield from walk_tag(claims, (yield 4), length)
    elif name == b"LIST" and length >= 4:
        yield from _list(claims, claims.position + length)


def _list(claims: Claims, end: int) -> Walk:
    """Counts the tags of a ``LIST``, each of which libav compares to those before it."""
    if (yield 4) != b"INFO":
        return
    while claims.position + 8 <= end and len(head := (yield 8)) == 8:
        claims.count("tags")
        length = int.from_bytes(head[4:], "little")
        yield from _skip_to(claims, min(end, claims.position + length + length % 2))


def _skip_to(claims: Claims, position: int) -> Walk:
    if position > claims.position:
        yield claims.position - position


def _shown(name: bytes) -> str:
    return f"a chunk {name.decode('ascii', 'replace').strip()!r}"
