"""Ogg Vorbis as a stream, by libsndfile: libav as it is packaged for Python has no encoder of Vorbis.

libsndfile gives each stream a serial number by chance and has no tags for a composer or a disc, so the pages are
written anew: with one serial number, and with a comment header of our own (Vorbis I, chapter 5).
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping
from typing import Any, Final, cast

import numpy as np
import soundfile

from chassis.audio.growing_file import GrowingFile
from chassis.audio.libav_encodings import family_rate
from chassis.audio.ogg_pages import FIRST, Page, PageReader, paged
from chassis.audio.samples import Samples
from chassis.audio.tags import Tags
from chassis.encodings import Encoding
from chassis.reports import BytePatch

MAX_CHANNELS: Final = 2
MAX_RATE: Final = 192_000
QUALITY: Final = 6.0
"""Quality where none is chosen: about 190 kbit/s of stereo at 44.1 kHz."""
BEST: Final = 10.0
SERIAL: Final = 0
BLOCK: Final = 4096
"""Samples that are encoded at once: what libsndfile takes does not change the bytes, and this bounds its memory."""
_COMMENTS: Final = b"\x03vorbis"
_HEADERS: Final = 3
_FIELDS: Final[Mapping[str, str]] = {
    "album_artist": "ALBUMARTIST",
    "track": "TRACKNUMBER",
    "disc": "DISCNUMBER",
}
"""Vorbis' names of those tags that are not named as FFmpeg does, in capitals."""


def vorbis_rate(sample_rate: int) -> int:
    """The rate itself up to MAX_RATE, where the encoder's tables end; otherwise 44.1 kHz or 48 kHz."""
    return sample_rate if sample_rate <= MAX_RATE else family_rate(sample_rate)


class VorbisWriter:
    """Turns samples into pages of Ogg.

    Args:
        encoding: What is chosen: the quality.
        sample_rate: Rate of the samples (Hz), one that :func:`vorbis_rate` gives.
        channels: 1 or 2.
        tags: What to say of the music; the cover is left out.
    """

    patches: tuple[BytePatch, ...] = ()

    def __init__(self, encoding: Encoding, sample_rate: int, channels: int, tags: Tags | None = None) -> None:
        quality = QUALITY if encoding.quality is None else encoding.quality
        self._file = GrowingFile()
        self._encoder = soundfile.SoundFile(
            cast(Any, self._file),
            "w",
            sample_rate,
            channels,
            format="OGG",
            subtype="VORBIS",
            compression_level=1.0 - quality / BEST,
        )
        self._text: Mapping[str, str] = {} if tags is None else tags.text
        self._reader = PageReader()
        self._headers: list[bytes] | None = [b""]
        self._begins = True
        self._number = 0
        self._held = np.zeros((channels, 0), np.float32)

    def write(self, samples: Samples) -> bytes:
        """Takes (channels, n) within full scale, returns the pages that are full."""
        joined = np.concatenate([self._held, samples], axis=1)
        whole = joined.shape[1] - joined.shape[1] % BLOCK
        for start in range(0, whole, BLOCK):
            self._encoder.write(joined[:, start : start + BLOCK].T)
        self._held = joined[:, whole:].copy()
        return self._pages()

    def finish(self) -> bytes:
        """Returns the rest."""
        if self._held.shape[1]:
            self._encoder.write(self._held.T)
        self._encoder.close()
        return self._pages()

    def _pages(self) -> bytes:
        return b"".join(map(self._renewed, self._reader.pages(self._file.take())))

    def _renewed(self, page: Page) -> bytes:
        if self._headers is None:
            # The first packet begins the overlap and has no samples. By itself on a page it tells FFmpeg where the
            # stream begins, without which the end of a short one, of a single page, would not be cut.
            begins, self._begins = self._begins, False
            return self._numbered(page.parted(0) if begins else [page])
        for part, ends in page.packets():
            self._headers[-1] += part
            if ends:
                self._headers.append(b"")
        if len(self._headers) <= _HEADERS:
            return b""
        identification, _, setup, _ = self._headers
        self._headers = None
        # Vorbis has the first header on a page of its own, and the audio begin on a new one.
        return self._numbered([*paged([identification], FIRST), *paged([_comments(self._text), setup])])

    def _numbered(self, pages: Iterable[Page]) -> bytes:
        written = b""
        for page in pages:
            written += page.written(SERIAL, self._number)
            self._number += 1
        return written


def _comments(text: Mapping[str, str]) -> bytes:
    """The packet of the comment header: who made it, then a field each."""
    fields = [f"{_FIELDS.get(name, name.upper())}={value}" for name, value in text.items()]
    vendor = f"libsndfile {soundfile.__libsndfile_version__}"
    return _COMMENTS + _sized(vendor) + struct.pack("<I", len(fields)) + b"".join(map(_sized, fields)) + b"\x01"


def _sized(text: str) -> bytes:
    data = text.encode()
    return struct.pack("<I", len(data)) + data
