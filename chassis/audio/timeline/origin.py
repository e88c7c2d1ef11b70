"""Which containers have a time line of their own, and where on its clock it begins."""

from __future__ import annotations

from dataclasses import dataclass

import av
from av.audio.frame import AudioFrame
from av.container import InputContainer
from av.stream import Disposition, Stream

CLOCKED = ("matroska", "mov", "ogg", "flac", "mpegts", "flv", "asf")
"""Containers that store when a packet sounds. In all others libav counts the packets, which tells nothing."""


@dataclass(frozen=True)
class Origin:
    """Where a time line begins.

    Attributes:
        seconds: The reading of the container's clock there (s); None for wherever the track's own sound begins.
    """

    seconds: float | None


def origin(container: InputContainer, track: Stream, first: AudioFrame) -> Origin | None:
    """Finds where the time line begins, as players do; None for a container without a clock.

    MP4 and Matroska define their zero. A Matroska file that states no length beyond its first time stamp is a piece of
    a broadcast: its clock, like those of MPEG-TS, Ogg, FLV and ASF, started long ago, and what comes first, sound or
    picture, is the beginning. In ASF the decoders of WMA take off what an encoder puts in front, and leave its time.

    Args:
        container: The open file.
        track: The track that is read.
        first: Its first frame.
    """
    name = container.format.name
    if not name.startswith(CLOCKED):
        return None
    starts = [start for stream in container.streams if (start := _start(stream)) is not None]
    earliest = min(starts, default=None)
    if name.startswith("mov"):
        return Origin(0.0)
    if name.startswith("matroska") and container.duration is not None and earliest is not None:
        return Origin(0.0 if container.duration / av.time_base >= earliest else earliest)
    if name == "asf" and earliest is not None and (began := _start(track)) is not None and first.time is not None:
        return Origin(earliest + first.time - began)
    return Origin(earliest)


def _start(stream: Stream) -> float | None:
    """First time stamp of what sounds or moves; a cover picture has none that means anything."""
    if stream.type not in ("audio", "video") or stream.disposition & Disposition.attached_pic:
        return None
    if stream.start_time is None or stream.time_base is None:
        return None
    return float(stream.start_time * stream.time_base)
