"""The headers of True Audio, Monkey's Audio, WavPack and DSD files, and the APE tag at the end of the first three."""

from __future__ import annotations

import struct
from typing import BinaryIO

from chassis.audio.guard.claims import LIMITS, Claims, Walk, too_complex
from chassis.audio.guard.id3 import walk_tag

_MAX_CHANNELS = 64
_MAX_BLOCK_BYTES = 1 << 20
_MAX_FRAME = 8 << 20
"""Samples that are decoded at once: the longest of Monkey's Audio are 4.7 million."""
_KEPT = "bytes of tags and tables"
_TAG_FOOT = 32
_BINARY = 2


def walk_tta(claims: Claims) -> Walk:
    """Walks over the header of a True Audio file behind its first four bytes.

    Raises:
        AntiphonError: AUDIO_TOO_COMPLEX.
    """
    _, channels, _, rate, frames = struct.unpack("<HHHII", (yield 14).ljust(14, b"\0"))
    _limit("channels", channels, _MAX_CHANNELS)
    _limit("samples of a frame", rate * 256 // 245, _MAX_FRAME)
    count = frames // max(1, rate * 256 // 245)
    claims.kept("a seek table", 4 * count)
    claims.count("samples in the index", count)


def walk_ape(claims: Claims) -> Walk:
    """Walks over the header of a Monkey's Audio file behind its first four bytes.

    Raises:
        AntiphonError: AUDIO_TOO_COMPLEX.
    """
    version = int.from_bytes((yield 2), "little")
    if version >= 3980:
        head = (yield 46).ljust(46, b"\0")
        descriptor, _, table = struct.unpack_from("<III", head, 2)
        if descriptor > 52:
            yield 52 - descriptor
        _, _, block, last, frames = struct.unpack("<HHIII", (yield 16).ljust(16, b"\0"))
        _limit("samples of a frame", max(block, last), _MAX_FRAME)
    else:
        head = (yield 26).ljust(26, b"\0")
        flags, frames, last = struct.unpack("<2xH14xII", head)
        _limit("samples of a frame", last, _MAX_FRAME)
        if flags & 4:
            yield -4
        table = 4 * (int.from_bytes((yield 4), "little") if flags & 16 else frames)
    claims.kept("a seek table", table)
    claims.kept("a seek table", 4 * frames)
    claims.count("samples in the index", frames)


def walk_wavpack(claims: Claims) -> Walk:
    """Walks over the blocks of a WavPack file behind its first four bytes; libav joins those of one moment.

    Raises:
        AntiphonError: AUDIO_TOO_COMPLEX.
    """
    magic, together = b"wvpk", 0
    while magic == b"wvpk" and len(head := (yield 28)) == 28:
        length, flags = struct.unpack("<I16xI4x", head)
        length = max(0, length - 24)
        together += length
        _limit("bytes of a packet", together, LIMITS[_KEPT])
        first_and_last = flags & 0x1800 == 0x1800
        if not first_and_last and length <= _MAX_BLOCK_BYTES:
            _limit("channels", _channels((yield length) if length else b""), _MAX_CHANNELS)
        elif length:
            yield -length
        together = 0 if flags & 0x1000 else together
        magic = yield 4


def walk_dsf(claims: Claims) -> Walk:
    """Walks over the header of a DSD stream file behind its first four bytes, and to the ID3 tag that it points to.

    Raises:
        AntiphonError: AUDIO_TOO_COMPLEX.
    """
    head = (yield 76).ljust(76, b"\0")
    tag, channels, block = struct.unpack_from("<16xQ24xI16xI", head)
    _limit("channels", channels, _MAX_CHANNELS)
    _limit("bytes of a block", block, _MAX_BLOCK_BYTES)
    if claims.size is None or not tag:
        return
    if tag < claims.position:
        raise too_complex("bytes of headers within each other", claims.position, tag)
    yield claims.position - tag
    magic = yield 4
    while magic[:3] == b"ID3":
        yield from walk_tag(claims, magic)
        magic = yield 4


def check_tail(claims: Claims, file: BinaryIO) -> None:
    """Counts the fields of an APE tag at the very end of a file; each must fit in it. Moves the position.

    Raises:
        AntiphonError: AUDIO_TOO_COMPLEX.
    """
    assert claims.size is not None
    file.seek(max(0, claims.size - _TAG_FOOT))
    foot = file.read(_TAG_FOOT)
    if not foot.startswith(b"APETAGEX") or len(foot) < _TAG_FOOT:
        return
    _, length, count = struct.unpack_from("<III", foot, 8)
    claims.count("tags", count)
    # libav reads no tag of a length that cannot be.
    if not _TAG_FOOT < length <= claims.size:
        return
    claims.kept("an APE tag", length)
    file.seek(claims.size - length)
    body = file.read(length - _TAG_FOOT)
    position = 0
    for _ in range(count):
        if position + 8 > len(body):
            return
        size, flags = struct.unpack_from("<II", body, position)
        end = body.find(b"\0", position + 8)
        if end < 0:
            return
        claims.count("tracks", int(bool(flags & _BINARY)))
        position = end + 1 + size
        if position > len(body):
            raise too_complex("bytes of an APE tag", position, len(body))


def _channels(block: bytes) -> int:
    """The channels that a block tells of, in one of its parts."""
    position = 0
    while position + 2 <= len(block):
        kind, size, start = block[position], block[position + 1], position + 2
        if kind & 0x80:
            size, start = int.from_bytes(block[position + 1 : position + 4], "little"), position + 4
        size *= 2
        if kind & 0x3F == 0x0D and start < len(block):
            return block[start] if size <= 5 else block[start] | (block[start + 2 : start + 3] or b"\0")[0] << 8
        position = start + size
    return 0


def _limit(what: str, count: int, limit: int) -> None:
    if count > limit:
        raise too_complex(what, count, limit)
