"""How long a file says it is, and whether it came that far."""

from __future__ import annotations

from typing import Any

import av
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.packet import Packet

MAX_PADDING_FRAMES = 4096
"""Two frames of HE-AAC, the longest in use: what goes beyond the promised length by more is no padding."""


class Promise:
    """The length in a file's header.

    Matroska gives one for the file and none for a track: of a film it is the picture's. It is held against the end of
    whatever comes last.

    Args:
        container: The open file.
        stream: Its track.
        counts_frames: Whether an MP3's header counts its frames.

    Attributes:
        seconds: The length (s); None where there is none. It may be an estimate: for progress only.
        of_file: Whether it is the file's and not the track's.
    """

    def __init__(self, container: InputContainer, stream: AudioStream, counts_frames: bool) -> None:
        self._name = container.format.name
        self.of_file = self._name.startswith("matroska")
        exact = self._name in ("flac", "aiff", "wv", "tta", "ape") or self._name.startswith(("mov", "matroska"))
        self._exact = exact or (self._name == "mp3" and counts_frames)
        self._others_end = 0.0
        self.seconds: float | None = None
        if stream.duration is not None and stream.time_base is not None:
            self.seconds = float(stream.duration * stream.time_base)
        elif container.duration is not None:
            self.seconds = float(container.duration / av.time_base)

    def frames(self, sample_rate: int) -> int | None:
        """Frames that the header promises; None where libav's number is an estimate, or the file's own size."""
        return round(self.seconds * sample_rate) if self.seconds is not None and self._exact else None

    def note(self, packet: Packet[Any]) -> None:
        """Takes down how far another track of the file comes."""
        if packet.pts is not None and packet.time_base is not None:
            self._others_end = max(self._others_end, float((packet.pts + (packet.duration or 0)) * packet.time_base))

    def reached(self, frames: int, late_frames: int, sample_rate: int) -> int:
        """Tells how far the pass came, to be held against the promise.

        Args:
            frames: Of the track, silence in front of it and within it included.
            late_frames: Silence in front of it.
            sample_rate: Of the track (Hz).
        """
        if self.of_file:
            return max(frames, round(self._others_end * sample_rate))
        promised = self.frames(sample_rate)
        # MP4 counts the silence of a late start where an edit list cuts the track, and not where it only delays it.
        counts_silence = promised is not None and abs(frames - promised) <= self.slack(sample_rate)
        return frames if counts_silence else frames - late_frames

    def slack(self, sample_rate: int) -> int:
        """Frames that may be missing without meaning anything."""
        if self.of_file:
            return sample_rate // 10
        return 0 if self._name in ("flac", "aiff") else MAX_PADDING_FRAMES
