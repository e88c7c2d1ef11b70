"""Headerless PCM, read without libav."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from antiphon_wire.errors import invalid
from chassis.audio.budget import Budget
from chassis.audio.opened import Readable
from chassis.audio.samples import Samples
from chassis.reading import Limits, RawPcm
from chassis.reports import SourceReport, TimeLineReport, WarningReport

DTYPES: dict[str, np.dtype[Any]] = {"s16le": np.dtype("<i2"), "f32le": np.dtype("<f4")}
READ_FRAMES = 65536


class RawStream:
    """One pass over headerless PCM.

    Raises:
        AntiphonError: AUDIO_EMPTY, AUDIO_CHANNEL_COUNT, AUDIO_SAMPLE_RATE; AUDIO_UNDECODABLE where the size is not
            a whole number of frames.
    """

    def __init__(self, path: Readable, raw: RawPcm, limits: Limits, budget: Budget) -> None:
        limits.check_format(raw.sample_rate, raw.channels)
        size = path.stat().st_size
        if size == 0:
            raise invalid("AUDIO_EMPTY", "no bytes of audio were sent")
        if size % raw.frame_bytes:
            raise invalid(
                "AUDIO_UNDECODABLE",
                f"{size} bytes are not a whole number of frames: {raw.encoding} with {raw.channels} channels takes "
                f"{raw.frame_bytes} bytes a frame",
                size=size,
                frame_bytes=raw.frame_bytes,
                encoding=raw.encoding,
                channels=raw.channels,
            )
        self.report = SourceReport("raw", f"pcm_{raw.encoding}", raw.sample_rate, raw.channels)
        self.layout: tuple[str, ...] | None = None
        self.claimed_seconds: float | None = size / raw.frame_bytes / raw.sample_rate
        self.warnings: list[WarningReport] = []
        self.late_frames = 0
        self.time_line = TimeLineReport()
        self._raw = raw
        self._budget = budget
        self._file: BinaryIO = path.open("rb")

    def blocks(self) -> Iterator[Samples]:
        """Yields (channels, n) blocks in order until the end of the file."""
        dtype = DTYPES[self._raw.encoding]
        while data := self._file.read(READ_FRAMES * self._raw.frame_bytes):
            self._budget.check()
            block = np.frombuffer(data, dtype).reshape(-1, self._raw.channels).T
            yield from_integers(block) if dtype.kind == "i" else block.astype(np.float32)

    def close(self) -> None:
        """Closes the file."""
        self._file.close()


def from_integers(values: NDArray[Any]) -> Samples:
    """Scales signed or unsigned integer samples to float32, their full scale to 1.0; exact up to 24 bits."""
    bits = values.dtype.itemsize * 8
    scale = np.float32(2.0 ** (1 - bits))
    if values.dtype.kind == "u":
        return (values.astype(np.float32) - np.float32(2 ** (bits - 1))) * scale
    return values.astype(np.float32) * scale
