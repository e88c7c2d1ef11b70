"""ID3v2 tags: libav inflates compressed frames into memory of the size that they claim."""

from __future__ import annotations

import struct

from chassis.audio.guard.claims import Claims, Walk, too_complex

_COMPRESSED = 0x0088
"""Bit 3 in ID3v2.4, bit 7 in ID3v2.3; libav looks at bit 3 in both."""
_HAS_LENGTH = 0x0001
_LARGEST_RATIO = 1032
"""What deflate can reach at most."""


def walk_tag(claims: Claims, magic: bytes, room: int | None = None) -> Walk:
    """Walks over a tag of which the first four bytes were read, up to its end.

    Args:
        claims: What is counted.
        magic: The four bytes.
        room: Bytes that the chunk around the tag has for it from its start; None where nothing is around it.

    Raises:
        AntiphonError: AUDIO_TOO_COMPLEX.
    """
    rest = yield 6
    if len(rest) < 6:
        return
    length = _synchsafe(int.from_bytes(rest[2:6], "big")) + (10 if rest[1] & 0x10 else 0)
    if room is not None and length > room - 10:
        raise too_complex("bytes of an ID3 tag", length, room - 10)
    claims.kept("an ID3 tag", length)
    # Looked at as a whole: where a frame ends is told only by looking whether another stands there.
    body = (yield length) if length else b""
    if magic[3] in (3, 4):
        _count_frames(claims, body, magic[3], extended=bool(rest[1] & 0x40))


def count_in(claims: Claims, data: bytes) -> None:
    """Counts what the tag at the start of ``data`` claims, as :func:`walk_tag` does."""
    walk = walk_tag(claims, data[:4].ljust(4, b"\0"))
    position = 4
    try:
        asked = next(walk)
        while True:
            answer = data[position : position + asked]
            position += asked
            asked = walk.send(answer)
    except StopIteration:
        return


def _count_frames(claims: Claims, body: bytes, version: int, extended: bool) -> None:
    position = 0
    if extended and len(body) >= 4:
        position = _synchsafe(int.from_bytes(body[:4], "big")) + (0 if version == 4 else 4)
    while position + 10 <= len(body) and body[position]:
        length, flags = struct.unpack_from(">IH", body, position + 4)
        if version == 4 and length > 0x7F:
            length = _length(body, position + 10, length)
        if length < 0:
            return
        claims.count("tags")
        if flags & _COMPRESSED:
            claimed = length * _LARGEST_RATIO
            if (flags & _HAS_LENGTH or version == 3) and position + 14 <= len(body):
                claimed = min(claimed, int.from_bytes(body[position + 10 : position + 14], "big"))
            claims.count("bytes of tags and tables", claimed)
        position += 10 + length


def _length(body: bytes, start: int, stored: int) -> int:
    """Tells a frame's length as libav does, as some writers did not leave out the eighth bits; -1 where none fits."""
    if stored >= len(body) or _frame_at(body, start + _synchsafe(stored)):
        return _synchsafe(stored)
    return stored if _frame_at(body, start + stored) else -1


def _frame_at(body: bytes, position: int) -> bool:
    # What follows the tag is not seen here: at its end anything may stand.
    name = body[position : position + 4]
    return len(name) < 4 or not any(name) or all(65 <= byte <= 90 or 48 <= byte <= 57 for byte in name)


def _synchsafe(stored: int) -> int:
    return sum((stored >> shift & 0x7F) << shift * 7 // 8 for shift in (0, 8, 16, 24))
