"""Subtitles: how long lines and entries may be, where they are cut, and that nothing is lost or made up by it."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.speech.v1 import speech_service_pb2 as pb
from antiphon_renderers import Breaking, Line, LineWord, RenderError, answer, lines_of, parse, render
from antiphon_renderers.breaking import for_subtitles
from antiphon_renderers.lines import clean
from antiphon_renderers.rows import Ruler, joined, wrapped
from tests.renderers.test_renderers import duration, segment, transcript

LONG = (
    "and mister john dashwood had then leisure to consider how much there might be prudently in his power "
    "to do for them"
)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=200).map(clean)
sentences = st.lists(st.text("abč,.é時間がンー、。한국", min_size=1, max_size=12), min_size=1, max_size=60).map(
    " ".join
)


def timed(text: str, seconds_each: float = 0.3, start: float = 0.0) -> pb.Transcript:
    """A segment whose words follow one another without a pause."""
    words = text.split()
    edges = [start + seconds_each * at for at in range(len(words) + 1)]
    return transcript(segment(text, edges[0], edges[-1], *zip(edges, edges[1:], words, strict=False)))


def cues(srt: str) -> list[list[str]]:
    """The rows of each cue's text."""
    return [block.split("\n")[2:] for block in srt.strip("\n").split("\n\n")]


@pytest.mark.parametrize("name", ["srt", "vtt"])
def test_a_long_segment_becomes_subtitles_of_two_lines_of_42_by_the_times_of_its_words(name: str) -> None:
    source = timed(LONG)
    text = render(name, source)
    found = parse(name, text)
    assert len(found) == 2
    assert all(len(row) <= 42 for row in text.splitlines())
    if name == "srt":
        assert cues(text) == [
            ["and mister john dashwood", "had then leisure to consider"],
            ["how much there might be", "prudently in his power to do for them"],
        ] or all(1 <= len(rows) <= 2 for rows in cues(text))
    assert " ".join(line.text for line in found) == LONG
    words = {word.text: word for word in lines_of(source)[0].words}
    # Each begins with the word that it begins with: nothing is reckoned from lengths.
    first = found[1].text.split()[0]
    assert found[1].start == pytest.approx(words[first].start, abs=0.001)
    assert found[0].end == pytest.approx(words[first].start, abs=0.001)


@pytest.mark.parametrize("name", ["srt", "vtt"])
def test_without_word_times_only_lines_are_broken(name: str) -> None:
    text = render(name, transcript(segment(LONG, 1.0, 8.0)))
    (line,) = parse(name, text)
    assert (line.text, line.start, line.end) == (LONG, 1.0, 8.0)
    rows = [row for row in text.splitlines() if row and row in LONG]
    assert [len(row) <= 42 for row in rows] == [True] * 3


def test_lines_of_one_subtitle_are_about_as_long_as_each_other() -> None:
    assert wrapped("he might even have been made amiable himself", 42) == [
        "he might even have been",
        "made amiable himself",
    ]
    assert wrapped("short", 42) == ["short"]
    assert wrapped("", 42) == []


def test_subtitles_are_cut_after_punctuation_and_in_long_pauses_and_stay_for_7_seconds() -> None:
    said = "He was not an ill disposed young man, unless to be rather cold hearted and rather selfish is to be so."
    assert [line.text[-1] for line in parse("srt", render("srt", timed(said)))] == [",", "."]
    slow = parse("srt", render("srt", timed("one two three four five six", 2.0)))
    assert [line.text for line in slow] == ["one two three", "four five six"]
    pause = transcript(segment("one two", 0.0, 6.0, (0.0, 1.0, "one"), (5.0, 6.0, "two")))
    assert [(line.text, line.start, line.end) for line in parse("srt", render("srt", pause))] == [
        ("one", 0.0, 1.0),
        ("two", 5.0, 6.0),
    ]


