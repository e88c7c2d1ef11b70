"""The objects of ASF files (wma, wmv): lists that need not fit where they stand, and tags within tags."""

from __future__ import annotations

import struct

from chassis.audio.guard.claims import Claims, Walk, too_complex
from chassis.audio.guard.id3 import count_in

ASF_MAGIC = bytes.fromhex("3026b275")
_DATA = bytes.fromhex("3626b2758e66cf11a6d900aa0062ce6c")
_STREAM = bytes.fromhex("9107dcb7b7a9cf118ee600c00c205365")
_EXTENSION = bytes.fromhex("b503bf5f2ea9cf118ee300c00c205365")
_EXTENDED_STREAM = bytes.fromhex("cba5e61472c632439983a96952065b5a")
_TAGS = bytes.fromhex("40a4d0d207e3d21197f000a0c95ea850")
_METADATA = (bytes.fromhex("eacbf8c5af5b48778467aa8c44fa4cca"), bytes.fromhex("941c23449894d149a1411d134e457054"))
_MARKERS = bytes.fromhex("01cd87f451a9cf118ee600c00c205365")
_LANGUAGES = bytes.fromhex("a9464376e0effc4bb229393ede415c85")
_HEAD_BYTES = 24
_EXTENSION_BYTES = 22
_EXTENDED_STREAM_BYTES = 64


def walk_asf(claims: Claims) -> Walk:
    """Walks over the objects of a file behind its first four bytes, up to its packets.

    Raises:
        AntiphonError: AUDIO_TOO_COMPLEX.
    """
    yield -26
    while len(head := (yield _HEAD_BYTES)) == _HEAD_BYTES:
        name, length = head[:16], int.from_bytes(head[16:], "little")
        claims.count("boxes")
        end = claims.position + length - _HEAD_BYTES
        if name == _DATA or length < _HEAD_BYTES:
            return
        if name == _EXTENSION:
            # What is in it follows as if it were beside it.
            yield -_EXTENSION_BYTES
            continue
        if name == _EXTENDED_STREAM:
            yield from _extended_stream(claims)
            continue
        claims.count("tracks", int(name == _STREAM))
        yield from _lists(claims, name, length - _HEAD_BYTES)
        if end > claims.position:
            yield claims.position - end


def _lists(claims: Claims, name: bytes, length: int) -> Walk:
    if name == _MARKERS:
        claims.kept("a list of markers", length)
        claims.count("tags", int.from_bytes((yield 20)[16:], "little"))
    elif name == _LANGUAGES:
        claims.kept("a list of languages", length)
        claims.count("tags", int.from_bytes((yield 2), "little"))
    elif name == _TAGS or name in _METADATA:
        claims.kept("a list of tags", length)
        _count_tags(claims, (yield length) if length else b"", "<4xHHI" if name in _METADATA else "")


def _count_tags(claims: Claims, body: bytes, entry: str) -> None:
    """Counts the tags of a list, all of which must fit in it; each may be an ID3 tag, or hold one."""
    count = int.from_bytes(body[:2], "little")
    claims.count("tags", count)
    position = 2
    for _ in range(count):
        position += _length(body, position, entry)
    if position > len(body) + 2:
        raise too_complex("bytes of a list of tags", position, len(body))
    start = body.find(b"ID3")
    while start >= 0:
        count_in(claims, body[start:])
        start = body.find(b"ID3", start + 3)


def _length(body: bytes, position: int, entry: str) -> int:
    """Bytes of the tag at a position; those behind the end have the smallest length that there is."""
    if entry:
        known = body[position : position + 12].ljust(12, b"\0")
        name, _, value = struct.unpack(entry, known)
        return 12 + int(name) + int(value)
    name = int.from_bytes(body[position : position + 2], "little")
    name += name % 2
    kind, value = struct.unpack("<HH", body[position + 2 + name : position + 6 + name].ljust(4, b"\0"))
    return 6 + name + int(value) + (int(value) % 2 if not kind else 0)


def _extended_stream(claims: Claims) -> Walk:
    head = (yield _EXTENDED_STREAM_BYTES).ljust(_EXTENDED_STREAM_BYTES, b"\0")
    names, extensions = struct.unpack("<HH", head[60:])
    claims.count("tags", names + extensions)
    for _ in range(names):
        if length := int.from_bytes((yield 4)[2:], "little"):
            yield -length
    for _ in range(extensions):
        if length := int.from_bytes((yield 22)[18:], "little"):
            yield -length
