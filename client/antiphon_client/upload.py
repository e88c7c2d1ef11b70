"""Uploads: anything that holds audio, opened, digested where it can be read twice, and given out in chunks."""

from __future__ import annotations

import asyncio
import hashlib
import io
import os
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, cast

from antiphon.audio.v1 import audio_pb2
from antiphon_wire.chunks import Cutter
from antiphon_wire.limits import RECOMMENDED_CHUNK_BYTES

AudioSource = str | os.PathLike[str] | bytes | bytearray | memoryview | BinaryIO | Iterable[bytes]
AsyncAudioSource = AudioSource | AsyncIterable[bytes]


class Upload:
    """One recording, opened and ready to be sent once.

    Where the bytes can be read twice (a file, bytes, a seekable stream) they are counted and digested first, so that
    the server can tell a damaged upload. An iterator is sent as it comes, each piece at once.

    Args:
        source: Path of a file; bytes; a binary stream; an iterable, or an asynchronous one, of bytes.

    Raises:
        OSError: the file cannot be opened or read.
        TypeError: the source is none of these.
    """

    def __init__(self, source: AsyncAudioSource) -> None:
        self.total_bytes: int | None = None
        self.sha256: bytes | None = None
        self.failure: BaseException | None = None
        self._file: BinaryIO | None = None
        self._owned = False
        self._pieces: Iterable[bytes] | AsyncIterable[bytes] = ()
        if isinstance(source, bytes | bytearray | memoryview):
            self._open(io.BytesIO(source), owned=True)
        elif isinstance(source, str | os.PathLike):
            self._open(Path(source).open("rb"), owned=True)  # noqa: SIM115
        elif hasattr(source, "read"):
            self._open(cast(BinaryIO, source), owned=False)
        elif isinstance(source, AsyncIterable | Iterable):
            self._pieces = cast(Iterable[bytes] | AsyncIterable[bytes], source)
        else:
            raise TypeError(
                f"audio is a path, bytes, a binary stream or an iterable of bytes, not {type(source).__name__}"
            )

    def announce(self, audio_format: audio_pb2.AudioFormat) -> None:
        """Writes size and digest into the format, where they are known; without them it is set all the same."""
        audio_format.SetInParent()
        if self.total_bytes is not None and self.sha256 is not None:
            audio_format.total_bytes = self.total_bytes
            audio_format.content_sha256 = self.sha256

    def chunks(self) -> Iterator[audio_pb2.AudioChunk]:
        """Yields the chunks in order; the final one, perhaps empty, is marked last."""
        if isinstance(self._pieces, AsyncIterable) and self._file is None:
            raise TypeError("an asynchronous iterable needs the asyncio Client")
        cutter = Cutter()
        for piece in self._blocks():
            yield from cutter.cut(piece)
        yield cutter.end()

    async def achunks(self) -> AsyncIterator[audio_pb2.AudioChunk]:
        """The same for an event loop: files and plain iterators are read in a thread."""
        if self._file is None and isinstance(self._pieces, AsyncIterable):
            cutter = Cutter()
            async for piece in self._pieces:
                for chunk in cutter.cut(piece):
                    yield chunk
            yield cutter.end()
            return
        chunks = self.chunks()
        while (found := await asyncio.to_thread(next, chunks, None)) is not None:
            yield found

    def close(self) -> None:
        """Closes the file, if it was opened here."""
        if self._file is not None and self._owned:
            self._file.close()

    def _open(self, file: BinaryIO, owned: bool) -> None:
        self._file, self._owned = file, owned
        try:
            if not file.seekable():
                return
            start = file.tell()
            digest, total = hashlib.sha256(), 0
            while block := file.read(RECOMMENDED_CHUNK_BYTES):
                digest.update(block)
                total += len(block)
            file.seek(start)
        except BaseException:
            self.close()
            raise
        self.total_bytes, self.sha256 = total, digest.digest()

    def _blocks(self) -> Iterator[bytes]:
        if self._file is None:
            assert isinstance(self._pieces, Iterable)
            yield from self._pieces
            return
        while block := self._file.read(RECOMMENDED_CHUNK_BYTES):
            yield block
