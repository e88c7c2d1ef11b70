"""What a source may cost, counted while it is decoded: a header's word that it is short counts for nothing."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from antiphon_wire.errors import AntiphonError, invalid

BYTES_PER_SAMPLE = 4
"""Decoded samples are float32."""


@dataclass(frozen=True)
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
    max_decoded_bytes: int = 16 * 2**30
    max_wall_seconds: float = 600.0

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


class Budget:
    """What one pass over a source has used of its limits.

    Args:
        limits: The bounds.
        checkpoint: Called at every check; raises to stop the pass.
    """

    def __init__(self, limits: Limits, checkpoint: Callable[[], None]) -> None:
        self._limits = limits
        self._checkpoint = checkpoint
        self._used_seconds = 0.0
        self._running_since: float | None = None
        self._frames = 0

    def resume(self) -> None:
        """Starts the clock."""
        self._running_since = time.monotonic()

    def pause(self) -> None:
        """Stops the clock, while somebody else has the processor."""
        if self._running_since is not None:
            self._used_seconds += time.monotonic() - self._running_since
            self._running_since = None

    def check(self) -> None:
        """Calls the checkpoint, then raises AUDIO_DECODE_TIMEOUT where the time is up."""
        self._checkpoint()
        running = 0.0 if self._running_since is None else time.monotonic() - self._running_since
        if self._used_seconds + running > self._limits.max_wall_seconds:
            raise invalid(
                "AUDIO_DECODE_TIMEOUT",
                f"decoding took more than {self._limits.max_wall_seconds:g} s; send a shorter or simpler file",
                max_wall_seconds=f"{self._limits.max_wall_seconds:g}",
            )

    def spend(self, frames: int, channels: int, sample_rate: int) -> None:
        """Counts decoded samples; raises AUDIO_TOO_LONG or AUDIO_TOO_LARGE."""
        self._frames += frames
        if self._frames > self._limits.max_seconds * sample_rate:
            raise self._limits.too_long(self._frames / sample_rate, "what was decoded")
        decoded = self._frames * channels * BYTES_PER_SAMPLE
        if decoded > self._limits.max_decoded_bytes:
            raise invalid(
                "AUDIO_TOO_LARGE",
                f"the audio decodes to {decoded} bytes or more; send at most {self._limits.max_decoded_bytes}",
                decoded_bytes=decoded,
                max_decoded_bytes=self._limits.max_decoded_bytes,
            )
