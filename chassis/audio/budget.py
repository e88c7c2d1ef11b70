"""What decoding has cost so far, counted while it runs: a header's word that a file is short counts for nothing."""

from __future__ import annotations

import time
from collections.abc import Callable

from antiphon_wire.errors import invalid
from chassis.reading import Limits

BYTES_PER_SAMPLE = 4
"""Decoded samples are float32."""


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
