"""What is analysed: raw recordings whose first sample says how long the engine is to work on them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from antiphon.audio.v1 import audio_pb2

SAMPLE_RATE = 8_000
FORMAT = audio_pb2.AudioFormat(
    encoding=audio_pb2.INPUT_ENCODING_PCM_S16LE, sample_rate_hertz=SAMPLE_RATE, channel_count=1
)
_FULL_SCALE = 1 << 15


@dataclass(frozen=True)
class Kind:
    """One kind of recording.

    Attributes:
        name: In the table.
        work_ms: How long the engine works on it, milliseconds; below 32,768.
        byte_count: Its size.
        callers: How many ask for it at once, one analysis after the other.
    """

    name: str
    work_ms: int
    byte_count: int
    callers: int

    def recording(self, number: int) -> bytes:
        """Makes one; ``number`` tells it from the others."""
        samples = np.zeros(self.byte_count // 2, "<i2")
        samples[0] = self.work_ms
        samples[1:3] = number & 0x7FFF, number >> 15
        return samples.tobytes()


KINDS = (
    Kind("short", work_ms=50, byte_count=4_000, callers=6),
    Kind("long", work_ms=1_000, byte_count=40_000, callers=3),
    Kind("large", work_ms=300, byte_count=1_800_000, callers=2),
)
"""As many calls that are soon over as are caught in mid-answer, and in mid-upload."""


def work_of(first_sample: float) -> int:
    """Gives the milliseconds that a recording asks for, by its first sample as an engine reads it (-1 to 1)."""
    return round(first_sample * _FULL_SCALE)
