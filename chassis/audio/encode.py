"""Samples as a stream of encoded bytes, written while they come."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from chassis.audio.encode_libav import LibavWriter
from chassis.audio.libav_encodings import LIBAV
from chassis.audio.resample import Resampler
from chassis.audio.samples import Samples
from chassis.audio.tags import Tags
from chassis.audio.vorbis_writer import MAX_CHANNELS as VORBIS_CHANNELS
from chassis.audio.vorbis_writer import VorbisWriter, vorbis_rate
from chassis.audio.wav_writer import PcmWriter, WavWriter
from chassis.encodings import Encoding
from chassis.reports import BytePatch

PCM_BITS = {"pcm_s16le": 16, "pcm_f32le": 32}
WAV_BITS = 32


class Writer(Protocol):
    """Turns samples of a fixed rate and channel count into bytes."""

    @property
    def patches(self) -> Sequence[BytePatch]:
        """What changes in the bytes given out; complete once :meth:`finish` has returned."""

    def write(self, samples: Samples) -> bytes:
        """Takes (channels, n), returns the bytes that are ready."""

    def finish(self) -> bytes:
        """Returns the rest."""


class Encoder:
    """Encodes blocks of samples; the bytes do not depend on how the samples were cut into blocks.

    ``pcm_s16le``, ``pcm_f32le``: interleaved, no header. ``wav``: 32-bit float, or 16 or 24 bits. ``flac``: 24 bits,
    or 16. ``mp3``: 320 kbit/s where nothing else is chosen. ``opus``: 96 kbit/s a channel in Ogg at 48 kHz, delay and
    length told. ``aac``: AAC-LC, 128 kbit/s a channel in M4A. Integers are rounded to the nearest, without dither.
    ``vorbis``: of a variable bit rate, in Ogg.
    Samples beyond full scale are clipped by all but floating point, and counted.

    What only the end can tell stands in :attr:`patches`: the length (WAV, FLAC, M4A), the digest (FLAC), the delay and
    padding of the encoder (MP3, M4A). With them applied every encoding but ``aac`` decodes to as many samples as went
    in, in their place; ``aac`` is in place and tells its length, beyond which a decoder that does not cut leaves up to
    a frame of 1024 samples. Without them, WAV and FLAC have no length, MP3 begins 1,105 samples late at most, and M4A
    cannot be read; a live one (``Encoding.live``) is fragmented, can be played while it comes, and needs none.

    Args:
        encoding: How to encode, or its name.
        sample_rate: Rate of the samples to come (Hz). Resampled for ``opus`` unless 48000, for ``mp3`` unless 32000,
            44100 or 48000, for ``aac`` unless one of its twelve, 8000 to 96000, for ``vorbis`` above 192000.
        channels: Channels of the samples to come: any for PCM and WAV, 1 to 8 for FLAC, 1 or 2 for MP3, Opus, AAC and
            Vorbis.
        tags: What to say of the music, where the encoding holds tags.

    Attributes:
        sample_rate: Rate of the encoded audio (Hz).
        clipped: Samples clipped so far.

    Raises:
        ValueError: no such encoding, or it cannot hold so many channels.
    """

    def __init__(self, encoding: Encoding | str, sample_rate: int, channels: int, tags: Tags | None = None) -> None:
        chosen = Encoding(encoding) if isinstance(encoding, str) else encoding
        name = chosen.name
        most = _max_channels(name)
        if not 1 <= channels <= most:
            raise ValueError(f"{name} holds 1 to {most} channels, not {channels}")
        self.sample_rate = encoded_rate(name, sample_rate)
        self.clipped = 0
        self._channels = channels
        bits = PCM_BITS.get(name) or (chosen.bits or WAV_BITS if name == "wav" else 0)
        self._clips = bits != 32
        self._resampler = Resampler(sample_rate, self.sample_rate, channels)
        self._finished = False
        self._writer: Writer
        if name in LIBAV:
            self._writer = LibavWriter(chosen, self.sample_rate, channels, tags)
        elif name == "vorbis":
            self._writer = VorbisWriter(chosen, self.sample_rate, channels, tags)
        elif name == "wav":
            self._writer = WavWriter(sample_rate, channels, bits)
        else:
            self._writer = PcmWriter(bits)

    @property
    def patches(self) -> tuple[BytePatch, ...]:
        """What changes in the bytes given out, in this order; complete once :meth:`finish` has returned."""
        return tuple(self._writer.patches)

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
    if encoding == "vorbis":
        return vorbis_rate(sample_rate)
    return LIBAV[encoding].choose_rate(sample_rate) if encoding in LIBAV else sample_rate


def _max_channels(name: str) -> int:
    if name == "vorbis":
        return VORBIS_CHANNELS
    return LIBAV[name].max_channels if name in LIBAV else 0xFFFF
