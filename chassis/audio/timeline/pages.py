"""Telling, in an Ogg file, a page that was lost from one that was never written."""

from __future__ import annotations

from typing import BinaryIO

_HEAD_BYTES = 27
_MAX_SEGMENTS = 255


class Pages:
    """Follows the pages that packets come from.

    Where libav passes over a page whose checksum is wrong, the next packets come from further on than the end of the
    last page; where a recorder had nothing to write, one page follows the other.

    Args:
        file: The file that libav reads; its position is left as it was found.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._page: int | None = None
        self._end: int | None = None

    def lost_before(self, page: int | None) -> bool:
        """Tells whether something is missing between the last packet's page and this one's.

        Args:
            page: Where in the file the packet's page starts; None where libav does not tell.
        """
        if page is None or page == self._page:
            return False
        lost = self._end is not None and page > self._end
        self._page, self._end = page, self._end_of(page)
        return lost

    def _end_of(self, page: int) -> int | None:
        position = self._file.tell()
        try:
            self._file.seek(page)
            head = self._file.read(_HEAD_BYTES + _MAX_SEGMENTS)
        finally:
            self._file.seek(position)
        if len(head) < _HEAD_BYTES or head[:4] != b"OggS":
            return None
        segments = head[_HEAD_BYTES : _HEAD_BYTES + head[_HEAD_BYTES - 1]]
        return page + _HEAD_BYTES + len(segments) + sum(segments)
