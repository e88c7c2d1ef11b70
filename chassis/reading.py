"""How audio that comes in is to be read: the form of headerless samples, and what reading may cost.

Free of numpy, so that a front, which never touches a sample, hands the same objects on that its worker reads by.
"""

from __future__ import annotations

from dataclasses import dataclass

from antiphon_wire.errors import AntiphonError, invalid

SAMPLE_BYTES = {"s16le": 2, "f32le": 4}
"""Bytes of one sample by PCM encoding."""


@dataclass(frozen=True)
class RawPcm:
    """How to read interleaved samples that have no header.

    Attributes:
        encoding: ``s16le`` or ``f32le``.
        sample_rate: Samples a second of each channel (Hz).
        channels: Number of channels.
    """

    encoding: str
    sample_rate: int
    channels: int

    def __post_init__(self) -> None:
        if self.encoding not in SAMPLE_BYTES:
            raise ValueError(f"no PCM encoding named {self.encoding!r}; there are {', '.join(SAMPLE_BYTES)}")

    @property
    def frame_bytes(self) -> int:
        """Bytes of one sample of every channel."""
        return SAMPLE_BYTES[self.encoding] * self.channels


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Bounds on one source as a whole, whatever part of it is wanted.

    Attributes:
        max_seconds: Length (s).
        max_channels: Channels, as stored.
        min_rate: Lowest sample rate, as stored (Hz).
        max_rate: Highest sample rate, as stored (Hz).
        max_decoded_bytes: Size of all samples as float32 at the stored rate and channels.
        max_wall_seconds: Time that one pass may spend decoding; the consumer's own time is not counted.
    """

    max_seconds: float = 4 * 3600.0
    max_channels: int = 8
    min_rate: int = 4_000
    max_rate: int = 384_000
    max_decoded_bytes: int = 32 << 30
    max_wall_seconds: float = 3600.0

    def check_format(self, sample_rate: int, channels: int) -> None:
        """Raises AUDIO_CHANNEL_COUNT or AUDIO_SAMPLE_RATE where the stored format is out of bounds."""
        if not 1 <= channels <= self.max_channels:
            raise invalid(
                "AUDIO_CHANNEL_COUNT",
                f"the audio has {channels} channels; send 1 to {self.max_channels}",
                channels=channels,
                max_channels=self.max_channels,
            )
        if not self.min_rate <= sample_rate <= self.max_rate:
            raise invalid(
                "AUDIO_SAMPLE_RATE",
                f"the audio has a sample rate of {sample_rate} Hz; send {self.min_rate} to {self.max_rate} Hz",
                sample_rate=sample_rate,
                min_rate=self.min_rate,
                max_rate=self.max_rate,
            )

    def too_long(self, seconds: float, source: str) -> AntiphonError:
        """The error for audio that lasts ``seconds`` or more according to ``source``."""
        return invalid(
            "AUDIO_TOO_LONG",
            f"the audio lasts {seconds:.1f} s or more by {source}; send at most {self.max_seconds:g} s",
            seconds=f"{seconds:.3f}",
            max_seconds=f"{self.max_seconds:g}",
        )
