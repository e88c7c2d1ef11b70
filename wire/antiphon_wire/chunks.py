"""Chunks of audio: cut where bytes go out, checked where they come in.

One state machine checks that chunks follow each other whole, whoever receives them: a server an upload, a client a stem
or a generated piece. What differs is how the whole is announced, and what its faults are called.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import google_crc32c

from antiphon.audio.v1 import audio_pb2
from antiphon_wire.errors import AntiphonError, data_loss
from antiphon_wire.limits import RECOMMENDED_CHUNK_BYTES

Bytes = bytes | bytearray | memoryview


class Cutter:
    """Cuts bytes into the chunks of one stream, each with its offset and its CRC-32C.

    Attributes:
        byte_count: Bytes cut so far.
    """

    def __init__(self) -> None:
        self.byte_count = 0

    def cut(self, data: Bytes, last: bool = False) -> Iterator[audio_pb2.AudioChunk]:
        """Yields the next bytes in chunks of at most RECOMMENDED_CHUNK_BYTES; none for no bytes.

        Args:
            data: The bytes that follow.
            last: Whether the stream ends with them; the final chunk is then marked so.
        """
        view = memoryview(data).cast("B")
        for start in range(0, len(view), RECOMMENDED_CHUNK_BYTES):
            end = start + RECOMMENDED_CHUNK_BYTES
            yield self.whole(bytes(view[start:end]), last=last and end >= len(view))

    def end(self) -> audio_pb2.AudioChunk:
        """Gives an empty last chunk, for a stream of which nobody knows that it ends until it has ended."""
        return self.whole(b"", last=True)

    def whole(self, data: bytes, last: bool = False) -> audio_pb2.AudioChunk:
        """Gives the next bytes as one chunk, for who has cut them already."""
        chunk = audio_pb2.AudioChunk(data=data, byte_offset=self.byte_count, crc32c=_crc32c(data), last=last)
        self.byte_count += len(data)
        return chunk


def cut_file(path: Path, byte_count: int) -> Iterator[audio_pb2.AudioChunk]:
    """Yields the chunks of a file; the one that reaches ``byte_count`` is marked last.

    A file that turns out shorter ends without a last chunk, so that the receiver sees a truncated upload.

    Raises:
        OSError: the file cannot be read.
    """
    cutter = Cutter()
    with path.open("rb") as file:
        while data := file.read(RECOMMENDED_CHUNK_BYTES):
            yield from cutter.cut(data, last=cutter.byte_count + len(data) >= byte_count)


class ChunkCheck:
    """Checks the chunks of one stream in order: offset, CRC-32C, and nothing after the last.

    Args:
        whole: What the chunks make up, for messages, such as ``the upload`` or ``piece 3``.
        prefix: First word of the reasons: STEM gives STEM_OFFSET.
        variables: Metadata of every error, by name.

    Attributes:
        byte_count: Bytes so far.
        finished: Whether the chunk marked last has come.
    """

    def __init__(self, whole: str, prefix: str, **variables: str) -> None:
        self._whole = whole
        self._prefix = prefix
        self._variables = variables
        self._digest = hashlib.sha256()
        self.byte_count = 0
        self.finished = False

    @property
    def sha256(self) -> bytes:
        """SHA-256 of the bytes so far."""
        return self._digest.digest()

    def feed(self, chunk: audio_pb2.AudioChunk) -> None:
        """Takes the next chunk.

        Raises:
            AntiphonError: …_AFTER_LAST, …_OFFSET, …_CHECKSUM, all DATA_LOSS.
        """
        data = chunk.data
        if self.finished:
            raise self._damaged("AFTER_LAST", f"a chunk of {self._whole} came after its last one")
        if chunk.byte_offset != self.byte_count:
            raise self._damaged(
                "OFFSET",
                f"a chunk of {self._whole} has byte_offset {chunk.byte_offset}, "
                f"but {self.byte_count} bytes came before it",
                byte_offset=chunk.byte_offset,
                expected=self.byte_count,
            )
        if chunk.HasField("crc32c") and (actual := _crc32c(data)) != chunk.crc32c:
            raise self._damaged(
                "CHECKSUM",
                f"the chunk of {self._whole} at {chunk.byte_offset} has CRC-32C {actual:#010x}, "
                f"not {chunk.crc32c:#010x}",
                byte_offset=chunk.byte_offset,
            )
        self._digest.update(data)
        self.byte_count += len(data)
        self.finished = chunk.last

    def _damaged(self, fault: str, message: str, **variables: object) -> AntiphonError:
        return data_loss(f"{self._prefix}_{fault}", message, **self._variables, **variables)


class PartCheck(ChunkCheck):
    """Checks one part of an answer, a stem or a generated piece, whose size and digest come with the summary.

    Args:
        kind: ``stem`` or ``piece``; gives the reasons their first word and the metadata its key.
        name: Which one.
    """

    def __init__(self, kind: str, name: str) -> None:
        super().__init__(f"{kind} {name}", kind.upper(), **{kind: name})

    def end(self, byte_count: int, sha256: bytes) -> None:
        """Compares what came with what the summary says was sent; an empty digest is not compared.

        Raises:
            AntiphonError: …_INCOMPLETE, …_DIGEST, both DATA_LOSS.
        """
        if not self.finished:
            raise self._damaged(
                "INCOMPLETE",
                f"{self._whole} ended after {self.byte_count} of {byte_count} bytes",
                byte_count=self.byte_count,
                expected=byte_count,
            )
        if sha256 and self.sha256 != sha256:
            raise self._damaged("DIGEST", f"{self._whole} has SHA-256 {self.sha256.hex()}, not {sha256.hex()}")


def _crc32c(data: bytes) -> int:
    return int(google_crc32c.value(data))
