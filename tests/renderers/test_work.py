"""The work of a rendering grows with what is rendered, and not with its square; it is counted and not timed."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest

import antiphon_renderers as renderers
from antiphon.speech.v1 import speech_service_pb2 as pb
from antiphon_renderers.breaking import MAX_CUE_WORDS
from antiphon_renderers.lines import Line, LineWord, spaced_words

SMALL = 4 * MAX_CUE_WORDS
"""Words of the smaller rendering: entries that are full, so that the part of one which is left is none in either."""


class Text(str):
    """A text that counts the characters that are searched."""

    searched = 0

    def find(self, *given: Any) -> int:
        """Searches, and counts what was looked at."""
        begin = given[1]
        found = super().find(*given)
        Text.searched += (len(self) if found < 0 else found) - begin
        return found


def not_in_the_text(count: int) -> pb.Transcript:
    """Words of which the text has none."""
    return _transcript("a " * count, ["zz"] * count)


def without_width(count: int) -> pb.Transcript:
    """Words of accents, which take no room, before one that takes much."""
    return _transcript("\u0301" * count + " " + "x" * 200, ["\u0301"] * count + ["x" * 200])


def without_end(count: int) -> pb.Transcript:
    """Words said at once, the last of which does not end."""
    found = _transcript("a " * count, ["a"] * count)
    found.segments[0].words[-1].end_offset.seconds = 10**9
    return found


def _transcript(text: str, words: list[str]) -> pb.Transcript:
    found = pb.Transcript()
    segment = found.segments.add(text=text)
    segment.start_offset.seconds, segment.end_offset.seconds = 0, 10
    for word in words:
        segment.words.add(text=word)
    return found


def steps(work: Callable[[], object]) -> int:
    """Lines of Python that a piece of work runs through."""
    count = 0

    def trace(frame: FrameType, event: str, argument: object) -> Any:
        nonlocal count
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        work()
    finally:
        sys.settrace(before)
    return count


@pytest.mark.parametrize("source", [not_in_the_text, without_width, without_end])
@pytest.mark.parametrize("breaking", [pb.LINE_BREAKING_SINGING, pb.LINE_BREAKING_SUBTITLES])
@pytest.mark.parametrize("limits", [{"max_line_characters": 10}, {"max_line_characters": 2**31 - 1}])
def test_twice_the_words_take_twice_the_steps(
    source: Callable[[int], pb.Transcript], breaking: pb.LineBreaking, limits: dict[str, int]
) -> None:
    def asked(count: int) -> pb.RenderTranscriptRequest:
        return pb.RenderTranscriptRequest(
            transcript=source(count),
            format=pb.RENDER_FORMAT_SRT,
            line_breaking=breaking,
            max_lines=2**31 - 1,
            **limits,
        )

    small, large = asked(SMALL), asked(2 * SMALL)
    renderers.answer(small)  # What is computed once, such as the patterns.
    # Four times for a square.
    assert steps(lambda: renderers.answer(large)) < 2.5 * steps(lambda: renderers.answer(small))


def test_a_text_is_searched_once_however_many_words_it_does_not_have() -> None:
    text = Text("a " * 1_000)
    Text.searched = 0
    words = tuple(LineWord(0.0, 1.0, "zz") for _ in range(1_000))
    assert [gap for _, gap in spaced_words(Line(text, 0.0, 1.0, words))] == [" "] * 999 + [""]
    assert Text.searched <= len(text)


def test_what_stands_between_words_is_kept_up_to_the_first_that_is_not_in_the_text() -> None:
    words = tuple(LineWord(0.0, 1.0, word) for word in ("one", "two", "other", "four"))
    line = Line("one, two - three: four", 0.0, 1.0, words)
    assert [gap for _, gap in spaced_words(line)] == [", ", " ", " ", ""]


def test_words_that_take_no_room_are_written_all_the_same() -> None:
    source = _transcript("\u0301" * 4, ["\u0301"] * 4)
    for at, word in enumerate(source.segments[0].words):
        word.start_offset.seconds, word.end_offset.seconds = 2 * at, 2 * at + 2
    assert renderers.render("srt", source).count("\u0301") == 4
