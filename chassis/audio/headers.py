"""The few facts of a file's own header and tail that libav does not pass on."""

from __future__ import annotations

import struct
from typing import BinaryIO

XING_SEARCH_BYTES = 4096
OGG_TAIL_BYTES = 65536 + 282
"""The largest Ogg page is 65,307 bytes: a tail of this length holds a page's start."""
XING_HAS_FRAMES = 1
XING_HAS_BYTES = 2
XING_MAX_BEYOND = 32
"""A file of more than one of so many bytes beyond those that its header counts was joined to others: libav then takes
the number of frames for wrong, and estimates."""
OGG_END_OF_STREAM = 4


def mp3_counts_frames(file: BinaryIO) -> bool:
    """Tells whether an MP3 file begins with a Xing or Info header that gives the number of frames of all of it."""
    size = file.seek(0, 2)
    file.seek(0)
    start = file.read(10)
    tag_bytes = 0
    if start[:3] == b"ID3" and len(start) == 10:
        tag_bytes = 10 + sum((byte & 0x7F) << shift for byte, shift in zip(start[6:], (21, 14, 7, 0), strict=True))
    file.seek(tag_bytes)
    head = file.read(XING_SEARCH_BYTES)
    for magic in (b"Xing", b"Info"):
        found = head.find(magic)
        if 0 <= found <= len(head) - 16:
            flags, _, counted = struct.unpack_from(">III", head, found + 4)
            stored = size - tag_bytes
            joined = flags & XING_HAS_BYTES and stored - counted > counted // XING_MAX_BEYOND
            return bool(flags & XING_HAS_FRAMES) and not joined
    return False


def ogg_is_finished(file: BinaryIO) -> bool:
    """Tells whether the last page of an Ogg file is marked as the last of its stream."""
    file.seek(0, 2)
    file.seek(max(0, file.tell() - OGG_TAIL_BYTES))
    tail = file.read(OGG_TAIL_BYTES)
    found = tail.rfind(b"OggS")
    return 0 <= found < len(tail) - 5 and bool(tail[found + 5] & OGG_END_OF_STREAM)


def is_no_sound(packet: bytes) -> bool:
    """Tells whether what a decoder refused is a tag on the way, as where MP3 files were joined, or filling."""
    return packet.startswith((b"ID3", b"TAG", b"APETAGEX", b"LYRICSBEGIN")) or not packet.strip(packet[:1])
