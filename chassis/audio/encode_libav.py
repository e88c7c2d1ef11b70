"""FLAC, MP3, Opus and AAC by libav, as a stream; what it goes back to change is told as patches."""

from __future__ import annotations

import struct
from fractions import Fraction
from typing import Any, cast

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.packet import Packet, PacketSideData
from av.stream import Disposition
from numpy.typing import NDArray

from chassis.audio.growing_file import GrowingFile
from chassis.audio.libav_encodings import COVERED, LIBAV
from chassis.audio.samples import Samples
from chassis.audio.tags import Tags
from chassis.encodings import Encoding
from chassis.reports import BytePatch

FLAC_BITS = 24
LAYOUTS = {1: "mono", 2: "stereo", 3: "3.0", 4: "quad", 5: "5.0", 6: "5.1", 7: "6.1", 8: "7.1"}
"""The loudspeakers that the FLAC format assigns to each number of channels, by FFmpeg's names."""


class LibavWriter:
    """Feeds an encoder frames of just the size it wants, whatever the size of what comes in.

    Args:
        encoding: One of LIBAV, and what is chosen about it.
        sample_rate: Rate of the samples (Hz), one that the encoding has.
        channels: Their number.
        tags: What to say of the music.
    """

    def __init__(self, encoding: Encoding, sample_rate: int, channels: int, tags: Tags | None = None) -> None:
        form = LIBAV[encoding.name]
        self._bits = encoding.bits or FLAC_BITS
        self._format = "s16" if form.sample_format == "s32" and self._bits == 16 else form.sample_format
        self._rate = sample_rate
        self._layout = LAYOUTS[channels]
        self._file = GrowingFile()
        # Bit-exact: the muxer leaves out versions and random serial numbers, so equal input gives equal bytes.
        options = {"fflags": "+bitexact", **form.options(encoding.live, sample_rate, tagged=tags is not None)}
        self._container = av.open(cast(Any, self._file), "w", format=form.muxer, container_options=options)
        chosen = {} if encoding.quality is None else {"q": f"{encoding.quality:g}"}
        stream = self._container.add_stream(
            cast(Any, form.codec), rate=sample_rate, layout=self._layout, format=self._format, options=chosen
        )
        self._stream = cast(AudioStream, stream)
        self._stream.codec_context.thread_count = 1
        bit_rate = form.bits_a_second(encoding, channels)
        if bit_rate is not None:
            self._stream.bit_rate = bit_rate
        cover = self._describe(encoding.name, tags)
        self._container.start_encoding()
        if cover is not None:
            self._container.mux(cover)
        self._frame_size = self._stream.codec_context.frame_size
        self._held = np.zeros((channels, 0), np.float32)
        self._position = 0

    @property
    def patches(self) -> list[BytePatch]:
        """What the muxer went back to change so far."""
        return self._file.patches

    def write(self, samples: Samples) -> bytes:
        """Takes (channels, n) within full scale, returns the bytes that are ready."""
        joined = np.concatenate([self._held, samples], axis=1)
        whole = joined.shape[1] - joined.shape[1] % self._frame_size
        for start in range(0, whole, self._frame_size):
            self._encode(joined[:, start : start + self._frame_size])
        self._held = joined[:, whole:].copy()
        return self._file.take()

    def finish(self) -> bytes:
        """Encodes the last, shorter frame and closes the file; returns its last bytes."""
        if self._held.shape[1]:
            self._encode(self._held)
        last = self._stream.encode(None)
        if self._container.format.name == "mp3":
            _gather_padding(last)
        self._container.mux(last)
        self._container.close()
        return self._file.take()

    def _describe(self, encoding: str, tags: Tags | None) -> Packet[Any] | None:
        """Sets the tags; returns the cover as what is to be written first."""
        if tags is None:
            return None
        self._container.metadata.update(tags.text)
        if tags.picture is None or encoding not in COVERED:
            return None
        stream = self._container.add_mux_stream(
            tags.picture.codec, width=tags.picture.width, height=tags.picture.height
        )
        stream.disposition = Disposition.attached_pic
        packet = Packet(tags.picture.data)
        packet.stream = stream
        packet.pts = packet.dts = 0
        packet.time_base = Fraction(1, self._rate)
        packet.is_keyframe = True
        return packet

    def _encode(self, samples: Samples) -> None:
        frame = AudioFrame.from_ndarray(
            _convert(samples, self._format, self._bits), format=self._format, layout=self._layout
        )
        frame.sample_rate = self._rate
        frame.time_base = Fraction(1, self._rate)
        frame.pts = self._position
        self._position += samples.shape[1]
        self._container.mux(self._stream.encode(frame))


def _gather_padding(packets: list[Packet[Any]]) -> None:
    """Has the last packet tell the padding of all.

    LAME ends with a packet of nothing else where the one before has little room for it. FFmpeg's muxer puts into the
    header what the last packet tells alone, so that a file would come back longer than what went in.
    """
    told = [PacketSideData.from_packet(one, "skip_samples") for one in packets if one.has_sidedata("skip_samples")]
    if len(told) < 2:
        return
    ends = sum(struct.unpack_from("<4xI", bytes(one))[0] for one in told)
    told[-1].update(struct.pack("<II2x", 0, ends))
    told[-1].to_packet(packets[-1])


def _convert(samples: Samples, sample_format: str, bits: int) -> NDArray[Any]:
    if sample_format == "fltp":
        return np.ascontiguousarray(samples)
    if sample_format == "flt":
        return np.ascontiguousarray(samples.T).reshape(1, -1)
    # +1.0 has no value of its own and becomes the one below; in float32 2^23 - 1 is still exact.
    scale = np.float32(2 ** (bits - 1))
    rounded = np.minimum(np.rint(samples * scale), scale - 1)
    if sample_format == "s16":
        narrow: NDArray[np.int16] = rounded.astype(np.int16)
        return narrow.T.reshape(1, -1)
    # The encoder reads the upper 24 of 32 bits.
    shifted: NDArray[np.int32] = rounded.astype(np.int32) << (32 - bits)
    return shifted.T.reshape(1, -1)
