"""Lines of text with their times: what every format is written from."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from antiphon.speech.v1 import speech_service_pb2 as pb
from antiphon_renderers.clusters import cluster_starts

MAX_BLANK_LINES = 2_000
"""Most blank lines of a text: as many lines as lyrics may have, whatever numbers a message says."""
_NO_CHARACTERS = ("Cc", "Cs", "Zl", "Zp")


class RenderError(ValueError):
    """A rendering cannot be made, or a text not be read.

    Attributes:
        reason: UPPER_SNAKE_CASE.
        field: Path of the request's field that is at fault; empty where it is none.
    """

    def __init__(self, reason: str, message: str, field: str = "") -> None:
        super().__init__(message)
        self.reason = reason
        self.field = field


@dataclass(frozen=True)
class LineWord:
    """A word with its times in seconds."""

    start: float
    end: float
    text: str


@dataclass(frozen=True)
class Line:
    """A line; times in seconds, None where they are not known; words may be none; blank lines that stand before it.

    Who says it is empty where that is not known.
    """

    text: str
    start: float | None = None
    end: float | None = None
    words: tuple[LineWord, ...] = ()
    blanks: int = 0
    speaker: str = ""


def lines_of(source: pb.Transcript | pb.AlignedLyrics) -> tuple[Line, ...]:
    """A transcript's segments, or every line of lyrics, on one line each; times in order."""
    if isinstance(source, pb.Transcript):
        found = [replace(_line(each, each.text), speaker=clean(each.speaker)) for each in source.segments]
    else:
        found = list(_lyrics(source.lines))
    return tuple(in_order(line for line in found if line.text))


def _lyrics(lines: Iterable[pb.AlignedLine]) -> Iterator[Line]:
    """Lines of lyrics, each with the blank ones before it: they are counted by the lines' numbers and not sent."""
    last, left = 0, MAX_BLANK_LINES
    for line in lines:
        blanks = min(max(0, line.line_number - last - 1), left)
        last, left = max(last, line.line_number), left - blanks
        yield replace(_line(line, line.text), blanks=blanks)


def in_order(lines: Iterable[Line]) -> Iterator[Line]:
    """The lines with times that never go back, neither from line to line nor from word to word."""
    floor = 0.0
    for line in lines:
        words = []
        at = floor
        for word in line.words:
            start = max(word.start, at)
            at = max(start, word.end)
            words.append(replace(word, start=start, end=at))
        if line.start is None:
            yield replace(line, words=())
            continue
        start = max(line.start, floor)
        end = None if line.end is None else max(line.end, start, at)
        floor = start if end is None else end
        yield replace(line, start=start, end=end, words=tuple(words))


def clean(text: str) -> str:
    """Text on one line: what breaks lines or is no character becomes a space, and there is none at its ends.

    All else is kept as it is: spaces of every width, marks of direction, joiners, soft hyphens.
    """
    if text.isascii() and text.isprintable():
        return text.strip(" ")
    kept = "".join(" " if unicodedata.category(each) in _NO_CHARACTERS else each for each in text)
    return "" if kept.isspace() else kept.strip(" ")


def places_of(line: Line) -> list[int]:
    """Where each of the line's words begins in its text, up to the first that is not there; one search of the text."""
    found: list[int] = []
    at = 0
    for word in line.words:
        place = line.text.find(word.text, at)
        if place < 0:
            break
        found.append(place)
        at = place + len(word.text)
    return found


def spaced_words(line: Line) -> Iterator[tuple[LineWord, str]]:
    """Each word with what stands between it and the next, or the end, as the line's text has it; else a space."""
    places = places_of(line)
    edges = [*places[1:], len(line.text)] if len(places) == len(line.words) else places[1:]
    for at, word in enumerate(line.words):
        if at < len(edges):
            yield word, line.text[places[at] + len(word.text) : edges[at]]
        else:
            yield word, " " if at + 1 < len(line.words) else ""


def before_words(line: Line) -> str:
    """What stands in the line's text before its first word; nothing where that is not in it."""
    places = places_of(replace(line, words=line.words[:1]))
    return line.text[: places[0]] if places else ""


def _whole(line: Line) -> Line:
    """The line with words that begin where a cluster does: one that does not is part of the word before it."""
    if line.text.isascii():
        return line
    places, starts = places_of(line), cluster_starts(line.text)
    words: list[LineWord] = []
    first = 0
    for at, word in enumerate(line.words):
        inside = at < len(places) and places[at] not in starts
        if words and inside:
            text = line.text[first : places[at] + len(word.text)]
            words[-1] = LineWord(words[-1].start, max(words[-1].end, word.end), text)
            continue
        first = places[at] if at < len(places) else first
        words.append(word)
    return replace(line, words=tuple(words))


def _line(message: pb.Segment | pb.AlignedLine, text: str) -> Line:
    words = (
        LineWord(_seconds(word.start_offset), _seconds(word.end_offset), clean(word.text)) for word in message.words
    )
    placed = message.HasField("start_offset")
    found = Line(
        text=clean(text),
        start=_seconds(message.start_offset) if placed else None,
        end=_seconds(message.end_offset) if placed and message.HasField("end_offset") else None,
        words=tuple(word for word in words if word.text),
    )
    return _whole(found)


def _seconds(duration: object) -> float:
    return duration.seconds + duration.nanos / 1e9  # type: ignore[attr-defined, no-any-return]
