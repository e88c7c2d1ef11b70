"""The check of an upload: its chunks follow each other, none is too large, and all are what was announced."""

from __future__ import annotations

from antiphon.audio.v1 import audio_pb2
from antiphon_wire.chunks import ChunkCheck
from antiphon_wire.errors import AntiphonError, data_loss, invalid
from antiphon_wire.limits import MAX_CHUNK_BYTES, MAX_SMALL_CHUNKS, RECOMMENDED_CHUNK_BYTES, SMALL_CHUNK_BYTES

_DIGEST_BYTES = 32


class UploadCheck(ChunkCheck):
    """Checks an upload, whose size and digest may be announced before it.

    Args:
        total_bytes: Bytes announced; None where they are not.
        content_sha256: SHA-256 announced, 32 bytes; None where it is not.

    Raises:
        AntiphonError: AUDIO_FORMAT for an announcement that cannot be.
    """

    def __init__(self, total_bytes: int | None = None, content_sha256: bytes | None = None) -> None:
        super().__init__("the upload", "CHUNK")
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
        self._small_chunks = 0

    @classmethod
    def announced(cls, audio_format: audio_pb2.AudioFormat) -> UploadCheck:
        """Makes the check of an upload with this format.

        Raises:
            AntiphonError: AUDIO_FORMAT for an announcement that cannot be.
        """
        return cls(
            audio_format.total_bytes if audio_format.HasField("total_bytes") else None,
            audio_format.content_sha256 if audio_format.HasField("content_sha256") else None,
        )

    def feed(self, chunk: audio_pb2.AudioChunk) -> None:
        """Takes the next chunk; what only the sender can have got wrong is INVALID_ARGUMENT.

        Raises:
            AntiphonError: CHUNK_TOO_LARGE, CHUNK_TOO_SMALL, CHUNK_EMPTY, CHUNK_AFTER_LAST, CHUNK_OFFSET,
                CHUNK_CHECKSUM, UPLOAD_SIZE.
        """
        size = len(chunk.data)
        if self.finished:
            raise invalid("CHUNK_AFTER_LAST", "a chunk came after the one marked last; mark only the final chunk")
        if size > MAX_CHUNK_BYTES:
            raise invalid(
                "CHUNK_TOO_LARGE",
                f"a chunk has {size} bytes; send at most {MAX_CHUNK_BYTES}, best {RECOMMENDED_CHUNK_BYTES}",
                field="chunk.data",
                length=size,
                limit=MAX_CHUNK_BYTES,
            )
        if not size and not chunk.last:
            raise invalid("CHUNK_EMPTY", "a chunk has no bytes and is not the last; send bytes", field="chunk.data")
        if size < SMALL_CHUNK_BYTES and not chunk.last:
            self._count_small(size)
        super().feed(chunk)
        if self._total_bytes is not None and self.byte_count > self._total_bytes:
            raise self._wrong_size()

    def _count_small(self, size: int) -> None:
        """Lets some small chunks pass, of a sender whose cuts fall badly; a whole upload of them costs seconds."""
        self._small_chunks += 1
        if self._small_chunks > MAX_SMALL_CHUNKS:
            raise invalid(
                "CHUNK_TOO_SMALL",
                f"a chunk has {size} bytes, and {MAX_SMALL_CHUNKS} before it had fewer than {SMALL_CHUNK_BYTES}; "
                f"send more in each, best {RECOMMENDED_CHUNK_BYTES} of a file or 100 ms of a live stream",
                field="chunk.data",
                length=size,
                small_chunks=MAX_SMALL_CHUNKS,
                least=SMALL_CHUNK_BYTES,
            )

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
        if self._content_sha256 is not None and self.sha256 != self._content_sha256:
            raise data_loss(
                "UPLOAD_DIGEST",
                f"the upload has SHA-256 {self.sha256.hex()}, not {self._content_sha256.hex()} as announced",
                actual=self.sha256.hex(),
                announced=self._content_sha256.hex(),
            )
        return self.sha256

    def _wrong_size(self) -> AntiphonError:
        return data_loss(
            "UPLOAD_SIZE",
            f"the upload has {self.byte_count} bytes so far, but total_bytes announced {self._total_bytes}",
            byte_count=self.byte_count,
            total_bytes=self._total_bytes,
        )
