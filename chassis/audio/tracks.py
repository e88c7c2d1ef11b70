"""Choosing among the audio tracks of a file: the one that was asked for, else the one that players play."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

from av.audio.stream import AudioStream
from av.container import InputContainer
from av.stream import Disposition

from antiphon_wire.errors import invalid
from chassis.audio.container import CODECS, READABLE, undecodable
from chassis.reports import WarningReport

MAX_NAMED = 8
"""Tracks that a message describes; more are counted."""
MAX_TITLE = 40
"""Characters of a track's title in a message."""


@dataclass(frozen=True)
class Picked:
    """The track that is read.

    Attributes:
        stream: libav's stream, its decoder ready.
        index: Its place among the audio tracks, from 0.
        count: Audio tracks in the file.
        warnings: AUDIO_TRACKS where the file has others and nobody said which is meant.
    """

    stream: AudioStream
    index: int
    count: int
    warnings: tuple[WarningReport, ...]


def pick_track(container: InputContainer, track: int | None = None) -> Picked:
    """Picks a track and readies its decoder.

    Args:
        container: The open file.
        track: Place of the track that is wanted among the audio tracks, from 0; None for the first that is flagged as
            default, else the first; of those that can be decoded, where any can.

    Raises:
        AntiphonError: AUDIO_NO_AUDIO_STREAM; AUDIO_TRACK where the file has no such track; AUDIO_UNDECODABLE where its
            codec is not one of CODECS.
    """
    streams = list(container.streams.audio)
    if not streams:
        raise invalid(
            "AUDIO_NO_AUDIO_STREAM",
            f"the file is {container.format.name} without an audio stream; send {READABLE}",
            container=container.format.name,
            streams=len(container.streams),
        )
    index = _default(streams) if track is None else track
    if not 0 <= index < len(streams):
        raise invalid(
            "AUDIO_TRACK",
            f"there is no audio track {index}; the file has {_listed(streams, range(len(streams)))}",
            field="config.audio_format.track",
            track=index,
            track_count=len(streams),
        )
    stream = streams[index]
    if (name := _codec(stream)) not in CODECS:
        raise undecodable(f"codec {name} is not accepted", codec=name)
    context = stream.codec_context
    context.thread_count = 1
    if name == "flac":
        # Without this the decoder hands out noise for damaged frames, though each carries a CRC.
        context.options = {"err_detect": "crccheck+explode"}
    told = (_others(streams, index),) if track is None and len(streams) > 1 else ()
    return Picked(stream, index, len(streams), told)


def _default(streams: list[AudioStream]) -> int:
    able = [index for index, stream in enumerate(streams) if _codec(stream) in CODECS] or list(range(len(streams)))
    flagged = [index for index in able if streams[index].disposition & Disposition.default]
    return (flagged or able)[0]


def _codec(stream: AudioStream) -> str:
    """The decoder's name. One that libav does not have leaves a stream without a context, against PyAV's hints."""
    return "unknown" if cast(Any, stream.codec_context) is None else stream.codec_context.codec.name


def _others(streams: list[AudioStream], taken: int) -> WarningReport:
    others = [index for index in range(len(streams)) if index != taken]
    why = "it is flagged as the default" if streams[taken].disposition & Disposition.default else "it comes first"
    return WarningReport(
        "AUDIO_TRACKS",
        f"the file has {len(streams)} audio tracks; track {taken} was taken, since {why}; the others: "
        f"{_listed(streams, others)}; name the one that is meant by `track`",
        "source.track",
    )


def _listed(streams: list[AudioStream], indices: list[int] | range) -> str:
    named = "; ".join(_described(index, streams[index]) for index in indices[:MAX_NAMED])
    more = len(indices) - MAX_NAMED
    return f"{named} and {more} more" if more > 0 else named


def _described(index: int, stream: AudioStream) -> str:
    parts = []
    language = _plain(stream.metadata.get("language", ""))
    if language not in ("", "und"):
        parts.append(language)
    if title := _plain(stream.metadata.get("title", "")):
        parts.append(f'"{title}"')
    parts.append(_codec(stream))
    if cast(Any, stream.codec_context) is not None:
        parts.append(f"{stream.codec_context.layout.nb_channels} channels")
    return f"track {index} ({', '.join(parts)})"


def _plain(text: str) -> str:
    """The text in one line, without control characters, cut where it is long."""
    shown = "".join(character if character.isprintable() else " " for character in text).strip()
    return shown if len(shown) <= MAX_TITLE else f"{shown[: MAX_TITLE - 1]}…"
