"""A recording as the gateway handles it: a file of encoded audio and how to read it, never its samples."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from antiphon.audio.v1 import audio_pb2


@dataclass(frozen=True)
class Recording:
    """Encoded audio on disk that a service can listen to.

    Attributes:
        path: The file.
        byte_count: Its length.
        sha256: Its SHA-256, 32 bytes.
        audio_format: How to read it, as its maker declared it.
        clip: The part of the upload that it holds; None for all of it.
    """

    path: Path
    byte_count: int
    sha256: bytes
    audio_format: audio_pb2.AudioFormat
    clip: audio_pb2.ClipRange | None = None

    def announced(self) -> audio_pb2.AudioFormat:
        """Gives the format with byte count and digest, so that the service checks what arrives."""
        result = audio_pb2.AudioFormat()
        result.CopyFrom(self.audio_format)
        result.total_bytes = self.byte_count
        result.content_sha256 = self.sha256
        return result


def clip_of(config: Any) -> audio_pb2.ClipRange | None:
    """Gives the part of the audio that a service's config asks for; None for all of it."""
    clip: audio_pb2.ClipRange = config.clip
    return clip if clip.HasField("end_offset") or clip.start_offset.ToNanoseconds() else None
