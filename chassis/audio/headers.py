"""The few facts of a file's own header and tail that libav does not pass on."""

from __future__ import annotations

import struct
from dataclasses import dataclass, replace
from typing import BinaryIO

UNKNOWN_SIZE = 0xFFFFFFFF
"""What a WAV file written as a stream has for the size of its data."""
MAX_CHUNKS = 1000
XING_SEARCH_BYTES = 4096
OGG_TAIL_BYTES = 65536 + 282
"""The largest Ogg page is 65,307 bytes: a tail of this length holds a page's start."""
XING_HAS_FRAMES = 1
OGG_END_OF_STREAM = 4


@dataclass(frozen=True)
class RiffHeader:
    """What a WAV file's header claims.

    Attributes:
        channels: Channels; None where there is no ``fmt`` chunk before the data.
        sample_rate: Samples a second (Hz); None likewise.
        data_bytes: Size of the samples; None where the header leaves it open.
        stored_bytes: Bytes of the file from the samples' start to its end; None where there is no ``data`` chunk.
    """

    channels: int | None = None
    sample_rate: int | None = None
    data_bytes: int | None = None
    stored_bytes: int | None = None


def read_riff(file: BinaryIO) -> RiffHeader | None:
    """Reads the chunks of a RIFF, RIFX, RF64 or BW64 WAV file; None for any other file."""
    file.seek(0, 2)
    size = file.tell()
    file.seek(0)
    start = file.read(12)
    if start[:4] not in (b"RIFF", b"RIFX", b"RF64", b"BW64") or start[8:12] != b"WAVE":
        return None
    order = ">" if start[:4] == b"RIFX" else "<"
    found = RiffHeader()
    large_size = None
    for _ in range(MAX_CHUNKS):
        chunk = file.read(8)
        if len(chunk) < 8:
            break
        name, length = chunk[:4], struct.unpack(order + "I", chunk[4:])[0]
        position = file.tell()
        if name == b"data":
            length = large_size if length == UNKNOWN_SIZE else length
            # libav, too, reads on to the end of the file where the size is 0: what a broken-off recorder leaves.
            found = replace(found, data_bytes=length or None, stored_bytes=size - position)
            if not length or length > size - position:
                break
        payload = file.read(16)
        if name == b"fmt " and len(payload) == 16:
            _, channels, sample_rate = struct.unpack(order + "HHI", payload[:8])
            found = replace(found, channels=channels, sample_rate=sample_rate)
        elif name == b"ds64" and len(payload) == 16:
            large_size = struct.unpack("<Q", payload[8:])[0]
        file.seek(position + length + length % 2)
    return found


def mp3_counts_frames(file: BinaryIO) -> bool:
    """Tells whether an MP3 file begins with a Xing or Info header that gives the number of frames."""
    file.seek(0)
    start = file.read(10)
    tag_bytes = 0
    if start[:3] == b"ID3" and len(start) == 10:
        tag_bytes = 10 + sum((byte & 0x7F) << shift for byte, shift in zip(start[6:], (21, 14, 7, 0), strict=True))
    file.seek(tag_bytes)
    head = file.read(XING_SEARCH_BYTES)
    for magic in (b"Xing", b"Info"):
        found = head.find(magic)
        if 0 <= found <= len(head) - 8:
            return bool(struct.unpack(">I", head[found + 4 : found + 8])[0] & XING_HAS_FRAMES)
    return False


def ogg_is_finished(file: BinaryIO) -> bool:
    """Tells whether the last page of an Ogg file is marked as the last of its stream."""
    file.seek(0, 2)
    file.seek(max(0, file.tell() - OGG_TAIL_BYTES))
    tail = file.read(OGG_TAIL_BYTES)
    found = tail.rfind(b"OggS")
    return 0 <= found < len(tail) - 5 and bool(tail[found + 5] & OGG_END_OF_STREAM)


def unfinished(file: BinaryIO, riff: RiffHeader | None, container: str) -> str:
    """Tells what shows, besides the length, that a file was cut off; empty where nothing does.

    Args:
        file: The file.
        riff: Its header, where it is a WAV file.
        container: FFmpeg's name of the container.
    """
    if riff is not None and riff.data_bytes is not None and riff.stored_bytes is not None:
        if riff.stored_bytes < riff.data_bytes:
            return f"the header promises {riff.data_bytes} bytes of samples, {riff.stored_bytes} are there"
    elif container == "ogg" and not ogg_is_finished(file):
        return "its last page is not marked as the last"
    return ""
