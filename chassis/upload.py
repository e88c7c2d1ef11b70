"""Uploads: config first and once, then chunks without a gap, spooled to a file under a byte budget."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

import google_crc32c

from antiphon_wire.errors import AntiphonError, busy, data_loss, invalid

MAX_CHUNK_BYTES = 1 << 20
RECOMMENDED_CHUNK_BYTES = 256 << 10
_DIGEST_BYTES = 32
_PREFIX = "antiphon-spool-"

Config = TypeVar("Config")


class Assembler:
    """The state machine of one upload's chunks: checks order, offset, checksum, size and digest.

    Feed it every chunk in order, then call :meth:`end`.
    """

    def __init__(self, total_bytes: int | None = None, content_sha256: bytes | None = None) -> None:
        if total_bytes is not None and total_bytes < 0:
            raise invalid(
                "AUDIO_FORMAT",
                f"total_bytes is {total_bytes}; give the number of bytes to follow, or leave it out",
                field="config.audio_format.total_bytes",
                total_bytes=total_bytes,
            )
        if content_sha256 is not None and len(content_sha256) != _DIGEST_BYTES:
            raise invalid(
                "AUDIO_FORMAT",
                f"content_sha256 has {len(content_sha256)} bytes; a SHA-256 has {_DIGEST_BYTES}",
                field="config.audio_format.content_sha256",
                length=len(content_sha256),
            )
        self._total_bytes = total_bytes
        self._content_sha256 = content_sha256
        self._digest = hashlib.sha256()
        self.byte_count = 0
        self.finished = False

    def feed(self, data: bytes, byte_offset: int, crc32c: int | None, last: bool) -> None:
        """Takes the next chunk.

        Raises:
            AntiphonError: CHUNK_TOO_LARGE, CHUNK_EMPTY, CHUNK_AFTER_LAST, CHUNK_OFFSET, CHUNK_CHECKSUM, UPLOAD_SIZE.
        """
        if self.finished:
            raise invalid("CHUNK_AFTER_LAST", "a chunk came after the one marked last; mark only the final chunk")
        if len(data) > MAX_CHUNK_BYTES:
            raise invalid(
                "CHUNK_TOO_LARGE",
                f"a chunk has {len(data)} bytes; send at most {MAX_CHUNK_BYTES}, best {RECOMMENDED_CHUNK_BYTES}",
                field="chunk.data",
                length=len(data),
                limit=MAX_CHUNK_BYTES,
            )
        if not data and not last:
            raise invalid("CHUNK_EMPTY", "a chunk has no bytes and is not the last; send bytes", field="chunk.data")
        if byte_offset != self.byte_count:
            raise data_loss(
                "CHUNK_OFFSET",
                f"a chunk has byte_offset {byte_offset}, but {self.byte_count} bytes came before it",
                byte_offset=byte_offset,
                expected=self.byte_count,
            )
        if crc32c is not None and (actual := google_crc32c.value(data)) != crc32c:
            raise data_loss(
                "CHUNK_CHECKSUM",
                f"the chunk at {byte_offset} has CRC-32C {actual:#010x}, not {crc32c:#010x}",
                byte_offset=byte_offset,
            )
        self._digest.update(data)
        self.byte_count += len(data)
        if self._total_bytes is not None and self.byte_count > self._total_bytes:
            raise self._wrong_size()
        self.finished = last

    def end(self) -> bytes:
        """Closes the upload; returns the SHA-256 of all bytes.

        Raises:
            AntiphonError: UPLOAD_EMPTY, UPLOAD_TRUNCATED, UPLOAD_SIZE, UPLOAD_DIGEST.
        """
        if not self.finished and self.byte_count == 0:
            raise invalid("UPLOAD_EMPTY", "no audio came after the config; send at least one chunk")
        if not self.finished:
            raise data_loss(
                "UPLOAD_TRUNCATED",
                f"the upload ended after {self.byte_count} bytes without a chunk marked last",
                byte_count=self.byte_count,
            )
        if self.byte_count == 0:
            raise invalid("UPLOAD_EMPTY", "all chunks were empty; send the bytes of a recording")
        if self._total_bytes is not None and self.byte_count != self._total_bytes:
            raise self._wrong_size()
        digest = self._digest.digest()
        if self._content_sha256 is not None and digest != self._content_sha256:
            raise data_loss(
                "UPLOAD_DIGEST",
                f"the upload has SHA-256 {digest.hex()}, not {self._content_sha256.hex()} as announced",
                actual=digest.hex(),
                announced=self._content_sha256.hex(),
            )
        return digest

    def _wrong_size(self) -> AntiphonError:
        return data_loss(
            "UPLOAD_SIZE",
            f"the upload has {self.byte_count} bytes so far, but total_bytes announced {self._total_bytes}",
            byte_count=self.byte_count,
            total_bytes=self._total_bytes,
        )


class Spool:
    """A folder for uploads under one byte budget, shared by all calls of a process.

    Args:
        parent: Folder in which a folder of our own is made; the system's temporary folder where None.
        budget_bytes: Bytes that all uploads together may hold.
        upload_bytes: Bytes that one upload may have.
    """

    def __init__(self, parent: Path | None, budget_bytes: int, upload_bytes: int) -> None:
        root = Path(parent or tempfile.gettempdir())
        root.mkdir(parents=True, exist_ok=True)
        _remove_orphans(root)
        # Locked before it has its name: nobody else can take it for one whose owner is gone.
        unnamed = Path(tempfile.mkdtemp(prefix=".new-", dir=root))
        self._lock = _lock(unnamed)
        self.folder = unnamed.rename(root / (_PREFIX + unnamed.name.removeprefix(".new-")))
        self.budget_bytes = budget_bytes
        self.upload_bytes = upload_bytes
        self.used_bytes = 0
        self._count = 0

    def file(self) -> SpoolFile:
        """Opens a new, empty file in the spool."""
        self._count += 1
        return SpoolFile(self, self.folder / str(self._count))

    def close(self) -> None:
        """Removes the folder and all that is in it."""
        shutil.rmtree(self.folder, ignore_errors=True)
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


class SpoolFile:
    """One file of the spool; counts against the budget until it is removed."""

    def __init__(self, spool: Spool, path: Path) -> None:
        self._spool = spool
        self._file = path.open("wb", buffering=0)
        self.path = path
        self.byte_count = 0

    def write(self, data: bytes) -> None:
        """Appends bytes.

        Raises:
            AntiphonError: UPLOAD_TOO_LARGE for this file, SPOOL_FULL for all of them.
        """
        if self.byte_count + len(data) > self._spool.upload_bytes:
            raise invalid(
                "UPLOAD_TOO_LARGE",
                f"the upload has more than {self._spool.upload_bytes} bytes, which is the limit of this server",
                limit=self._spool.upload_bytes,
            )
        if self._spool.used_bytes + len(data) > self._spool.budget_bytes:
            raise busy(
                "SPOOL_FULL",
                f"uploads under way hold {self._spool.used_bytes} of {self._spool.budget_bytes} bytes; try again later",
                retry_after_seconds=2.0,
                used=self._spool.used_bytes,
                limit=self._spool.budget_bytes,
            )
        rest = memoryview(data)
        try:
            while rest:
                written = self._file.write(rest)
                self.byte_count += written
                self._spool.used_bytes += written
                rest = rest[written:]
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
                raise
            raise busy(
                "SPOOL_FULL",
                "the disk for uploads is full; try again later",
                retry_after_seconds=5.0,
                used=self._spool.used_bytes,
            ) from error

    def finish(self) -> None:
        """Closes the file for writing; it stays until :meth:`remove`."""
        self._file.close()

    def remove(self) -> None:
        """Removes the file and gives its bytes back to the budget; a second call does nothing."""
        self._file.close()
        self.path.unlink(missing_ok=True)
        self._spool.used_bytes -= self.byte_count
        self.byte_count = 0


@dataclass(frozen=True)
class SpooledAudio:
    """A whole upload on disk: where, how many bytes, their SHA-256."""

    path: Path
    byte_count: int
    sha256: bytes


class Upload(Generic[Config]):
    """One upload as it comes in.

    Use as an async context; leaving it removes the spooled file::

        async with Upload(requests, spool, idle_seconds=30) as upload:
            config = await upload.config()
            audio = await upload.audio()
    """

    def __init__(self, requests: AsyncIterator[Any], spool: Spool, idle_seconds: float) -> None:
        self._requests = requests
        self._spool = spool
        self._idle_seconds = idle_seconds
        self._config: Config | None = None
        self._file: SpoolFile | None = None
        self._began = False
        self.byte_count = 0
        self.sha256 = b""

    async def __aenter__(self) -> Upload[Config]:
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.remove()

    async def config(self) -> Config:
        """Reads the first message, which must be the config.

        Raises:
            AntiphonError: CONFIG_MISSING, UPLOAD_IDLE.
        """
        if self._config is None:
            message = await self._next()
            if message is None or message.WhichOneof("payload") != "config":
                found = "nothing" if message is None else message.WhichOneof("payload") or "an empty message"
                raise invalid(
                    "CONFIG_MISSING",
                    f"the first message must hold config; it held {found}",
                    field="config",
                    found=found,
                )
            self._config = message.config
        return self._config

    async def audio(self) -> SpooledAudio:
        """Reads every chunk into the spool.

        Raises:
            AntiphonError: those of :meth:`pieces` and :class:`SpoolFile`.
        """
        file = self._file = self._spool.file()
        async for data in self.pieces():
            file.write(data)
        file.finish()
        return SpooledAudio(file.path, self.byte_count, self.sha256)

    async def audio_if_any(self) -> SpooledAudio | None:
        """Reads every chunk into the spool; None for an upload that ends with its config.

        Raises:
            AntiphonError: those of :meth:`audio`.
        """
        try:
            return await self.audio()
        except AntiphonError as error:
            if error.reason == "UPLOAD_EMPTY" and not self._began:
                return None
            raise

    async def pieces(self) -> AsyncGenerator[bytes, None]:
        """Yields the bytes of each chunk as it comes; at the end ``byte_count`` and ``sha256`` are set.

        Raises:
            AntiphonError: CONFIG_REPEATED, PAYLOAD_MISSING, UPLOAD_IDLE, and all of :class:`Assembler`.
        """
        config: Any = await self.config()
        format_ = config.audio_format
        assembler = Assembler(
            format_.total_bytes if format_.HasField("total_bytes") else None,
            format_.content_sha256 if format_.HasField("content_sha256") else None,
        )
        while not assembler.finished:
            message = await self._next()
            if message is None:
                break
            if (payload := message.WhichOneof("payload")) == "config":
                raise invalid("CONFIG_REPEATED", "config came twice; send it once, first", field="config")
            if payload is None:
                raise invalid("PAYLOAD_MISSING", "a message held neither config nor chunk", field="chunk")
            self._began = True
            chunk = message.chunk
            data = chunk.data
            assembler.feed(data, chunk.byte_offset, chunk.crc32c if chunk.HasField("crc32c") else None, chunk.last)
            yield data
        self.sha256 = assembler.end()
        self.byte_count = assembler.byte_count

    async def _next(self) -> Any | None:
        try:
            async with asyncio.timeout(self._idle_seconds):
                # Not before it is read: an iterator of grpc that nobody begins warns of that.
                return await anext(aiter(self._requests), None)
        except TimeoutError:
            raise AntiphonError(
                "DEADLINE_EXCEEDED",
                "UPLOAD_IDLE",
                f"no message came for {self._idle_seconds:g} s; send chunks without pausing that long",
                {"idle_seconds": self._idle_seconds},
            ) from None


def _lock(folder: Path) -> int | None:
    """Takes the lock that a living owner holds on its spool; None where somebody else holds it."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return None
    return descriptor


def _remove_orphans(root: Path) -> None:
    """Removes the spools of processes that were killed before they could."""
    for folder in root.glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError):
            descriptor = _lock(folder)
            if descriptor is not None:
                shutil.rmtree(folder, ignore_errors=True)
                os.close(descriptor)
