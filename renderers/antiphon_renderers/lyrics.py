"""LRC, plain and enhanced: lyrics with a time for each line, or for each word as well."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from antiphon_renderers.clock import minutes_clock, read_clock
from antiphon_renderers.lines import Line, LineWord, before_words, clean, spaced_words

CLEAR_SECONDS = 4.0
"""Pause after which a line is taken off the screen, by an empty line at its end."""

_TIME = re.compile(r"\[(\d+:\d{1,2}(?:[.:]\d{1,3})?)\]")
_WORD_TIME = re.compile(r"<(\d+:\d{1,2}(?:[.:]\d{1,3})?)>")
_TAG = re.compile(r"\[([a-z#]+):(.*)\]\s*", re.IGNORECASE)
_BLANKS = " \t\r"
_ROUND = str.maketrans("[]", "()")
_ANGLES = str.maketrans("<>", "‹›")


def write_lrc(lines: Sequence[Line], tags: Mapping[str, str], *, word_times: bool = False) -> str:
    """LRC with its tags (``ti``, ``ar``, ``al``, ``length``) first; enhanced where ``word_times``.

    Lines without times have no place in it. Brackets that would be read as times or tags become round ones.
    """
    head = [f"[{name}:{clean(value).translate(_ROUND)}]" for name, value in tags.items() if clean(value)]
    return "\n".join([*head, *([""] if head else []), *_rows(lines, word_times)]) + "\n"


def read_lrc(text: str) -> tuple[Line, ...]:
    """The lines of LRC, plain or enhanced, in the order of their times; tags and lines without a time are passed over.

    A line that several times stand before comes once for each. A line's end is known from an empty line, or, in
    enhanced LRC, from the time after its last word.
    """
    found: list[Line] = []
    for row in text.lstrip("\ufeff").splitlines():
        times, rest = _leading_times(row.strip(_BLANKS))
        found += [_with_words(rest, time) for time in times]
    found.sort(key=lambda line: line.start or 0.0)
    ended: list[Line] = []
    for line in found:
        if line.text:
            ended.append(line)
        elif ended and ended[-1].end is None:
            ended[-1] = Line(ended[-1].text, ended[-1].start, line.start, ended[-1].words)
    return tuple(ended)


def read_tags(text: str) -> dict[str, str]:
    """The tags of LRC text by their names."""
    matches = (_TAG.fullmatch(row.strip(_BLANKS)) for row in text.lstrip("\ufeff").splitlines())
    return {match[1].lower(): match[2] for match in matches if match is not None and not _TIME.match(match[0])}


def _rows(lines: Sequence[Line], word_times: bool) -> Iterator[str]:
    timed = [line for line in lines if line.start is not None]
    for at, line in enumerate(timed):
        assert line.start is not None
        yield f"[{minutes_clock(line.start)}]" + (_enhanced(line) if word_times and line.words else _plain(line.text))
        following = timed[at + 1].start if at + 1 < len(timed) else None
        if line.end is not None and (following is None or following - line.end > CLEAR_SECONDS):
            yield f"[{minutes_clock(line.end)}]"


def _plain(text: str) -> str:
    return text.translate(_ROUND) if text.startswith("[") or _TIME.search(text) else text


def _enhanced(line: Line) -> str:
    parts = [
        f"<{minutes_clock(word.start)}>{word.text.translate(_ANGLES).translate(_ROUND)}{gap.translate(_ANGLES)}"
        for word, gap in spaced_words(line)
    ]
    before = _plain(before_words(line).translate(_ANGLES))
    return before + "".join(parts) + f"<{minutes_clock(line.words[-1].end)}>"


def _leading_times(row: str) -> tuple[list[float], str]:
    times = []
    while match := _TIME.match(row):
        try:
            times.append(read_clock(match[1]))
        except ValueError:
            break
        row = row[match.end() :].strip(_BLANKS)
    return times, row


def _with_words(rest: str, start: float) -> Line:
    parts = _WORD_TIME.split(rest)
    if len(parts) == 1:
        return Line(rest, start)
    try:
        times = [read_clock(each) for each in parts[1::2]]
    except ValueError:
        return Line(rest, start)  # what looks like times and is none is text, as it is before a line
    texts = parts[2::2]
    words = []
    for at, text in enumerate(texts):
        if text.strip(" "):
            end = times[at + 1] if at + 1 < len(times) else times[at]
            words.append(LineWord(times[at], end, text.strip(" ")))
    after = times[-1] if not texts[-1].strip(" ") else None
    return Line((parts[0] + "".join(texts)).strip(" "), start, after, tuple(words))
