"""Bytes that fill a file up behind its sound, as recorders leave them that take their room beforehand."""

from __future__ import annotations

import struct
from typing import BinaryIO

from chassis.audio.guard.transport import SYNC, TRANSPORT_LOOK_BYTES, last_packets_end

NOUGHT = b"\0"
_LOOK_BYTES = 1 << 20
_LOOK_BLOCKS = 16
_PAGE_HEAD_BYTES = 27
_LONGEST_PAGE_BYTES = 65_307


def at(file: BinaryIO, position: int, length: int) -> bytes:
    """Reads bytes at a place; fewer where the file ends."""
    file.seek(position)
    return file.read(length)


def padding(file: BinaryIO, end: int, value: bytes) -> int:
    """Counts the bytes of one value in front of ``end``."""
    for last in range(end, 0, -_LOOK_BYTES):
        first = max(0, last - _LOOK_BYTES)
        kept = len(at(file, first, last - first).rstrip(value))
        if kept:
            return end - first - kept
    return end


def last_page_end(file: BinaryIO, start: int, end: int) -> int:
    """Where the last page of an Ogg stream ends that is filled up with noughts; ``end`` where it is not."""
    filled = end - padding(file, end, NOUGHT)
    if filled == end:
        return end
    first = max(start, filled - _LONGEST_PAGE_BYTES)
    tail = at(file, first, min(end, filled + _LONGEST_PAGE_BYTES) - first)
    place = tail.rfind(b"OggS", 0, filled - first)
    if place < 0 or len(tail) < place + _PAGE_HEAD_BYTES:
        return end
    (segments,) = struct.unpack_from("B", tail, place + _PAGE_HEAD_BYTES - 1)
    lengths = tail[place + _PAGE_HEAD_BYTES : place + _PAGE_HEAD_BYTES + segments]
    told = first + place + _PAGE_HEAD_BYTES + segments + sum(lengths)
    # The page itself may end in noughts, and what is left of one that was cut off is for the reader to tell.
    return told if filled <= told <= end else end


def last_packet_end(file: BinaryIO, start: int, end: int) -> int:
    """Where the last packets of a transport stream end; libav gives up the sound of the last ones for what is behind.

    A packet that was begun is left to be found cut off, and so is a file in whose last megabytes there are none.
    """
    for last in range(end, max(start, end - _LOOK_BLOCKS * _LOOK_BYTES), -_LOOK_BYTES):
        first = max(start, last - _LOOK_BYTES)
        place = last_packets_end(at(file, first, min(last + TRANSPORT_LOOK_BYTES, end) - first))
        if place:
            begun = at(file, first + place, 1) == bytes([SYNC])
            return end if begun else first + place
    return end