def test_no_entry_is_of_a_word_or_two_for_the_sake_of_a_dot() -> None:
    said = "And Mr. John Dashwood had then leisure to consider how much there might be prudently in his power to do."
    words = said.split()
    # A short pause after the second word.
    starts = [0.3 * at + (0.3 if at > 1 else 0.0) for at in range(len(words))]
    source = transcript(
        segment(said, 0.0, starts[-1] + 0.3, *((at, at + 0.3, word) for at, word in zip(starts, words, strict=True)))
    )
    found = parse("srt", render("srt", source))
    assert len(found) == 2
    assert all(len(line.text) > 30 for line in found)


def test_a_sentence_that_whisper_cut_is_put_together_and_another_one_or_a_pause_is_not() -> None:
    def parts(gap: float, stop: str = "") -> pb.Transcript:
        first = [(0.0, 0.5, "more"), (0.5, 1.0, "respectable"), (1.0, 1.5, "than" + stop)]
        second = [(1.5 + gap, 2.0 + gap, "he"), (2.0 + gap, 2.5 + gap, "was.")]
        return transcript(
            segment("more respectable than" + stop, 0.0, 1.5, *first), segment("he was.", 1.5 + gap, 2.5 + gap, *second)
        )

    (line,) = parse("srt", render("srt", parts(0.1)))
    assert (line.text, line.start, line.end) == ("more respectable than he was.", 0.0, 2.6)
    assert len(parse("srt", render("srt", parts(0.1, ".")))) == 2
    assert len(parse("srt", render("srt", parts(0.7)))) == 2
    assert len(parse("tsv", render("tsv", parts(0.1)))) == 2


@given(text=sentences, each=st.floats(0.0, 3.0), characters=st.integers(10, 60), lines=st.integers(1, 3))
def test_whatever_is_said_every_word_is_there_once_at_its_time(
    text: str, each: float, characters: int, lines: int
) -> None:
    source = timed(text, each)
    (whole,) = lines_of(source)
    found = for_subtitles([whole], characters, lines)
    assert [word for line in found for word in line.words] == list(whole.words)
    assert " ".join(line.text for line in found) == whole.text
    for line in found:
        assert (line.start, line.end) == (line.words[0].start, line.words[-1].end)
        alone = len(line.words) == 1
        assert alone or (line.end or 0.0) - (line.start or 0.0) <= 7.0
        assert alone or len(wrapped(line.text, characters)) <= lines
    for name in ("srt", "vtt"):
        layout = Breaking(max_characters=characters, max_lines=lines)
        read = parse(name, render(name, source, breaking=layout))
        assert [line.text for line in read] == [line.text for line in found]


@given(text=texts, columns=st.integers(1, 50))
def test_text_put_on_lines_and_together_again_is_the_same(text: str, columns: int) -> None:
    rows = wrapped(text, columns)
    assert joined(rows) == text
    assert all(rows)
    fits = [Ruler(row).width(0, len(row)) <= columns for row in rows]
    # What cannot be broken is one line, however long.
    assert all(fit or len(Ruler(row).rows(1)) == 1 for fit, row in zip(fits, rows, strict=True))


def test_chinese_and_japanese_are_broken_between_characters_of_two_columns_and_korean_at_spaces() -> None:
    japanese = "吾輩は猫である。名前はまだ無い。どこで生れたかとんと見当がつかぬ。"
    rows = wrapped(japanese, 42)
    assert "".join(rows) == japanese == joined(rows)
    assert all(len(row) <= 21 and row[0] not in "。、" for row in rows)
    # The full stop would be first on the second line.
    assert wrapped("ああ。", 4) == ["あ", "あ。"]
    korean = "나는 고양이로소이다 이름은 아직 없다"
    assert joined(wrapped(korean, 20)) == korean
    words = [(0.5 * at, 0.5 * at + 0.5, character) for at, character in enumerate(japanese)]
    read = parse("srt", render("srt", transcript(segment(japanese, 0.0, words[-1][1], *words))))
    assert len(read) > 1
    assert "".join(line.text for line in read) == japanese


