"""Changing the sample rate of a stream, by soxr at its HQ setting."""

from __future__ import annotations

import numpy as np
import soxr

from chassis.audio.samples import Samples

QUALITY = "HQ"


class Resampler:
    """Resamples blocks; their sequence gives what ``soxr.resample`` gives for the whole at once, to within 1e-6.

    ``n`` samples become ``round(n * to_rate / from_rate)``, give or take one; linear phase, no delay.

    Args:
        from_rate: Sample rate that comes in (Hz).
        to_rate: Sample rate that goes out (Hz).
        channels: Channels of every block.
    """

    def __init__(self, from_rate: int, to_rate: int, channels: int) -> None:
        self._channels = channels
        self._stream = (
            None
            if from_rate == to_rate
            else soxr.ResampleStream(from_rate, to_rate, channels, dtype="float32", quality=QUALITY)
        )

    def apply(self, block: Samples) -> Samples:
        """Takes (channels, n), returns the (channels, m) that are ready, m >= 0."""
        if self._stream is None:
            return block
        return self._run(np.ascontiguousarray(block.T), last=False)

    def finish(self) -> Samples:
        """Returns the (channels, m) still held; to be called once, after the last block."""
        return self._run(np.zeros((0, self._channels), np.float32), last=True)

    def _run(self, interleaved: Samples, last: bool) -> Samples:
        if self._stream is None:
            return np.zeros((self._channels, 0), np.float32)
        ready = self._stream.resample_chunk(interleaved, last=last)
        return np.ascontiguousarray(ready.reshape(-1, self._channels).T)
