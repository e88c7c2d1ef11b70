"""Decodes headerless PCM while it comes in."""

from __future__ import annotations

import numpy as np

from antiphon_wire.errors import invalid
from chassis.audio.pcm import DTYPES, from_integers
from chassis.audio.samples import Samples
from chassis.reading import Limits, RawPcm
from chassis.reports import SourceReport, TimeLineReport, WarningReport


class RawDecoder:
    """Cuts bytes into frames and turns those into samples.

    Args:
        raw: How to read the bytes.
        limits: Bounds on rate and channels.

    Attributes:
        report: What the stream is, which is known from the beginning.
        layout: Names of the channels; never known.
        bad_packets: Packets that could not be decoded; there are none.
        late_frames: Frames of silence in front of the first sound; there are none.
        time_line: Late start and holes; there are none.
        warnings: What there is to say of the stream; nothing.

    Raises:
        AntiphonError: AUDIO_SAMPLE_RATE, AUDIO_CHANNEL_COUNT.
    """

    def __init__(self, raw: RawPcm, limits: Limits) -> None:
        limits.check_format(raw.sample_rate, raw.channels)
        self._raw = raw
        self._rest = b""
        self.report: SourceReport | None = SourceReport("raw", f"pcm_{raw.encoding}", raw.sample_rate, raw.channels)
        self.layout: tuple[str, ...] | None = None
        self.bad_packets = 0
        self.late_frames = 0
        self.time_line = TimeLineReport()
        self.warnings: tuple[WarningReport, ...] = ()

    def feed(self, data: bytes) -> list[Samples]:
        """Takes the next bytes; returns the frames that they complete, ``(channels, n)``, in one block or none."""
        data = self._rest + data
        whole = len(data) - len(data) % self._raw.frame_bytes
        self._rest = data[whole:]
        if not whole:
            return []
        dtype = DTYPES[self._raw.encoding]
        block = np.frombuffer(data[:whole], dtype).reshape(-1, self._raw.channels).T
        return [from_integers(block) if dtype.kind == "i" else block.astype(np.float32)]

    def finish(self) -> list[Samples]:
        """Takes the end of the stream; nothing is ever left.

        Raises:
            AntiphonError: AUDIO_UNDECODABLE where it ends within a frame.
        """
        if self._rest:
            raise invalid(
                "AUDIO_UNDECODABLE",
                f"the stream ended within a frame: {self._raw.encoding} with {self._raw.channels} channels takes "
                f"{self._raw.frame_bytes} bytes a frame, {len(self._rest)} came",
                frame_bytes=self._raw.frame_bytes,
                rest_bytes=len(self._rest),
            )
        return []

    def close(self) -> None:
        """Does nothing: there is nothing under way."""