def test_a_word_of_two_pieces_is_not_torn_apart() -> None:
    pieces = ((0.0, 1.0, "aaaaaa"), (1.0, 2.0, "ill"), (2.0, 3.0, "-disposed"), (3.0, 4.0, "bbbbbbb"))
    found = for_subtitles(lines_of(transcript(segment("aaaaaa ill-disposed bbbbbbb", 0.0, 4.0, *pieces))), 20, 1)
    assert [line.text for line in found] == ["aaaaaa ill-disposed", "bbbbbbb"]


def test_words_that_are_not_those_of_the_text_leave_it_whole() -> None:
    other = Line(LONG, 0.0, 9.0, (LineWord(0.0, 4.0, "something"), LineWord(4.0, 9.0, "else")))
    assert for_subtitles([other]) == (other,)


def test_the_other_formats_keep_segments_whole_unless_they_are_asked_not_to() -> None:
    source = timed(LONG)
    for name in ("lrc", "tsv", "txt"):
        assert [line.text for line in parse(name, render(name, source))] == [LONG]
        pieces = parse(name, render(name, source, breaking=Breaking("subtitles")))
        assert len(pieces) > 2
        assert all(len(line.text) <= 42 for line in pieces)
        assert " ".join(line.text for line in pieces) == LONG
    assert len(parse("json", render("json", source, breaking=Breaking("subtitles")))) == 1
    assert cues(render("srt", source, breaking=Breaking("segments"))) == [[LONG]]


def test_lyrics_that_were_given_are_put_on_lines_too_and_kept_whole_for_singing() -> None:
    (whole,) = timed(LONG).segments
    line = pb.AlignedLine(
        line_number=1, text=LONG, start_offset=whole.start_offset, end_offset=whole.end_offset, words=whole.words
    )
    lyrics = pb.AlignedLyrics(lines=[line])
    assert [len(row) <= 42 for row in itertools.chain(*cues(render("srt", lyrics)))] == [True] * 4
    assert render("lrc", lyrics, breaking=Breaking("singing")) == render("lrc", lyrics)
    # The next line follows at once, and stays a line.
    (second,) = timed("nothing is real", start=6.0).segments
    lyrics.lines.add(
        line_number=2,
        text=second.text,
        start_offset=second.start_offset,
        end_offset=second.end_offset,
        words=second.words,
    )
    assert parse("srt", render("srt", lyrics))[-1].text == "nothing is real"


def test_a_request_says_how_long_lines_are_and_how_many_there_may_be() -> None:
    request = pb.RenderTranscriptRequest(
        transcript=timed(LONG), format=pb.RENDER_FORMAT_SRT, max_line_characters=20, max_lines=3
    )
    found = cues(answer(request).text)
    assert max(map(len, found)) == 3
    assert all(len(row) <= 20 for rows in found for row in rows)
    request.line_breaking = pb.LINE_BREAKING_SEGMENTS
    assert cues(answer(request).text) == [[LONG]]
    request.format = pb.RENDER_FORMAT_TSV
    request.line_breaking = pb.LINE_BREAKING_SUBTITLES
    assert all(len(line.text) <= 20 for line in parse("tsv", answer(request).text))


def test_a_segment_of_an_hour_is_broken_in_a_moment() -> None:
    text = " ".join(["word"] * 50_000)
    found = parse("srt", render("srt", timed(text, 0.1)))
    assert sum(len(line.text.split()) for line in found) == 50_000


@pytest.mark.parametrize("by", ["", "lines"])
def test_another_way_of_breaking_is_refused(by: str) -> None:
    with pytest.raises(RenderError, match="segments, subtitles, singing"):
        Breaking(by)


def test_a_pause_of_no_length_is_refused() -> None:
    assert duration(0).ToNanoseconds() == 0
    for seconds in (0.0, -1.0, float("nan")):
        with pytest.raises(RenderError, match="give one above 0"):
            Breaking(pause_seconds=seconds)
