"""What stands before and behind the sound of a file and is none of it: tags, and bytes beyond the length that it tells.

Players pass over them, wherever they stand; libav does so for some containers and not for others.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import BinaryIO, cast

from chassis.audio.filling import NOUGHT, at, last_packet_end, last_page_end, padding
from chassis.audio.guard.transport import TRANSPORT_LOOK_BYTES, begins_transport
from chassis.audio.part import PartOfFile
from chassis.audio.wave.header import id3_bytes

_ID3V1_BYTES = 128
_APE_FOOT_BYTES = 32
_APE_HAS_HEADER = 1 << 31
_LYRICS_FOOT_BYTES = 15
_MAX_TAGS = 100
_MAX_CHUNKS = 1000
_BARE = (b"FORM", b"wvpk", b"caff", b".snd", b"\x1a\x45\xdf\xa3", b"DSD ", b"MAC ", b"#!AM", b"\x30\x26\xb2\x75")
"""What libav does not find behind an ID3 tag."""
_AC3 = b"\x0b\x77"
_AU_HEAD_BYTES = 24
_UNKNOWN_SIZE = 0xFFFFFFFF
_FORM_HEAD_BYTES = 512
"""An AIFF file of more has samples."""
_LONGEST_FRAME_BYTES = 1441
"""Of MPEG audio."""


def sound_of(file: BinaryIO) -> BinaryIO:
    """Gives the part of a file that is its sound, with the headers that belong to it: the file itself where all is."""
    size = file.seek(0, 2)
    start, end = _start(file), size
    for length in _tags_behind(file, start, size):
        end -= length
    end = _told_end(file, start, end)
    head = _form_head(file, start, end)
    file.seek(0)
    if (start, end, head) == (0, size, b""):
        return file
    return cast(BinaryIO, PartOfFile(file, start + len(head), end - start - len(head), head))


def missing(file: BinaryIO) -> str:
    """Tells what shows that a Sun or Core Audio file was cut off; empty where nothing does, and of any other file."""
    size = file.seek(0, 2)
    file.seek(0)
    head = file.read(_AU_HEAD_BYTES)
    start, length = size, 0
    if head[:4] == b".snd" and len(head) == _AU_HEAD_BYTES:
        start, length = struct.unpack_from(">II", head, 4)
        length = 0 if length == _UNKNOWN_SIZE else length
    elif head[:4] == b"caff":
        start, length = _core_audio(file)
    stored = size - start
    return f"the header promises {length} bytes of samples, {stored} are there" if 0 <= stored < length else ""


def _core_audio(file: BinaryIO, start: int = 0) -> tuple[int, int]:
    """Where the samples of a Core Audio file begin, and the bytes that they take by its word; 0 where it has none."""
    position = start + 8
    for _ in range(_MAX_CHUNKS):
        file.seek(position)
        head = file.read(12)
        length = int.from_bytes(head[4:], "big", signed=True)
        if len(head) < 12 or (length < 0 and head[:4] != b"data"):
            break
        if head[:4] == b"data":
            return position + 12, max(0, length)
        position += 12 + length
    return position, 0


def _start(file: BinaryIO) -> int:
    """Where the sound begins: behind ID3 tags, where these are not passed over by libav, else at 0."""
    position, head = _behind_tags(file)
    return position if position and (head[:4] in _BARE or head[4:8] == b"ftyp") else 0


def _behind_tags(file: BinaryIO, position: int = 0) -> tuple[int, bytes]:
    """Where the ID3 tags from a place on end, and the twelve bytes behind them; 0 and none where they never do."""
    for _ in range(_MAX_TAGS):
        head = at(file, position, 12)
        if head[:3] != b"ID3" or len(head) < 12:
            return position, head
        position += 10 + id3_bytes(head)
    return 0, b""


def _tags_behind(file: BinaryIO, start: int, end: int) -> Iterator[int]:
    """Yields the bytes of each tag at the end, from the last on."""
    for _ in range(_MAX_TAGS):
        length = _last_tag(file, end)
        if not 0 < length <= end - start:
            return
        end -= length
        yield length


def _last_tag(file: BinaryIO, end: int) -> int:
    file.seek(max(0, end - _ID3V1_BYTES))
    tail = file.read(min(end, _ID3V1_BYTES))
    if len(tail) == _ID3V1_BYTES and tail.startswith(b"TAG"):
        return _ID3V1_BYTES
    foot = tail[-_APE_FOOT_BYTES:]
    if foot.startswith(b"APETAGEX") and len(foot) == _APE_FOOT_BYTES:
        length, _, flags = struct.unpack_from("<III", foot, 12)
        return int(length) + (_APE_FOOT_BYTES if flags & _APE_HAS_HEADER else 0)
    foot = tail[-_LYRICS_FOOT_BYTES:]
    if foot.endswith(b"LYRICS200") and foot[:6].isdigit():
        return int(foot[:6]) + _LYRICS_FOOT_BYTES
    return 0


def _told_end(file: BinaryIO, start: int, end: int) -> int:
    """Where the sound ends by its own header, where that tells; not beyond the end that is given."""
    file.seek(start)
    head = file.read(_AU_HEAD_BYTES)
    if head[:4] == b"FORM" and head[8:12] in (b"AIFF", b"AIFC"):
        length = int.from_bytes(head[4:8], "big")
        return start + 8 + length if _is_form_length(file, start, end, length) else end
    if head[:4] == b".snd" and len(head) == _AU_HEAD_BYTES:
        offset, length = struct.unpack_from(">II", head, 4)
        return end if length in (0, _UNKNOWN_SIZE) else min(end, start + offset + length)
    if head[:4] == b"caff":
        first, length = _core_audio(file, start)
        # A tag behind the samples may end in noughts of its own; eleven are too few for another chunk.
        return max(min(end, first + length), end - max(0, padding(file, end, NOUGHT) - 11)) if length else end
    if head[:4] == b"OggS":
        return last_page_end(file, start, end)
    if head[:2] == _AC3:
        return end - max(padding(file, end, NOUGHT), padding(file, end, b"\xff"))
    frame = _behind_tags(file, start)[1]
    if frame[:1] == b"\xff" and frame[1:2] >= b"\xe0":
        # Not whatever else stands behind a tag, whose samples may be silence. The last frame may end in noughts, and no
        # frame is longer.
        return end - max(0, padding(file, end, NOUGHT) - _LONGEST_FRAME_BYTES)
    if begins_transport(head[:1] + at(file, start + 1, TRANSPORT_LOOK_BYTES)):
        return last_packet_end(file, start, end)
    return end


def _is_form_length(file: BinaryIO, start: int, end: int, length: int) -> bool:
    """Tells whether the length that an AIFF file tells is that of its sound, with other bytes behind.

    A recorder that died left a length without the samples; then all there is counts, unless nothing but noughts is.
    """
    behind = end - start - 8 - length
    return 0 < behind < length or (length > _FORM_HEAD_BYTES and 0 < behind <= padding(file, end, NOUGHT))


def _form_head(file: BinaryIO, start: int, end: int) -> bytes:
    """The first eight bytes of an AIFF file whose length was never written, with it; empty for any other file."""
    file.seek(start)
    head = file.read(_AU_HEAD_BYTES)
    if head[:4] != b"FORM" or head[8:12] not in (b"AIFF", b"AIFC") or end - start > _UNKNOWN_SIZE:
        return b""
    written = int.from_bytes(head[4:8], "big")
    known = written > (end - start) // 2 or _is_form_length(file, start, end, written)
    return b"" if known else b"FORM" + (end - start - 8).to_bytes(4, "big")
