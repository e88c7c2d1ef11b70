"""SubRip, WebVTT and tab-separated values: a start, an end and a text for each line."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator, Sequence

from antiphon_renderers.clock import hours_clock, milliseconds, read_clock
from antiphon_renderers.lines import Line, RenderError
from antiphon_renderers.rows import joined

Wrap = Callable[[str], Sequence[str]]
"""Puts a text on lines."""

_ARROW = "-->"
_TSV_HEADER = "start\tend\ttext"
_BRACKETS = str.maketrans("<>", "‹›")
_VOICE = re.compile(r"<v(?:\.[^ \t>]*)*[ \t]+([^>]*)>")
_MILLISECONDS = re.compile(r"[0-9]{1,12}")


def write_srt(lines: Sequence[Line], wrap: Wrap) -> str:
    """SubRip. It knows no escape, so an arrow in the text, which would be read as times, becomes another one.

    A speaker stands in front of what is said, since it has no other place for one.
    """
    cues = [
        f"{number}\n{hours_clock(start, ',')} {_ARROW} {hours_clock(end, ',')}\n"
        + _rows(said(line), wrap).replace(_ARROW, "→")
        for number, (start, end, line) in enumerate(_timed(lines), 1)
    ]
    return "\n".join(cues)


def write_vtt(lines: Sequence[Line], wrap: Wrap) -> str:
    """WebVTT, speakers as its voices; what would be markup is escaped."""
    cues = [
        f"{hours_clock(start, '.')} {_ARROW} {hours_clock(end, '.')}\n{_voice(line.speaker)}"
        + html.escape(_rows(line.text, wrap), quote=False)
        for start, end, line in _timed(lines)
    ]
    return "\n".join(["WEBVTT\n", *cues])


def write_tsv(lines: Sequence[Line]) -> str:
    """A header, then start and end in milliseconds and the text, with tabs between."""
    rows = [f"{milliseconds(start)}\t{milliseconds(end)}\t{line.text}" for start, end, line in _timed(lines)]
    return "\n".join([_TSV_HEADER, *rows]) + "\n"


def read_srt(text: str) -> tuple[Line, ...]:
    """The lines of SubRip text; those of one cue are put together, with a space between where the script has any.

    Raises:
        RenderError: RENDER_TEXT, naming the cue that cannot be read.
    """
    return tuple(_cue(block[1:] if block[0].strip().isdigit() else block) for block in _blocks(text))


def read_vtt(text: str) -> tuple[Line, ...]:
    """The lines of WebVTT text; notes, styles and regions are passed over.

    Raises:
        RenderError: RENDER_TEXT where it does not begin with ``WEBVTT`` or a cue cannot be read.
    """
    if not re.match(r"\ufeff?WEBVTT(\s|$)", text):
        raise RenderError("RENDER_TEXT", "WebVTT begins with the line WEBVTT")
    found = []
    for block in list(_blocks(text))[1:]:
        if block[0].split(" ")[0] in ("NOTE", "STYLE", "REGION"):
            continue
        line = _cue(block if _ARROW in block[0] else block[1:])
        voice = _VOICE.match(line.text)
        speaker = html.unescape(voice[1]).strip() if voice else ""
        text = line.text[voice.end() :].removesuffix("</v>") if voice else line.text
        found.append(Line(html.unescape(text), line.start, line.end, speaker=speaker))
    return tuple(found)


def read_tsv(text: str) -> tuple[Line, ...]:
    """The lines of tab-separated text as written here.

    Raises:
        RenderError: RENDER_TEXT, naming the row that cannot be read.
    """
    rows = text.splitlines()
    if not rows or rows[0] != _TSV_HEADER:
        raise RenderError("RENDER_TEXT", f"the first row is not {_TSV_HEADER!r}")
    found = []
    for number, row in enumerate(rows[1:], 2):
        start, end, words = (*row.split("\t", 2), "", "")[:3]
        if not (_MILLISECONDS.fullmatch(start) and _MILLISECONDS.fullmatch(end)):
            raise RenderError("RENDER_TEXT", f"row {number} does not begin with two numbers of milliseconds")
        found.append(Line(words, int(start) / 1000, int(end) / 1000))
    return tuple(found)


def said(line: Line) -> str:
    """A line's text behind the one who says it, where that is known."""
    return f"{line.speaker}: {line.text}" if line.speaker else line.text


def _voice(speaker: str) -> str:
    # An escape would end at no bracket, and a name has none.
    name = speaker.translate(_BRACKETS)
    return f"<v {html.escape(name, quote=False)}>" if name else ""


def _timed(lines: Sequence[Line]) -> Iterator[tuple[float, float, Line]]:
    for line in lines:
        if line.start is not None:
            yield line.start, line.start if line.end is None else line.end, line


def _rows(text: str, wrap: Wrap) -> str:
    return "".join(f"{row}\n" for row in wrap(text))


def _blocks(text: str) -> Iterator[list[str]]:
    for block in re.split(r"\n[ \t]*\n+", text.removeprefix("\ufeff").replace("\r\n", "\n").strip("\n ")):
        if block.strip():
            yield block.split("\n")


def _cue(block: Sequence[str]) -> Line:
    try:
        start, _, rest = block[0].partition(_ARROW)
        return Line(joined(block[1:]), read_clock(start), read_clock(rest.split()[0]))
    except (ValueError, IndexError) as error:
        raise RenderError("RENDER_TEXT", f"{' '.join(block)[:80]!r} is no cue with its times") from error
