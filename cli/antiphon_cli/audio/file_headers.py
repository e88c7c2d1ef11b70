"""Writes a stem's length into the header of its file.

A service encodes while it computes, so the headers it sends cannot say how long the stem will be. Players cope;
libraries that read a file into one array (libsndfile among them) do not.
"""

from __future__ import annotations

import os
import struct
from typing import IO

# FLAC, RFC 9639, section 8.2: the marker and the block's header take 8 bytes, and the last 36 of the 64 bits that begin
# at byte 10 of STREAMINFO are the number of frames.
_FLAC_TOTAL_OFFSET = 18
_FLAC_TOTAL_BITS = 36
_WAV_RIFF_SIZE_OFFSET = 4
_WAV_SEARCH_BYTES = 4096


def complete(file: IO[bytes], extension: str, frame_count: int) -> None:
    """Puts the length into the header of a FLAC or WAV file; leaves any other, and an unfamiliar header, as it is.

    Args:
        file: Open for reading and writing; left at its end.
        extension: Of the file's name, without the dot.
        frame_count: Samples of each channel.
    """
    if extension == "flac":
        _complete_flac(file, frame_count)
    elif extension == "wav":
        _complete_wav(file)
    file.seek(0, os.SEEK_END)


def _complete_flac(file: IO[bytes], frame_count: int) -> None:
    file.seek(0)
    start = file.read(_FLAC_TOTAL_OFFSET + 8)
    if start[:4] != b"fLaC" or start[4] & 0x7F != 0 or not 0 < frame_count < 1 << _FLAC_TOTAL_BITS:
        return
    (bits,) = struct.unpack_from(">Q", start, _FLAC_TOTAL_OFFSET)
    bits = (bits >> _FLAC_TOTAL_BITS << _FLAC_TOTAL_BITS) | frame_count
    file.seek(_FLAC_TOTAL_OFFSET)
    file.write(struct.pack(">Q", bits))


def _complete_wav(file: IO[bytes]) -> None:
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    start = file.read(_WAV_SEARCH_BYTES)
    data = start.find(b"data")
    if start[:4] != b"RIFF" or start[8:12] != b"WAVE" or data < 0 or size > 0xFFFFFFFF:
        return
    file.seek(_WAV_RIFF_SIZE_OFFSET)
    file.write(struct.pack("<I", size - 8))
    fact = start.find(b"fact", 0, data)
    block_align = struct.unpack_from("<H", start, start.find(b"fmt ") + 20)[0]
    if fact >= 0 and block_align:
        file.seek(fact + 8)
        file.write(struct.pack("<I", (size - data - 8) // block_align))
    file.seek(data + 4)
    file.write(struct.pack("<I", size - data - 8))
