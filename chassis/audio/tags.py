"""What a file says of its music: title, artist and the like, and its cover, for the files that are made of it."""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from av.container import InputContainer
from av.stream import Disposition

from antiphon_wire.errors import AntiphonError
from chassis.audio.container import GuardedFile, open_container, spooled, translate
from chassis.audio.guard import guard_file
from chassis.audio.opened import Readable
from chassis.audio.wave import open_wave

KEPT: Final = (
    "title",
    "artist",
    "album",
    "album_artist",
    "composer",
    "genre",
    "date",
    "track",
    "disc",
    "copyright",
)
"""FFmpeg's names of the tags that are kept; what describes the encoding of the original does not fit another one."""
MAX_TEXT: Final = 1000
"""Most characters of one tag."""
MAX_PICTURE_BYTES: Final = 4 * 1024 * 1024
MAX_SIDE: Final = 16_384
PICTURES: Final[Mapping[str, tuple[bytes, ...]]] = {"png": (b"\x89PNG\r\n\x1a\n",), "mjpeg": (b"\xff\xd8\xff",)}
"""Kinds of covers by FFmpeg's names of their codecs, and what their files begin with."""


@dataclass(frozen=True)
class Picture:
    """A cover.

    Attributes:
        codec: FFmpeg's name of its codec, a key of PICTURES.
        data: The bytes of its file.
        width: Pixels in a row.
        height: Rows.
    """

    codec: str
    data: bytes
    width: int
    height: int


@dataclass(frozen=True)
class Tags:
    """Tags by FFmpeg's names, those of KEPT that there are; and the cover, None where there is none."""

    text: Mapping[str, str]
    picture: Picture | None = None


def read_tags(path: Readable, checkpoint: Callable[[], None]) -> Tags:
    """Reads the tags of a file in a container.

    Args:
        path: The file.
        checkpoint: Called while reading; raises to stop.

    Raises:
        AntiphonError: AUDIO_EMPTY, AUDIO_UNDECODABLE, AUDIO_TOO_COMPLEX.
    """
    with spooled(path) as file:
        wave = open_wave(file)
        shown = file if wave is None else wave.chunks
        guard_file(shown, checkpoint, behind=True)
        shown.seek(0)
        guarded = GuardedFile(shown, checkpoint)
        try:
            opened = open_container(guarded)
        except AntiphonError as error:
            # A WAV file of which libav cannot read the header still has samples that can be read.
            if wave is None or error.reason != "AUDIO_UNDECODABLE":
                raise
            return Tags({})
        with opened as container, translate(guarded):
            return Tags(_text(container), _picture(container))


def _text(container: InputContainer) -> dict[str, str]:
    # Ogg keeps them with the stream, the others with the file.
    found: dict[str, str] = {}
    for metadata in (*(stream.metadata for stream in container.streams.audio), container.metadata):
        found.update({key.lower(): value for key, value in metadata.items()})
    kept = {key: "".join(each for each in found.get(key, "") if each.isprintable())[:MAX_TEXT] for key in KEPT}
    return {key: value for key, value in kept.items() if value}


def _picture(container: InputContainer) -> Picture | None:
    for stream in container.streams.video:
        if not stream.disposition & Disposition.attached_pic:
            continue
        for packet in container.demux(stream):
            data = bytes(packet)
            # By what the bytes are, and not by what the file says: whoever opens the cover goes by them too.
            for codec, magics in PICTURES.items():
                size = _size(codec, data) if data.startswith(magics) else None
                if size is not None and len(data) <= MAX_PICTURE_BYTES:
                    return Picture(codec, data, *size)
            break
    return None


def _size(codec: str, data: bytes) -> tuple[int, int] | None:
    """Reads width and height (pixels) from the head of a picture; None where it has none."""
    if codec == "png":
        width, height = struct.unpack_from(">II", data, 16) if len(data) >= 24 else (0, 0)
    else:
        width, height = _jpeg_size(data)
    return (width, height) if 0 < width <= MAX_SIDE and 0 < height <= MAX_SIDE else None


def _jpeg_size(data: bytes) -> tuple[int, int]:
    # Segments of a marker and a length, up to the start of frame, which has the size; see ITU-T T.81, B.1 and B.2.
    at = 2
    while at + 9 <= len(data) and data[at] == 0xFF:
        marker, length = data[at + 1], int.from_bytes(data[at + 2 : at + 4], "big")
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack_from(">HH", data, at + 5)
            return width, height
        at += 2 + max(2, length)
    return 0, 0
