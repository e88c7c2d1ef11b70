"""FLAC, MP3, Opus and AAC by libav, into memory, as a stream that never seeks back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, cast

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from numpy.typing import NDArray

from chassis.audio.samples import Samples

FLAC_BITS = 24
FLAC_LARGEST = np.float32(2 ** (FLAC_BITS - 1) - 1)
LAYOUTS = {1: "mono", 2: "stereo", 3: "3.0", 4: "quad", 5: "5.0", 6: "5.1", 7: "6.1", 8: "7.1"}
"""The loudspeakers that the FLAC format assigns to each number of channels, by FFmpeg's names."""
OPUS_RATE = 48_000
MP3_RATES = (32_000, 44_100, 48_000)
AAC_RATES = (8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 64_000, 88_200, 96_000)


def keep_rate(sample_rate: int) -> int:
    """Any rate will do."""
    return sample_rate


def opus_rate(sample_rate: int) -> int:
    """Opus has one rate inside."""
    return OPUS_RATE


def mp3_rate(sample_rate: int) -> int:
    """The rate itself where MPEG-1 has it, otherwise the one of its family: 44.1 kHz or 48 kHz."""
    return sample_rate if sample_rate in MP3_RATES else _family_rate(sample_rate)


def aac_rate(sample_rate: int) -> int:
    """The rate itself where AAC has it, otherwise the one of its family: 44.1 kHz or 48 kHz."""
    return sample_rate if sample_rate in AAC_RATES else _family_rate(sample_rate)


def _family_rate(sample_rate: int) -> int:
    return 44_100 if sample_rate % 11_025 == 0 else 48_000


@dataclass(frozen=True)
class LibavEncoding:
    """How libav is to write one encoding.

    Attributes:
        muxer: FFmpeg's name of the container.
        codec: FFmpeg's name of the encoder.
        sample_format: FFmpeg's name of what the encoder takes: ``s32``, ``flt`` or ``fltp``.
        max_channels: Most channels.
        choose_rate: From the rate that comes in to the rate that is encoded.
        bits_a_second: By number of channels; None for lossless.
        muxer_options: FFmpeg's options.
    """

    muxer: str
    codec: str
    sample_format: str
    max_channels: int
    choose_rate: Callable[[int], int] = keep_rate
    bits_a_second: Mapping[int, int] | None = None
    muxer_options: Mapping[str, str] = field(default_factory=dict)


LIBAV = {
    "flac": LibavEncoding("flac", "flac", "s32", 8),
    "mp3": LibavEncoding(
        "mp3",
        "libmp3lame",
        "fltp",
        2,
        mp3_rate,
        {1: 320_000, 2: 320_000},
        # A stream cannot go back to fill in a Xing header; an empty one would be decoded as a silent frame.
        {"write_xing": "0", "id3v2_version": "0"},
    ),
    "aac": LibavEncoding(
        "ipod",  # FFmpeg's name for M4A
        "aac",
        "fltp",
        2,
        aac_rate,
        {1: 128_000, 2: 256_000},
        # Fragments of a second, so that nothing must be known in advance. The header waits for the first of them: only
        # then does FFmpeg write the edit list from which decoders learn the delay.
        {"movflags": "delay_moov+default_base_moof", "frag_duration": "1000000"},
    ),
    "opus": LibavEncoding("ogg", "libopus", "flt", 2, opus_rate, {1: 96_000, 2: 192_000}, {"page_duration": "200000"}),
}


class _Sink:
    """Takes what a muxer writes; without ``seek``, so that the muxer does not try."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._parts.append(bytes(data))
        return len(data)

    def take(self) -> bytes:
        taken, self._parts = b"".join(self._parts), []
        return taken


class LibavWriter:
    """Feeds an encoder frames of just the size it wants, whatever the size of what comes in.

    Args:
        encoding: One of LIBAV.
        sample_rate: Rate of the samples (Hz), one that the encoding has.
        channels: Their number.
    """

    def __init__(self, encoding: LibavEncoding, sample_rate: int, channels: int) -> None:
        self._format = encoding.sample_format
        self._rate = sample_rate
        self._layout = LAYOUTS[channels]
        self._sink = _Sink()
        # Bit-exact: the muxer leaves out versions and random serial numbers, so equal input gives equal bytes.
        options = {"fflags": "+bitexact", **encoding.muxer_options}
        self._container = av.open(cast(Any, self._sink), "w", format=encoding.muxer, container_options=options)
        stream = self._container.add_stream(
            cast(Any, encoding.codec), rate=sample_rate, layout=self._layout, format=encoding.sample_format
        )
        self._stream = cast(AudioStream, stream)
        self._stream.codec_context.thread_count = 1
        if encoding.bits_a_second is not None:
            self._stream.bit_rate = encoding.bits_a_second[channels]
        self._container.start_encoding()
        self._frame_size = self._stream.codec_context.frame_size
        self._held = np.zeros((channels, 0), np.float32)
        self._position = 0

    def write(self, samples: Samples) -> bytes:
        """Takes (channels, n) within full scale, returns the bytes that are ready."""
        joined = np.concatenate([self._held, samples], axis=1)
        whole = joined.shape[1] - joined.shape[1] % self._frame_size
        for start in range(0, whole, self._frame_size):
            self._encode(joined[:, start : start + self._frame_size])
        self._held = joined[:, whole:].copy()
        return self._sink.take()

    def finish(self) -> bytes:
        """Encodes the last, shorter frame and closes the file; returns its last bytes."""
        if self._held.shape[1]:
            self._encode(self._held)
        self._container.mux(self._stream.encode(None))
        self._container.close()
        return self._sink.take()

    def _encode(self, samples: Samples) -> None:
        frame = AudioFrame.from_ndarray(_convert(samples, self._format), format=self._format, layout=self._layout)
        frame.sample_rate = self._rate
        frame.time_base = Fraction(1, self._rate)
        frame.pts = self._position
        self._position += samples.shape[1]
        self._container.mux(self._stream.encode(frame))


def _convert(samples: Samples, sample_format: str) -> NDArray[Any]:
    if sample_format == "fltp":
        return np.ascontiguousarray(samples)
    if sample_format == "s32":
        # The encoder reads the upper 24 of 32 bits. +1.0 has no value of its own and becomes the one below.
        rounded = np.minimum(np.rint(samples * np.float32(2 ** (FLAC_BITS - 1))), FLAC_LARGEST)
        shifted: NDArray[np.int32] = rounded.astype(np.int32) << (32 - FLAC_BITS)
        return shifted.T.reshape(1, -1)
    return np.ascontiguousarray(samples.T).reshape(1, -1)
