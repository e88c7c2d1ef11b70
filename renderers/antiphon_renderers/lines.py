"""Lines of text with their times: what every format is written from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from antiphon.speech.v1 import speech_service_pb2 as pb


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
    """A line; times in seconds, None where they are not known; words may be none."""

    text: str
    start: float | None = None
    end: float | None = None
    words: tuple[LineWord, ...] = ()


def lines_of(source: pb.Transcript | pb.AlignedLyrics) -> tuple[Line, ...]:
    """A transcript's segments, or every line of lyrics, on one line each; times in order."""
    if isinstance(source, pb.Transcript):
        found = [_line(segment, segment.text) for segment in source.segments]
    else:
        found = [_line(line, line.text) for line in source.lines]
    return tuple(in_order(line for line in found if line.text))


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
    """Text on one line: what breaks lines or is no character becomes a space, and there is no space at its ends."""
    kept = "".join(character if character.isprintable() or character == "‍" else " " for character in text)
    return " ".join(kept.split())


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
    """Each word with what stands between it and the next, as the line's text has it; a space where it has not."""
    places = places_of(line)
    for at, word in enumerate(line.words[:-1]):
        known = at + 1 < len(places)
        yield word, line.text[places[at] + len(word.text) : places[at + 1]] if known else " "
    if line.words:
        yield line.words[-1], ""


def _line(message: pb.Segment | pb.AlignedLine, text: str) -> Line:
    words = (
        LineWord(_seconds(word.start_offset), _seconds(word.end_offset), clean(word.text)) for word in message.words
    )
    placed = message.HasField("start_offset")
    return Line(
        text=clean(text),
        start=_seconds(message.start_offset) if placed else None,
        end=_seconds(message.end_offset) if placed and message.HasField("end_offset") else None,
        words=tuple(word for word in words if word.text),
    )


def _seconds(duration: object) -> float:
    return duration.seconds + duration.nanos / 1e9  # type: ignore[attr-defined, no-any-return]
