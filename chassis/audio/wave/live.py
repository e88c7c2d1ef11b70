"""The same over a stream: what comes in goes on behind the header that it should have."""

from __future__ import annotations

from typing import cast

from chassis.audio.guard.claims import too_complex
from chassis.audio.part import swapped
from chassis.audio.wave.canonical import Shown, canonical
from chassis.audio.wave.header import Steps, Wave, walk_wave

MAX_HEADER_BYTES = 96 << 20
"""More than the guard lets through of tags: what is held until the first sample."""


class WaveCutter:
    """Passes a stream on, a WAV or Wave64 one with a new header and without what is no sample; any other as it is.

    Attributes:
        container: ``wav`` or ``w64``; empty for others, and until it is known.
    """

    def __init__(self) -> None:
        self._walk: Steps | None = walk_wave()
        self._asked = next(self._walk)
        self._held = bytearray()
        # Kept until it is known what the stream is: one that is no WAV goes on from its first byte.
        self._unknown = bytearray()
        self._rest = b""
        self._shown = Shown(b"")
        self._left: int | None = None
        self.container = ""

    def feed(self, data: bytes) -> bytes:
        """Takes the next bytes and gives those that go on.

        Raises:
            AntiphonError: AUDIO_TOO_COMPLEX where no sample comes.
        """
        start = 0
        while self._walk is not None and start < len(data):
            wanted = -self._asked if self._asked < 0 else self._asked - len(self._held)
            piece = data[start : start + wanted]
            self._unknown += piece
            if self._asked > 0:
                self._held += piece
            start += len(piece)
            if len(self._unknown) > MAX_HEADER_BYTES:
                raise too_complex("bytes in front of the samples", len(self._unknown), MAX_HEADER_BYTES)
            if len(piece) == wanted:
                ready = self._step()
                if self._walk is None:
                    return ready + self._on(data[start:])
            elif self._asked < 0:
                self._asked += len(piece)
        return self._on(data[start:]) if self._walk is None else b""

    def finish(self) -> bytes:
        """Gives what was held until it was known what the stream is, at its end."""
        if self._walk is None:
            return b""
        self._walk = None
        return bytes(self._unknown)

    def _step(self) -> bytes:
        answer, self._held = bytes(self._held), bytearray()
        assert self._walk is not None
        try:
            self._asked = self._walk.send(answer)
        except StopIteration as end:
            self._walk = None
            return self._begin(cast("Wave | None", end.value))
        return b""

    def _begin(self, wave: Wave | None) -> bytes:
        held, self._unknown = bytes(self._unknown), bytearray()
        if wave is None:
            return held
        self._left, self.container = wave.data_bytes, wave.container
        self._shown = canonical(wave, None)
        return self._shown.header + self._on(wave.ahead)

    def _on(self, data: bytes) -> bytes:
        if self._left is not None:
            data = data[: self._left]
            self._left -= len(data)
        data = self._rest + data if self._rest else data
        whole = len(data) - len(data) % self._shown.frame_bytes
        self._rest = data[whole:]
        return swapped(data[:whole], self._shown.swap)
