"""What goes along a time line."""

from __future__ import annotations

from dataclasses import dataclass

from av.audio.frame import AudioFrame


@dataclass(frozen=True)
class Decoded:
    """A frame as the decoder gave it.

    Attributes:
        frame: The frame.
        after_damage: Whether something in front of it could not be decoded.
        page: Where in the file its Ogg page starts; None for other containers. A page has one time stamp, its end, and
            libav counts back from there. But a recorder closes a page with the first packet behind a pause, so that a
            hole within a page lies in front of its last packet.
        clock: Which clock its time stamp was read from: another one where another file was joined to the first.
    """

    frame: AudioFrame
    after_damage: bool = False
    page: int | None = None
    clock: int = 0


@dataclass(frozen=True)
class Piece:
    """A frame in its place, less the first ``cut`` samples of each channel; it takes ``frames`` samples of the line."""

    frame: AudioFrame
    cut: int
    frames: int


@dataclass(frozen=True)
class Silence:
    """Samples of each channel, at the line's rate, where nothing is stored."""

    frames: int
    after_damage: bool = False
