"""A walk over the header of a WAV (RIFF, RIFX, RF64, BW64) or Wave64 file up to its first sample."""

from __future__ import annotations

import struct
from collections.abc import Generator
from dataclasses import dataclass, replace

from chassis.audio.guard.chunks import AFTER_ODD, UNKNOWN_SIZE

Steps = Generator[int, bytes, "Wave | None"]
"""Yields ``n`` to read n bytes (it is sent fewer at the end), ``-n`` to skip n bytes."""

MAX_CHUNKS = 1000
MAX_FORMAT_BYTES = 4096
OPEN_SIZES = (range(0x7FFF0000, 0x80000000), range(0xFFFFFF00, 0x100000000))
"""What programs that write to a pipe put for the size of the data: about the largest number that they have."""
W64_RIFF = bytes.fromhex("726966662e91cf11a5d628db04c10000")
W64_WAVE = bytes.fromhex("77617665f3acd3118cd100c04f8edb8a")
W64_HEAD, W64_ALIGNMENT = 24, 8
_WAVE_MAGICS = (b"RIFF", b"RIFX", b"RF64", b"BW64")


@dataclass(frozen=True)
class Wave:
    """What stands in the header.

    Attributes:
        container: ``wav`` or ``w64``.
        big_endian: Whether numbers, samples too, are stored with the highest byte first (RIFX).
        form: The bytes of the ``fmt`` chunk.
        fact: The bytes of the ``fact`` chunk, which counts the frames of coded sound; empty where there is none.
        data_bytes: Size of the samples by the header's word; None where it leaves it open.
        ahead: Bytes of the samples that the walk has read already.
    """

    container: str
    big_endian: bool = False
    form: bytes = b""
    fact: bytes = b""
    data_bytes: int | None = None
    ahead: bytes = b""

    @property
    def channels(self) -> int:
        """Channels by the header's word."""
        return int(self._format[1])

    @property
    def sample_rate(self) -> int:
        """Samples a second (Hz) by the header's word."""
        return int(self._format[2])

    @property
    def _format(self) -> tuple[int, ...]:
        return struct.unpack_from((">" if self.big_endian else "<") + "HHI", self.form)


def walk_wave() -> Steps:
    """Walks to the first sample of a WAV or Wave64 file, over ID3 tags in front of it; None for anything else."""
    head = yield 10
    while head[:3] == b"ID3" and len(head) == 10:
        yield -id3_bytes(head)
        head = yield 10
    head += yield 2
    if head[:4] in _WAVE_MAGICS and head[8:12] == b"WAVE":
        return (yield from _riff(head[:4]))
    if head == W64_RIFF[:12]:
        head += yield 28
        return (yield from _w64()) if head[24:] == W64_WAVE else None
    return None


def id3_bytes(head: bytes) -> int:
    """Bytes of an ID3v2 tag behind its first ten, which are given; 0 where they leave no room for one."""
    length = sum((byte & 0x7F) << shift for byte, shift in zip(head[6:10], (21, 14, 7, 0), strict=True))
    return length + (10 if head[5] & 0x10 else 0)


def _riff(magic: bytes) -> Steps:
    found = Wave("wav", magic == b"RIFX")
    order = ">" if found.big_endian else "<"
    large_size: int | None = None
    ahead = b""
    for _ in range(MAX_CHUNKS):
        head, ahead = yield from _take(8, ahead)
        if len(head) < 8:
            return None
        name, length = head[:4], struct.unpack(order + "I", head[4:])[0]
        if name == b"data":
            claimed = large_size if length == UNKNOWN_SIZE else length
            return (yield from _at_data(found, claimed, ahead))
        if name == b"ds64" and 16 <= length <= MAX_FORMAT_BYTES:
            body, ahead = yield from _take(length, ahead)
            large_size = struct.unpack_from("<Q", body, 8)[0] if len(body) >= 16 else None
        else:
            found, ahead = yield from _kept(found, name, length, ahead)
        if length % 2:
            # Not every writer pads a chunk of odd length as it should.
            beyond, ahead = yield from _take(8, ahead)
            ahead = (beyond if beyond[:4] in AFTER_ODD else beyond[1:]) + ahead
    return None


def _w64() -> Steps:
    found = Wave("w64")
    for _ in range(MAX_CHUNKS):
        head = yield W64_HEAD
        if len(head) < W64_HEAD:
            return None
        name, length = head[:4], struct.unpack("<Q", head[16:])[0] - W64_HEAD
        if name == b"data":
            return (yield from _at_data(found, length if 0 < length < 2**62 else None, b""))
        if length < 0:
            return None
        found, _ = yield from _kept(found, name, length, b"")
        if gap := -length % W64_ALIGNMENT:
            yield -gap
    return None


def _at_data(found: Wave, claimed: int | None, ahead: bytes) -> Steps:
    if len(found.form) < 16:
        return None
    if claimed == 0:
        # Left open, or a recording without a sample: then something else follows.
        peeked, ahead = yield from _take(8, ahead)
        ahead = peeked + ahead
        claimed = 0 if not peeked or peeked[:4] in AFTER_ODD else None
    elif claimed is not None and any(claimed in sizes for sizes in OPEN_SIZES):
        claimed = None
    return replace(found, data_bytes=claimed, ahead=ahead)


def _kept(found: Wave, name: bytes, length: int, ahead: bytes) -> Generator[int, bytes, tuple[Wave, bytes]]:
    """Reads a chunk that is needed, and passes over any other."""
    if name in (b"fmt ", b"fact") and length <= MAX_FORMAT_BYTES:
        body, ahead = yield from _take(length, ahead)
        return (replace(found, form=body) if name == b"fmt " else replace(found, fact=body)), ahead
    if length > len(ahead):
        yield len(ahead) - length
    return found, ahead[length:]


def _take(count: int, ahead: bytes) -> Generator[int, bytes, tuple[bytes, bytes]]:
    if count > len(ahead):
        return ahead + (yield count - len(ahead)), b""
    return ahead[:count], ahead[count:]
