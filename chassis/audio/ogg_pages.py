"""Pages of Ogg (RFC 3533): taken out of bytes as they come, and written anew with another serial number."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

_HEADER = struct.Struct("<4sBBqIIIB")
_CHECKSUM = struct.Struct("<I")
_CHECKSUM_AT = 22
_MOST_SEGMENTS, _SEGMENT_BYTES = 255, 255
CONTINUED = 1
"""Flag of a page that begins within a packet."""
FIRST = 2
"""Flag of the first page of a stream."""
_UNFINISHED = -1
"""Position of a page on which no packet ends."""
# Ogg's checksum is the CRC-32 that zlib has, with the bits of each byte and of the sum the other way round, and without
# the inversions before and after.
_MIRRORED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


@dataclass(frozen=True)
class Page:
    """One page.

    Attributes:
        flags: CONTINUED, FIRST, and 4 for the last page of a stream.
        position: Samples up to the end of the last packet that ends here; -1 where none does.
        lacing: Bytes of each segment; a packet goes on behind a segment of 255.
        body: The segments.
    """

    flags: int
    position: int
    lacing: bytes
    body: bytes

    def written(self, serial: int, number: int) -> bytes:
        """Writes the page as the one with this number, from 0, of the stream with this serial number."""
        head = _HEADER.pack(b"OggS", 0, self.flags, self.position, serial, number, 0, len(self.lacing))
        page = bytearray(head + self.lacing + self.body)
        _CHECKSUM.pack_into(page, _CHECKSUM_AT, _checksum(page))
        return bytes(page)

    def packets(self) -> Iterator[tuple[bytes, bool]]:
        """Yields the parts of packets on it, and of each whether the packet ends here."""
        start = end = 0
        for size in self.lacing:
            end += size
            if size < _SEGMENT_BYTES:
                yield self.body[start:end], True
                start = end
        if start < end or (self.lacing and self.lacing[-1] == _SEGMENT_BYTES):
            yield self.body[start:end], False

    def parted(self, position: int) -> list[Page]:
        """Gives its first packet a page of its own that ends at ``position``, where there are others behind it."""
        first = next((at for at, size in enumerate(self.lacing, 1) if size < _SEGMENT_BYTES), len(self.lacing))
        if first == len(self.lacing):
            return [self]
        head, rest = self.lacing[:first], self.lacing[first:]
        size = sum(head)
        return [
            Page(self.flags & CONTINUED, position, head, self.body[:size]),
            Page(self.flags & ~CONTINUED, self.position, rest, self.body[size:]),
        ]


class PageReader:
    """Gives the pages of one stream, as their bytes come; the bytes are trusted."""

    def __init__(self) -> None:
        self._held = bytearray()

    def pages(self, data: bytes) -> Iterator[Page]:
        """Takes the next bytes, yields the pages that are whole."""
        self._held += data
        while len(self._held) >= _HEADER.size:
            _, _, flags, position, _, _, _, segments = _HEADER.unpack_from(self._held)
            start = _HEADER.size + segments
            lacing = bytes(self._held[_HEADER.size : start])
            end = start + sum(lacing)
            if len(lacing) < segments or len(self._held) < end:
                return
            yield Page(flags, position, lacing, bytes(self._held[start:end]))
            del self._held[:end]


def paged(packets: list[bytes], flags: int = 0) -> list[Page]:
    """Lays packets without a duration, such as headers, onto pages of their own, of which the first has ``flags``."""
    lacing = b"".join(bytes([255] * (len(each) // 255) + [len(each) % 255]) for each in packets)
    body = b"".join(packets)
    pages = []
    for start in range(0, len(lacing), _MOST_SEGMENTS):
        part = lacing[start : start + _MOST_SEGMENTS]
        goes_on = start > 0 and lacing[start - 1] == _SEGMENT_BYTES
        ends = any(size < _SEGMENT_BYTES for size in part)
        pages.append(
            Page(
                CONTINUED if goes_on else flags if start == 0 else 0,
                0 if ends else _UNFINISHED,
                part,
                body[: sum(part)],
            )
        )
        body = body[sum(part) :]
    return pages


def _checksum(page: bytes | bytearray) -> int:
    plain = zlib.crc32(page.translate(_MIRRORED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int(f"{plain:032b}"[::-1], 2)
