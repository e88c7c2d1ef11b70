"""One stream of audio while it is made: its encoder, and what is counted of the samples and of the bytes."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator

import numpy as np

from chassis.audio.encode import Encoder
from chassis.audio.loudness import LoudnessMeter
from chassis.audio.resample import Resampler
from chassis.audio.samples import Samples
from chassis.audio.tags import Tags
from chassis.encodings import Encoding
from chassis.reports import BytePatch


class Track:
    """Encodes the samples of one stream in pieces of a bounded size, and keeps their digest and level.

    Args:
        encoding: How to encode.
        source_rate: Rate of the samples to come (Hz).
        sample_rate: Rate of the stream (Hz).
        channels: Channels.
        max_piece_bytes: Most bytes in one piece.
        gain: Factor for every sample.
        meter: Hears the samples as they are encoded; None for none.
        tags: What to say of the music.

    Attributes:
        frames: Samples of each channel so far, at ``sample_rate``.
        peak: Largest absolute sample before encoding, full scale 1.0; None before the first.
        byte_count: Bytes given out.
    """

    def __init__(
        self,
        encoding: Encoding,
        source_rate: int,
        sample_rate: int,
        channels: int,
        max_piece_bytes: int,
        gain: float = 1.0,
        meter: LoudnessMeter | None = None,
        tags: Tags | None = None,
    ) -> None:
        self.encoding = encoding.name
        self.sample_rate = sample_rate
        self.channels = channels
        self.frames = 0
        self.peak: float | None = None
        self.byte_count = 0
        self._energy = 0.0
        self._digest = hashlib.sha256()
        self._resampler = Resampler(source_rate, sample_rate, channels)
        self._encoder = Encoder(encoding, sample_rate, channels, tags)
        self._max_piece_bytes = max_piece_bytes
        self._gain = np.float32(gain)
        self._meter = meter

    def add(self, samples: Samples) -> Iterator[tuple[bytes, bool]]:
        """Takes (channels, n); yields the bytes that are ready, each with False for "not the last"."""
        yield from self._pieces(self._encoded(self._resampler.apply(samples)), last=False)

    def finish(self) -> Iterator[tuple[bytes, bool]]:
        """Yields the rest; exactly one piece, perhaps empty, is marked last."""
        rest = self._encoded(self._resampler.finish())
        yield from self._pieces(rest + self._encoder.finish(), last=True)

    @property
    def sha256(self) -> bytes:
        """SHA-256 of the bytes given out."""
        return self._digest.digest()

    @property
    def patches(self) -> tuple[BytePatch, ...]:
        """What changes in the bytes given out, in this order; complete once :meth:`finish` has ended."""
        return self._encoder.patches

    @property
    def rms_dbfs(self) -> float | None:
        """Root mean square over all channels before encoding (dB, full scale 1.0); None for digital silence."""
        return 10 * math.log10(self._energy / (self.frames * self.channels)) if self._energy > 0 else None

    @property
    def clipped(self) -> int:
        """Samples that the encoding clipped, over all channels."""
        return self._encoder.clipped

    def _encoded(self, samples: Samples) -> bytes:
        if samples.shape[1] == 0:
            return b""
        if self._gain != 1.0:
            samples = samples * self._gain
        if self._meter is not None:
            self._meter.feed(samples)
        self.frames += samples.shape[1]
        self._energy += float(np.square(samples, dtype=np.float64).sum())
        self.peak = max(self.peak or 0.0, float(np.abs(samples).max()))
        return self._encoder.write(samples)

    def _pieces(self, data: bytes, *, last: bool) -> Iterator[tuple[bytes, bool]]:
        self._digest.update(data)
        self.byte_count += len(data)
        size = self._max_piece_bytes
        for start in range(0, len(data), size) if data else range(int(last)):
            yield data[start : start + size], last and start + size >= len(data)
