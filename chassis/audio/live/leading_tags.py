"""ID3 tags in front of a stream, which libav passes over in some containers and not in others."""

from __future__ import annotations

from chassis.audio.wave.header import id3_bytes

_MARK = b"ID3"
_HEAD_BYTES = 10


class LeadingTags:
    """Takes the tags off the front of a stream as it comes in; holds less than a tag's head of it."""

    def __init__(self) -> None:
        self._held = b""
        self._left = 0
        self._over = False

    def feed(self, data: bytes) -> bytes:
        """Takes the next bytes; gives those that are of no tag."""
        if self._over:
            return data
        self._held += data
        while True:
            passed = min(self._left, len(self._held))
            self._held, self._left = self._held[passed:], self._left - passed
            begins = self._held[: len(_MARK)]
            if self._left or begins != _MARK[: len(begins)]:
                break
            if len(self._held) < _HEAD_BYTES:
                return b""
            self._left = _HEAD_BYTES + id3_bytes(self._held)
        if self._left:
            return b""
        self._over = True
        return self.finish()

    def finish(self) -> bytes:
        """Gives what was held at the end of the stream."""
        held, self._held = self._held, b""
        return held
