"""The elements of Matroska and WebM files: an empty one of two bytes may cost libav a kilobyte."""

from __future__ import annotations

from collections.abc import Generator

from chassis.audio.guard.claims import Claims, Walk

EBML_MAGIC = b"\x1a\x45\xdf\xa3"
_SEGMENT, _CLUSTER, _TRACK, _TAG, _VOID = 0x18538067, 0x1F43B675, 0xAE, 0x67C8, 0xEC
_MASTERS = frozenset(
    {
        *(_SEGMENT, 0x1654AE6B, _TRACK, 0x1941A469, 0x61A7, 0x1254C367, 0x7373, _TAG, 0x1C53BB6B, 0xBB, 0xB7),
        *(0x1043A770, 0x45B9, 0xB6, 0x80, 0x114D9B74, 0x4DBB, 0x6D80, 0x6240, 0x5034, 0x63C0, 0x1549A966),
    }
)
"""Segment, Tracks, TrackEntry, Attachments, Tags, Cues, Chapters, SeekHead, encodings, Info, and what is in them."""
_UNKNOWN = -1


def walk_elements(claims: Claims) -> Walk:
    """Walks over a file behind its first four bytes, as if it had no levels: each element tells what it is.

    Clusters, which hold the sound, are passed over, or where their size is not told, as in a recording of a browser,
    walked through. It ends where something is no element; libav looks for the next known one there.

    Raises:
        AntiphonError: AUDIO_TOO_COMPLEX.
    """
    size = yield from _size()
    if size > 0:
        claims.kept("the EBML header", size)
        yield -size
    in_cluster = False
    while (name := (yield from _name())) is not None:
        size = yield from _size()
        if name == _CLUSTER:
            in_cluster = True
            if size > 0:
                in_cluster = False
                yield -size
            continue
        if name in _MASTERS and (name > 0xFFFF or not in_cluster):
            in_cluster = False
            claims.count("elements of the index and the tags")
            claims.count("tracks", int(name == _TRACK))
            claims.count("tags", int(name == _TAG))
            continue
        if size == _UNKNOWN:
            return
        if not in_cluster and name != _VOID:
            claims.count("elements of the index and the tags")
            claims.kept("an element", size)
        if size:
            yield -size


def _name() -> Generator[int, bytes, int | None]:
    first = yield 1
    if not first or first[0] < 0x10:
        return None
    length = 9 - first[0].bit_length()
    rest = (yield length - 1) if length > 1 else b""
    return int.from_bytes(first + rest, "big")


def _size() -> Generator[int, bytes, int]:
    first = yield 1
    if not first or not first[0]:
        return _UNKNOWN
    length = 9 - first[0].bit_length()
    rest = (yield length - 1) if length > 1 else b""
    size = int.from_bytes(first + rest, "big") & ((1 << 7 * length) - 1)
    return _UNKNOWN if size == (1 << 7 * length) - 1 else size
