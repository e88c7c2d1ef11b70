"""The formats by name: what writes each, what reads it, and what its files are called."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial

from google.protobuf import json_format

from antiphon.speech.v1 import speech_service_pb2 as pb
from antiphon_renderers.breaking import Breaking, for_singing, for_subtitles, sentences
from antiphon_renderers.diarized import diarized_json, read_diarized_json
from antiphon_renderers.lines import Line, RenderError, in_order, lines_of
from antiphon_renderers.lyrics import read_lrc, write_lrc
from antiphon_renderers.rows import wrapped
from antiphon_renderers.subtitles import Wrap, read_srt, read_tsv, read_vtt, said, write_srt, write_tsv, write_vtt

DIARIZED = "diarized_json"
"""What OpenAI's API calls it."""

Source = pb.Transcript | pb.AlignedLyrics


@dataclass(frozen=True)
class Labels:
    """What a lyrics file says of the song; empty where it is not known."""

    title: str = ""
    artist: str = ""
    album: str = ""
    length_seconds: float | None = None

    @property
    def tags(self) -> dict[str, str]:
        """LRC's tags by name; the length in whole seconds, rounded."""
        tags = {"ti": self.title, "ar": self.artist, "al": self.album}
        if self.length_seconds is not None:
            minute, second = divmod(round(self.length_seconds), 60)
            tags["length"] = f"{minute:02d}:{second:02d}"
        return tags


@dataclass(frozen=True)
class Format:
    """One form of a transcript.

    Attributes:
        name: Short name, such as ``elrc``.
        number: In the protocol.
        extension: Of a file's name, without the dot.
        media_type: As HTTP names it.
        write: Of lines, LRC's tags, and what puts a text on several lines; None for JSON, which holds the message.
        read: Reads the lines again; None for JSON.
        subtitles: Whether an entry may have several lines.
    """

    name: str
    number: int
    extension: str
    media_type: str
    write: Callable[[tuple[Line, ...], Mapping[str, str], Wrap], str] | None
    read: Callable[[str], tuple[Line, ...]] | None
    subtitles: bool = False


def _read_text(text: str) -> tuple[Line, ...]:
    return tuple(Line(row) for row in text.splitlines())


FORMATS: Mapping[str, Format] = {
    one.name: one
    for one in (
        Format(
            "srt",
            pb.RENDER_FORMAT_SRT,
            "srt",
            "application/x-subrip",
            lambda lines, _, wrap: write_srt(lines, wrap),
            read_srt,
            subtitles=True,
        ),
        Format(
            "vtt",
            pb.RENDER_FORMAT_VTT,
            "vtt",
            "text/vtt",
            lambda lines, _, wrap: write_vtt(lines, wrap),
            read_vtt,
            subtitles=True,
        ),
        Format(
            "lrc",
            pb.RENDER_FORMAT_LRC,
            "lrc",
            "application/x-lrc",
            lambda lines, tags, _: write_lrc(lines, tags),
            read_lrc,
        ),
        Format(
            "elrc",
            pb.RENDER_FORMAT_ENHANCED_LRC,
            "lrc",
            "application/x-lrc",
            lambda lines, tags, _: write_lrc(lines, tags, word_times=True),
            read_lrc,
        ),
        Format(
            "tsv",
            pb.RENDER_FORMAT_TSV,
            "tsv",
            "text/tab-separated-values",
            lambda lines, _, __: write_tsv(lines),
            read_tsv,
        ),
        Format("json", pb.RENDER_FORMAT_JSON, "json", "application/json", None, None),
        Format(DIARIZED, pb.RENDER_FORMAT_DIARIZED_JSON, "json", "application/json", None, read_diarized_json),
        Format(
            "txt",
            pb.RENDER_FORMAT_TEXT,
            "txt",
            "text/plain",
            lambda lines, _, __: "".join(f"{chr(10) * line.blanks}{said(line)}\n" for line in lines),
            _read_text,
        ),
    )
}
"""Every format by its short name."""


def render(name: str, source: Source, *, labels: Labels | None = None, breaking: Breaking | None = None) -> str:
    """Writes a transcript or aligned lyrics in the format ``name``; ends with a newline unless it is empty.

    Plain text of lyrics whose summary has them as given is these, to the character, unless lines are to be broken.

    Args:
        name: One of FORMATS.
        source: What to write. In every format but JSON and plain text, lines without times are left out.
        labels: For LRC; its length is the recording's where none is given.
        breaking: Where text is broken; as is usual for the format where not given. Of no effect on JSON.

    Raises:
        RenderError: RENDER_FORMAT, or RENDER_SOURCE for times that JSON cannot say.
    """
    form = _format(name)
    if name == DIARIZED:
        return diarized_json(source)
    if form.write is None:
        try:
            document = json_format.MessageToDict(source, preserving_proto_field_name=True)
        except (ValueError, json_format.Error) as error:
            raise RenderError("RENDER_SOURCE", f"it cannot be said in JSON: {error}", "source") from error
        return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    labels = labels or Labels()
    if labels.length_seconds is None and source.summary.source.HasField("duration"):
        labels = replace(labels, length_seconds=source.summary.source.duration.ToNanoseconds() / 1e9)
    breaking = breaking or Breaking()
    usual = "subtitles" if form.subtitles else "segments"
    # Whoever gave the lyrics has broken their lines.
    known = breaking.by == "singing" and isinstance(source, pb.AlignedLyrics)
    by = usual if known or breaking.by is None else breaking.by
    if name == "txt" and by == "segments" and isinstance(source, pb.AlignedLyrics) and source.summary.lyrics:
        return source.summary.lyrics
    lines = lines_of(source)
    if by == "singing":
        lines = for_singing(lines, breaking.max_characters, breaking.pause_seconds)
    elif by == "subtitles":
        # Lines of lyrics that are known are no sentences.
        lines = lines if isinstance(source, pb.AlignedLyrics) else tuple(sentences(lines))
        lines = for_subtitles(lines, breaking.max_characters, breaking.max_lines if form.subtitles else 1)
    wrap: Wrap = _whole if by == "segments" else partial(wrapped, max_columns=breaking.max_characters)
    return form.write(tuple(in_order(lines)), labels.tags, wrap)


def _whole(text: str) -> tuple[str, ...]:
    return (text,)


def parse(name: str, text: str) -> tuple[Line, ...]:
    """Reads what :func:`render` wrote, or another program did, in the format ``name``.

    Raises:
        RenderError: RENDER_FORMAT, or RENDER_TEXT where the text is not in that format.
    """
    form = _format(name)
    if form.read is not None:
        return form.read(text)
    try:
        document = json.loads(text)
        if not isinstance(document, dict):
            raise ValueError(f"it is a {type(document).__name__} and not an object")
        message: Source = pb.AlignedLyrics() if "lines" in document else pb.Transcript()
        json_format.ParseDict(document, message, ignore_unknown_fields=True)
    except (ValueError, TypeError, RecursionError, json_format.ParseError) as error:
        raise RenderError("RENDER_TEXT", f"it is no transcript or lyrics in JSON: {error}") from error
    return lines_of(message)


def _format(name: str) -> Format:
    if name not in FORMATS:
        raise RenderError("RENDER_FORMAT", f"there is no format {name!r}; choose one of {', '.join(FORMATS)}", "format")
    return FORMATS[name]
