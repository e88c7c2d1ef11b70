"""What the headers seen so far claim together, against fixed limits and against the file's size."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator

from antiphon_wire.errors import AntiphonError, invalid

Walk = Generator[int, bytes, None]
"""A walk over headers. It yields ``n`` to read n bytes (it is sent fewer at the end), ``-n`` to skip n bytes."""

MAX_MISSING_BYTES = 2**24
"""How much of a chunk or box may lie behind the end of a file that was cut off."""

LIMITS = {
    "chunks": 1000,
    "boxes": 500_000,
    "tracks": 256,
    "streams": 4096,
    # libav compares each to all before it.
    "tags": 20_000,
    # Of a transport stream: once, and again wherever packets were lost.
    "places where packets begin": 100_000,
    "elements of the index and the tags": 200_000,
    # 24 hours of AAC have 4 million, as have 4 hours of PCM at 300 kHz; libav keeps about 36 bytes for each.
    "samples in the index": 6_000_000,
    "bytes of tags and tables": 64 << 20,
}
"""What a file may have in all, by what is counted; far above what honest files have."""


def too_complex(what: str, count: int, limit: int) -> AntiphonError:
    """The error for headers that claim more than is read."""
    return invalid(
        "AUDIO_TOO_COMPLEX",
        f"the headers of the audio claim {count} {what}; at most {limit} are read here, send it without them",
        what=what,
        count=count,
        limit=limit,
    )


class Claims:
    """Counts claims as a walk comes to them.

    Args:
        size: Bytes of the file; None for a stream.

    Attributes:
        size: The same.
        position: Bytes that lie behind the walk; its driver keeps it.
    """

    def __init__(self, size: int | None) -> None:
        self.size = size
        self.position = 0
        self._counts: Counter[str] = Counter()

    def count(self, what: str, more: int = 1) -> None:
        """Adds to what is claimed in all.

        Raises:
            AntiphonError: AUDIO_TOO_COMPLEX.
        """
        self._counts[what] += more
        if self._counts[what] > LIMITS[what]:
            raise too_complex(what, self._counts[what], LIMITS[what])

    def fits(self, what: str, length: int) -> None:
        """Holds the length of something that begins here against the rest of the file.

        Raises:
            AntiphonError: AUDIO_TOO_COMPLEX where more of it is missing than of a file that was cut off.
        """
        if self.size is not None and length > self.size - self.position + MAX_MISSING_BYTES:
            raise too_complex(f"bytes of {what}", length, max(0, self.size - self.position))

    def kept(self, what: str, length: int) -> None:
        """Counts what libav keeps in memory: tags, pictures, tables. Raises as :meth:`fits` and :meth:`count`."""
        self.fits(what, length)
        self.count("bytes of tags and tables", length)
