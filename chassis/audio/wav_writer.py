"""WAV as a stream, whose lengths are told by patches once they are known; beyond 4 GiB as RF64 (EBU Tech 3306)."""

from __future__ import annotations

import struct
from typing import Final

import numpy as np
from numpy.typing import NDArray

from chassis.audio.samples import Samples
from chassis.reports import BytePatch

FORMAT_PCM: Final = 1
FORMAT_IEEE_FLOAT: Final = 3
UNKNOWN: Final = 0xFFFFFFFF
_DS64_BYTES: Final = 28


class PcmWriter:
    """Interleaved little-endian samples without a header.

    Args:
        bits: 16 or 24 for integers, rounded to the nearest without dither; 32 for IEEE-754 binary32.
    """

    patches: tuple[BytePatch, ...] = ()

    def __init__(self, bits: int) -> None:
        self._bits = bits

    def write(self, samples: Samples) -> bytes:
        """Takes (channels, n), within full scale for integers; returns all its bytes."""
        if self._bits == 32:
            return samples.T.astype("<f4").tobytes()
        # Full scale is 2^(bits - 1): only +1.0 itself has no value of its own and becomes the one below.
        scale = 2 ** (self._bits - 1)
        rounded = np.minimum(np.rint(samples.T.astype(np.float64) * scale), scale - 1)
        if self._bits == 16:
            return bytes(rounded.astype("<i2").tobytes())
        wide: NDArray[np.uint8] = np.ascontiguousarray(rounded.astype("<i4")).view(np.uint8)
        return bytes(wide.reshape(-1, 4)[:, :3].tobytes())

    def finish(self) -> bytes:
        """Returns nothing: all was returned before."""
        return b""


class WavWriter:
    """A WAV file whose header says that its lengths are not known, until the patches say them.

    The space of a ds64 chunk is kept free, so that a file which grows beyond 4 GiB can become an RF64 one.

    Args:
        sample_rate: Samples a second of each channel (Hz).
        channels: Channels.
        bits: 16 or 24 for integers, 32 for floating point.

    Attributes:
        patches: The lengths; complete once :meth:`finish` has returned.
    """

    def __init__(self, sample_rate: int, channels: int, bits: int) -> None:
        self.patches: tuple[BytePatch, ...] = ()
        self._pcm = PcmWriter(bits)
        self._frame_bytes = bits // 8 * channels
        self._header, self._fact = _header(sample_rate, channels, bits)
        self._header_bytes = len(self._header)
        self._data_bytes = 0

    def write(self, samples: Samples) -> bytes:
        """Takes (channels, n), returns its bytes, behind the header where they are the first."""
        header, self._header = self._header, b""
        data = self._pcm.write(samples)
        self._data_bytes += len(data)
        return header + data

    def finish(self) -> bytes:
        """Returns the rest: the header where nothing was written, and the byte that makes the data's count even."""
        rest, self._header = self._header, b""
        odd = self._data_bytes % 2
        self.patches = self._lengths(self._header_bytes - 8 + self._data_bytes + odd)
        return rest + bytes(odd)

    def _lengths(self, riff: int) -> tuple[BytePatch, ...]:
        frames = self._data_bytes // self._frame_bytes
        if riff >= UNKNOWN:
            large = struct.pack("<4sIQQQI", b"ds64", _DS64_BYTES, riff, self._data_bytes, frames, 0)
            return BytePatch(0, b"RF64"), BytePatch(12, large)
        lengths = [BytePatch(4, _u32(riff)), BytePatch(self._header_bytes - 4, _u32(self._data_bytes))]
        if self._fact is not None:
            lengths.insert(1, BytePatch(self._fact, _u32(frames)))
        return tuple(lengths)


def _header(sample_rate: int, channels: int, bits: int) -> tuple[bytes, int | None]:
    """Gives the header up to the data, and where in it the number of frames stands, if anywhere."""
    frame_bytes = bits // 8 * channels
    kind = FORMAT_IEEE_FLOAT if bits == 32 else FORMAT_PCM
    fmt = struct.pack("<HHIIHH", kind, channels, sample_rate, sample_rate * frame_bytes, frame_bytes, bits)
    head = b"RIFF" + _u32(UNKNOWN) + b"WAVE" + b"JUNK" + _u32(_DS64_BYTES) + bytes(_DS64_BYTES)
    if kind == FORMAT_PCM:
        return head + b"fmt " + _u32(len(fmt)) + fmt + b"data" + _u32(UNKNOWN), None
    # What is not integers has an extension, of no bytes, and tells its number of frames.
    fmt += struct.pack("<H", 0)
    head += b"fmt " + _u32(len(fmt)) + fmt + b"fact" + _u32(4)
    return head + _u32(UNKNOWN) + b"data" + _u32(UNKNOWN), len(head)


def _u32(value: int) -> bytes:
    return struct.pack("<I", value)
