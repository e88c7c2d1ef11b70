"""Samples as a stream of encoded bytes, written while they come."""

from __future__ import annotations

import struct
from typing import Protocol

import numpy as np

from chassis.audio.encode_libav import LIBAV, LibavWriter
from chassis.audio.resample import Resampler
from chassis.audio.samples import Samples

PCM = ("pcm_s16le", "pcm_f32le", "wav")
ENCODINGS = (*PCM, *LIBAV)
FLOATING = ("pcm_f32le", "wav")
"""Encodings that hold samples beyond full scale."""
WAVE_FORMAT_IEEE_FLOAT = 3


class Writer(Protocol):
    """Turns samples of a fixed rate and channel count into bytes."""

    def write(self, samples: Samples) -> bytes:
        """Takes (channels, n), returns the bytes that are ready."""

    def finish(self) -> bytes:
        """Returns the rest."""


class Encoder:
    """Encodes blocks of samples; the bytes do not depend on how the samples were cut into blocks.

    ``pcm_s16le``, ``pcm_f32le``: interleaved, no header. ``wav``: 32-bit float; a stream's header, its sizes are
    0xFFFFFFFF. ``flac``: 24 bits, within 2^-23 of the input; a stream's header, without length or MD5. ``mp3``:
    320 kbit/s; no header that would tell its delay, so decoders return 1,105 samples of near-silence in front and up to
    two frames of it behind. ``opus``: 96 kbit/s a channel in Ogg at 48 kHz, delay and length told. ``aac``: AAC-LC,
    128 kbit/s a channel in fragmented MP4 (M4A), delay told, up to one frame of 1024 samples of silence behind. Samples
    beyond full scale are clipped by all but ``pcm_f32le`` and ``wav``, and counted.

    Args:
        encoding: One of ENCODINGS.
        sample_rate: Rate of the samples to come (Hz). Resampled for ``opus`` unless 48000, for ``mp3`` unless 32000,
            44100 or 48000 (the only rates that MP3 has 320 kbit/s for), for ``aac`` unless one of its twelve, 8000 to
            96000.
        channels: Channels of the samples to come: any for PCM and WAV, 1 to 8 for FLAC, 1 or 2 for MP3, Opus and AAC.

    Attributes:
        sample_rate: Rate of the encoded audio (Hz).
        clipped: Samples clipped so far.

    Raises:
        ValueError: no such encoding, or it cannot hold so many channels.
    """

    def __init__(self, encoding: str, sample_rate: int, channels: int) -> None:
        if encoding not in ENCODINGS:
            raise ValueError(f"no encoding named {encoding!r}; there are {', '.join(ENCODINGS)}")
        most = LIBAV[encoding].max_channels if encoding in LIBAV else 0xFFFF
        if not 1 <= channels <= most:
            raise ValueError(f"{encoding} holds 1 to {most} channels, not {channels}")
        self.sample_rate = encoded_rate(encoding, sample_rate)
        self.clipped = 0
        self._channels = channels
        self._clips = encoding not in FLOATING
        self._resampler = Resampler(sample_rate, self.sample_rate, channels)
        self._finished = False
        self._writer: Writer
        if encoding in LIBAV:
            self._writer = LibavWriter(LIBAV[encoding], self.sample_rate, channels)
        else:
            header = wav_header(sample_rate, channels) if encoding == "wav" else b""
            self._writer = PcmWriter(header, integers=encoding == "pcm_s16le")

    def write(self, samples: Samples) -> bytes:
        """Takes float32 (channels, n), n >= 0; returns the bytes that are ready, which may be none.

        Raises:
            ValueError: wrong shape, samples that are not finite, or the encoder was finished.
        """
        if self._finished:
            raise ValueError("the encoder was finished")
        if samples.ndim != 2 or samples.shape[0] != self._channels:
            raise ValueError(f"expected samples of shape ({self._channels}, n), not {samples.shape}")
        if not np.isfinite(samples).all():
            raise ValueError("the samples to encode hold NaN or an infinity")
        return self._writer.write(self._clip(self._resampler.apply(samples.astype(np.float32, copy=False))))

    def finish(self) -> bytes:
        """Returns the rest of the bytes; the encoder is of no use afterwards.

        Raises:
            ValueError: called before.
        """
        if self._finished:
            raise ValueError("the encoder was finished")
        self._finished = True
        return self._writer.write(self._clip(self._resampler.finish())) + self._writer.finish()

    def _clip(self, samples: Samples) -> Samples:
        if not self._clips:
            return samples
        self.clipped += int(np.count_nonzero(np.abs(samples) > 1.0))
        return np.clip(samples, -1.0, 1.0)


def encoded_rate(encoding: str, sample_rate: int) -> int:
    """The rate (Hz) that audio of ``sample_rate`` has in an encoding, one of ENCODINGS: its own wherever it can be."""
    return LIBAV[encoding].choose_rate(sample_rate) if encoding in LIBAV else sample_rate


class PcmWriter:
    """Interleaved samples behind a header, if any.

    Args:
        header: Bytes to begin with.
        integers: Whether to write 16-bit integers, rounded to nearest, and not float32.
    """

    def __init__(self, header: bytes, integers: bool) -> None:
        self._header = header
        self._integers = integers

    def write(self, samples: Samples) -> bytes:
        """Takes (channels, n) within full scale where ``integers``, returns all its bytes."""
        header, self._header = self._header, b""
        if not self._integers:
            return header + samples.T.astype("<f4").tobytes()
        # Full scale is 32768: only +1.0 itself has no value of its own and becomes 32767.
        rounded = np.minimum(np.rint(samples.T * np.float32(32768)), 32767)
        data: bytes = rounded.astype("<i2").tobytes()
        return header + data

    def finish(self) -> bytes:
        """Returns the header where nothing was written."""
        return self._header


def wav_header(sample_rate: int, channels: int) -> bytes:
    """The header of a WAV file of 32-bit float samples whose length is not known yet."""
    unknown = 0xFFFFFFFF
    frame_bytes = 4 * channels
    fmt = struct.pack(
        "<HHIIHHH", WAVE_FORMAT_IEEE_FLOAT, channels, sample_rate, sample_rate * frame_bytes, frame_bytes, 32, 0
    )
    chunks = b"fmt " + struct.pack("<I", len(fmt)) + fmt + b"data" + struct.pack("<I", unknown)
    return b"RIFF" + struct.pack("<I", unknown) + b"WAVE" + chunks
