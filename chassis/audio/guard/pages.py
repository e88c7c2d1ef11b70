"""The blocks before the sound of FLAC files and the pages of Ogg files."""

from __future__ import annotations

from collections import Counter

from chassis.audio.guard.claims import LIMITS, Claims, Walk, too_complex

_COMMENTS, _PICTURE = 4, 6
_OGG_COMMENTS = (b"\x03vorbis", b"OpusTags")
_FLAC_LAST = 0x80
_PAGE_HEAD = 27
_CONTINUED, _BEGINS = 1, 2
_KEPT = "bytes of tags and tables"


def walk_flac(claims: Claims) -> Walk:
    """Walks over the metadata blocks of a FLAC file behind its first four bytes.

    Raises:
        AntiphonError: AUDIO_TOO_COMPLEX.
    """
    while len(head := (yield 4)) == 4:
        length = int.from_bytes(head[1:], "big")
        claims.count("elements of the index and the tags")
        if head[0] & 0x7F in (_COMMENTS, _PICTURE):
            claims.count(_KEPT, length)
        if head[0] & 0x7F == _COMMENTS and length:
            _count_comments(claims, (yield length))
        elif length:
            yield -length
        if head[0] & _FLAC_LAST:
            return


def walk_ogg(claims: Claims) -> Walk:
    """Walks over the pages of an Ogg file behind its first four bytes; ends where none stands.

    Raises:
        AntiphonError: AUDIO_TOO_COMPLEX.
    """
    packets: Counter[bytes] = Counter()
    magic = b"OggS"
    while magic == b"OggS":
        head = yield _PAGE_HEAD - 4
        if len(head) < _PAGE_HEAD - 4:
            return
        serial = head[10:14]
        claims.count("streams", int(bool(head[1] & _BEGINS)))
        lacing = (yield head[-1]) if head[-1] else b""
        body = (yield sum(lacing)) if any(lacing) else b""
        _look_for_comments(claims, lacing, body)
        packets[serial] = _open_packet(packets[serial] if head[1] & _CONTINUED else 0, lacing)
        magic = yield 4


def _open_packet(length: int, lacing: bytes) -> int:
    """Gives the bytes so far of the packet that a page leaves open, none where it leaves none.

    Raises:
        AntiphonError: AUDIO_TOO_COMPLEX for a packet, such as one with the comments, that is longer than is read.
    """
    for size in lacing:
        length += size
        if length > LIMITS[_KEPT]:
            raise too_complex("bytes of a packet", length, LIMITS[_KEPT])
        if size < 255:
            length = 0
    return length


def _look_for_comments(claims: Claims, lacing: bytes, body: bytes) -> None:
    start, before = 0, 0
    for size in lacing:
        if before < 255:
            found = next((magic for magic in _OGG_COMMENTS if body.startswith(magic, start)), None)
            if found is not None:
                _count_comments(claims, body[start + len(found) :])
        start, before = start + size, size


def _count_comments(claims: Claims, block: bytes) -> None:
    """Counts the comments that follow the name of the program that wrote the file."""
    name = int.from_bytes(block[:4], "little")
    count = block[4 + name : 8 + name]
    if len(count) < 4:
        raise too_complex("bytes of a writer's name", name, max(0, len(block) - 8))
    claims.count("tags", int.from_bytes(count, "little"))
