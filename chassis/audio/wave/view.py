"""A WAV or Wave64 file as it is shown to libav: the header it should have, and its samples."""

from __future__ import annotations

import struct
from typing import BinaryIO, cast

from chassis.audio.part import PartOfFile
from chassis.audio.wave.canonical import canonical
from chassis.audio.wave.header import MAX_CHUNKS, Wave, walk_wave


class WaveView:
    """What is shown, and what was found.

    Attributes:
        wave: What stands in the file's header.
        stored_bytes: Bytes of the file from the first sample to its end.
        file: The header, then the samples: up to the end that the header tells, or of the file, in whole frames.
        chunks: The file itself, up to the last chunk behind the samples that is whole: for its tags.
    """

    def __init__(self, wave: Wave, file: BinaryIO, start: int, size: int) -> None:
        self.wave = wave
        self.stored_bytes = size - start
        length = self.stored_bytes if wave.data_bytes is None else min(wave.data_bytes, self.stored_bytes)
        shown = canonical(wave, length)
        length -= length % shown.frame_bytes
        self.file = cast(BinaryIO, PartOfFile(file, start, length, shown.header, shown.swap))

        self.chunks = cast(BinaryIO, PartOfFile(file, 0, _chunks_end(file, start, size, wave)))

    @property
    def missing(self) -> str:
        """Tells what shows that the file was cut off; empty where nothing does."""
        if self.wave.data_bytes is None or self.stored_bytes >= self.wave.data_bytes:
            return ""
        return f"the header promises {self.wave.data_bytes} bytes of samples, {self.stored_bytes} are there"


def open_wave(file: BinaryIO) -> WaveView | None:
    """Finds the samples of a WAV or Wave64 file; None for any other, and where it has none or no format before them."""
    size = file.seek(0, 2)
    file.seek(0)
    walk = walk_wave()
    try:
        asked = next(walk)
        while True:
            if asked < 0:
                data = b""
                file.seek(min(file.tell() - asked, size))
            else:
                data = file.read(asked)
            asked = walk.send(data)
    except StopIteration as end:
        wave = cast("Wave | None", end.value)
    return None if wave is None else WaveView(wave, file, file.tell() - len(wave.ahead), size)


def _chunks_end(file: BinaryIO, start: int, size: int, wave: Wave) -> int:
    """Tells where the last chunk that is whole ends; the end of the file where its samples reach it."""
    if wave.data_bytes is None or start + wave.data_bytes >= size:
        return size
    order = ">" if wave.big_endian else "<"
    end, odd = start + wave.data_bytes, wave.data_bytes % 2
    for _ in range(MAX_CHUNKS):
        file.seek(end + odd)
        head = file.read(8)
        length = struct.unpack(order + "I", head[4:])[0] if len(head) == 8 else size
        if end + odd + 8 + length > size:
            break
        end, odd = end + odd + 8 + length, length % 2
    return end
