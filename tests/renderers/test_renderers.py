"""Every format read again after it was written, and text that would break it."""

from __future__ import annotations

import json
import re

import pytest
from google.protobuf.duration_pb2 import Duration
from hypothesis import given
from hypothesis import strategies as st

import antiphon_renderers as renderers
from antiphon.speech.v1 import speech_service_pb2 as pb
from antiphon_renderers import Labels, RenderError, lines_of, parse, render
from antiphon_renderers.breaking import Breaking, for_singing
from antiphon_renderers.clock import hours_clock, minutes_clock, read_clock
from antiphon_renderers.lines import MAX_BLANK_LINES, clean
from antiphon_renderers.lyrics import read_tags

TIMED = ("srt", "vtt", "lrc", "elrc", "tsv")


def duration(seconds: float) -> Duration:
    """Seconds as a Duration."""
    message = Duration()
    message.FromNanoseconds(round(seconds * 1e9))
    return message


def segment(text: str, start: float, end: float, *words: tuple[float, float, str]) -> pb.Segment:
    """A segment with words, if any are given."""
    return pb.Segment(
        start_offset=duration(start),
        end_offset=duration(end),
        text=text,
        words=[pb.Word(start_offset=duration(a), end_offset=duration(b), text=word) for a, b, word in words],
    )


def transcript(*segments: pb.Segment) -> pb.Transcript:
    """A transcript of these."""
    return pb.Transcript(segments=segments)


SONG = transcript(
    segment("Time stands still,", 1.62, 5.5, (1.62, 2.6, "Time"), (2.6, 3.1, "stands"), (4.0, 5.5, "still,")),
    segment("čekam te.", 59.996, 61.2, (59.996, 60.5, "čekam"), (60.5, 61.2, "te.")),
    segment("[Music] <b>&amp; 1 --> 2", 3725.5, 3726.0),
)

texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40)
spans = st.lists(st.tuples(st.floats(0, 30_000), st.floats(0, 30), texts), max_size=8)


def of(raw: list[tuple[float, float, str]]) -> pb.Transcript:
    """A transcript of starts, lengths and texts, in any order."""
    return transcript(*(segment(text, start, start + length) for start, length, text in raw))


@given(st.floats(0, 100_000))
def test_a_time_of_lrc_read_again_is_within_10_ms_and_never_has_60_seconds(seconds: float) -> None:
    text = minutes_clock(seconds)
    assert re.fullmatch(r"\d{2,}:[0-5]\d\.\d\d", text)
    assert abs(read_clock(text) - seconds) <= 0.010
    assert re.fullmatch(r"\d{2,}:[0-5]\d:[0-5]\d,\d{3}", hours_clock(seconds, ","))
    assert abs(read_clock(hours_clock(seconds, ",")) - seconds) <= 0.001


def test_the_second_before_a_minute_is_carried_over() -> None:
    # "%05.2f" makes 60.00 of these.
    assert minutes_clock(59.995) in ("00:59.99", "01:00.00")
    assert minutes_clock(59.999) == "01:00.00"
    assert hours_clock(3599.9996, ".") == "01:00:00.000"
    with pytest.raises(ValueError, match="below 60"):
        read_clock("00:60.00")


@pytest.mark.parametrize("name", TIMED)
@given(raw=spans)
def test_what_was_written_is_read_again_with_its_times(name: str, raw: list[tuple[float, float, str]]) -> None:
    source = of(raw)
    wanted = [line for line in lines_of(source) if line.start is not None]
    found = parse(name, render(name, source))
    # LRC rewrites brackets, SRT arrows; what the text is besides must come through.
    same = str.maketrans("[]‹›", "()<>")
    assert [line.text.translate(same).replace("→", "-->") for line in found] == [
        line.text.translate(same).replace("→", "-->") for line in wanted
    ]
    for got, line in zip(found, wanted, strict=True):
        assert got.start == pytest.approx(line.start, abs=0.0101)
        if got.end is not None and line.end is not None:
            assert got.end == pytest.approx(line.end, abs=0.0101)
    starts = [line.start or 0.0 for line in found]
    assert starts == sorted(starts)


@given(raw=spans)
def test_plain_text_has_a_line_for_each_segment(raw: list[tuple[float, float, str]]) -> None:
    source = of(raw)
    assert [line.text for line in parse("txt", render("txt", source))] == [line.text for line in lines_of(source)]


@given(raw=spans)
def test_json_holds_the_message_itself(raw: list[tuple[float, float, str]]) -> None:
    source = of(raw)
    assert parse("json", render("json", source)) == lines_of(source)


@pytest.mark.parametrize("name", sorted(renderers.FORMATS))
def test_nothing_gives_a_file_that_is_read_as_nothing(name: str) -> None:
    assert parse(name, render(name, pb.Transcript())) == ()


def test_srt_is_written_as_players_want_it() -> None:
    assert render("srt", SONG).startswith(
        "1\n00:00:01,620 --> 00:00:05,500\nTime stands still,\n\n2\n00:00:59,996 --> "
    )
    assert "3\n01:02:05,500 --> 01:02:06,000\n[Music] <b>&amp; 1 → 2\n" in render("srt", SONG)


def test_vtt_has_its_header_and_escapes_markup() -> None:
    text = render("vtt", SONG)
    assert text.startswith("WEBVTT\n\n00:00:01.620 --> 00:00:05.500\n")
    assert "&lt;b&gt;&amp;amp; 1 --&gt; 2" in text
    assert parse("vtt", text)[2].text == "[Music] <b>&amp; 1 --> 2"


def test_lrc_has_its_tags_and_clears_the_screen_before_a_long_pause() -> None:
    text = render("lrc", SONG, labels=Labels("Pjesma [live]", "Ana", "", 3599.7))
    assert text.splitlines() == [
        "[ti:Pjesma (live)]",
        "[ar:Ana]",
        "[length:60:00]",
        "",
        "[00:01.62]Time stands still,",
        "[00:05.50]",
        "[01:00.00]čekam te.",
        "[01:01.20]",
        "[62:05.50](Music) <b>&amp; 1 --> 2",
        "[62:06.00]",
    ]
    assert read_tags(text) == {"ti": "Pjesma (live)", "ar": "Ana", "length": "60:00"}


def test_enhanced_lrc_has_the_time_of_each_word_and_of_the_end() -> None:
    row = render("elrc", SONG).splitlines()[0]
    assert row == "[00:01.62]<00:01.62>Time <00:02.60>stands <00:04.00>still,<00:05.50>"
    (line, *_) = parse("elrc", render("elrc", SONG))
    assert [(word.start, word.text) for word in line.words] == [(1.62, "Time"), (2.6, "stands"), (4.0, "still,")]
    assert line.end == 5.5


def test_words_written_without_spaces_stay_together() -> None:
    source = transcript(segment("時間が", 0.0, 1.0, (0.0, 0.5, "時間"), (0.5, 1.0, "が")))
    assert render("elrc", source) == "[00:00.00]<00:00.00>時間<00:00.50>が<00:01.00>\n[00:01.00]\n"


def test_a_word_that_looks_like_a_time_is_not_one() -> None:
    source = transcript(segment("<00:09.00> x", 1.0, 2.0, (1.0, 1.5, "<00:09.00>"), (1.5, 2.0, "x")))
    (line,) = parse("elrc", render("elrc", source))
    assert [word.start for word in line.words] == [1.0, 1.5]
    (plain,) = parse("lrc", render("lrc", transcript(segment("[00:09.00] x", 1.0, 2.0))))
    assert plain.start == 1.0


def test_a_line_with_several_times_is_sung_as_often() -> None:
    lines = parse("lrc", "[ar:x]\n[00:10.00][00:01.50]La la\n[00:05.00]Da\n")
    assert [(line.start, line.text) for line in lines] == [(1.5, "La la"), (5.0, "Da"), (10.0, "La la")]


def test_what_looks_like_a_words_time_and_is_none_is_text() -> None:
    (line,) = parse("elrc", "[00:01.00]<00:01.00>one <00:80.00>two")
    assert (line.text, line.start, line.words) == ("<00:01.00>one <00:80.00>two", 1.0, ())


def test_times_never_go_back() -> None:
    source = transcript(segment("b", 5.0, 6.0), segment("a", 1.0, 5.5), segment("c", 5.2, 5.1))
    assert [(line.start, line.end) for line in lines_of(source)] == [(5.0, 6.0), (6.0, 6.0), (6.0, 6.0)]


def test_lyrics_that_were_not_found_have_no_place_among_times() -> None:
    found = pb.AlignedLine(line_number=1, text="One", start_offset=duration(1), end_offset=duration(2))
    lyrics = pb.AlignedLyrics(lines=[found, pb.AlignedLine(line_number=2, text="Two")])
    for name in TIMED:
        assert [line.text for line in parse(name, render(name, lyrics))] == ["One"]
    assert render("txt", lyrics) == "One\nTwo\n"
    assert [line.start for line in parse("json", render("json", lyrics))] == [1.0, None]


def test_singing_is_broken_at_pauses_and_where_it_is_long() -> None:
    words = [
        (at * 0.5, at * 0.5 + 0.4, word) for at, word in enumerate(["one", "two", "three,", "four", "five", "six"])
    ]
    late = [(start + 10, end + 10, word) for start, end, word in words]
    source = transcript(segment("one two three, four five six one two three, four five six", 0.0, 13.0, *words, *late))
    broken = for_singing(lines_of(source), max_characters=20)
    assert [line.text for line in broken] == ["one two three,", "four five six"] * 2
    assert [(line.start, line.end) for line in broken[:2]] == [(0.0, 1.4), (1.5, 2.9)]
    assert for_singing(lines_of(source), max_characters=100)[0].text == "one two three, four five six"


@given(texts)
def test_clean_text_is_on_one_line(text: str) -> None:
    assert len(clean(text).splitlines()) <= 1
    assert "\t" not in clean(text)


def test_a_request_is_answered_with_the_files_name_and_type() -> None:
    answer = renderers.answer(
        pb.RenderTranscriptRequest(transcript=SONG, format=pb.RENDER_FORMAT_ENHANCED_LRC, title="Pjesma")
    )
    assert (answer.file_extension, answer.media_type) == ("lrc", "application/x-lrc")
    assert answer.text.startswith("[ti:Pjesma]\n\n[00:01.62]<00:01.62>Time")
    document = renderers.answer(pb.RenderTranscriptRequest(transcript=SONG, format=pb.RENDER_FORMAT_JSON)).text
    assert json.loads(document)["segments"][1]["text"] == "čekam te."


@pytest.mark.parametrize(
    ("request_", "reason", "field"),
    [
        (pb.RenderTranscriptRequest(transcript=SONG), "RENDER_FORMAT", "format"),
        (pb.RenderTranscriptRequest(format=pb.RENDER_FORMAT_SRT), "RENDER_SOURCE", "source"),
        (
            pb.RenderTranscriptRequest(
                transcript=SONG, format=1, line_breaking=pb.LINE_BREAKING_SINGING, max_line_characters=5
            ),
            "MAX_LINE_CHARACTERS",
            "max_line_characters",
        ),
        (pb.RenderTranscriptRequest(transcript=SONG, format=1, max_lines=0), "MAX_LINES", "max_lines"),
        (pb.RenderTranscriptRequest(transcript=SONG, format=1, line_breaking=9), "LINE_BREAKING", "line_breaking"),
        (
            pb.RenderTranscriptRequest(
                transcript=SONG, format=1, line_breaking=pb.LINE_BREAKING_SINGING, pause_duration=duration(0)
            ),
            "PAUSE",
            "pause_duration",
        ),
    ],
)
def test_a_request_that_cannot_be_answered_names_its_field(
    request_: pb.RenderTranscriptRequest, reason: str, field: str
) -> None:
    with pytest.raises(RenderError) as caught:
        renderers.answer(request_)
    assert (caught.value.reason, caught.value.field) == (reason, field)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("srt", "1\nnot a time\nx"),
        ("vtt", "00:00.000 --> 00:01.000\nx"),
        ("tsv", "a\tb\tc"),
        ("json", "[]"),
        ("json", "[" * 100_000),
        ("srt", "9" * 400 + ":00:00,000 --> 00:00:01,000\nx"),
        ("tsv", "start\tend\ttext\n²\t3\tx"),
        ("tsv", "start\tend\ttext\n" + "9" * 400 + "\t3\tx"),
        ("xml", ""),
    ],
)
def test_text_in_another_format_is_refused(name: str, text: str) -> None:
    with pytest.raises(RenderError):
        parse(name, text)


def test_a_time_that_is_none_is_refused_in_json_by_name() -> None:
    transcript = pb.Transcript(segments=[pb.Segment(text="x")])
    transcript.segments[0].end_offset.nanos = 1_463_741_824
    with pytest.raises(RenderError) as caught:
        renderers.answer(pb.RenderTranscriptRequest(format=pb.RENDER_FORMAT_JSON, transcript=transcript))
    assert (caught.value.reason, caught.value.field) == ("RENDER_SOURCE", "source")


def test_plain_text_has_the_blank_lines_of_the_lyrics() -> None:
    lines = [pb.AlignedLine(line_number=number, text=text) for number, text in ((2, "One"), (3, "Two"), (6, "♪"))]
    assert render("txt", pb.AlignedLyrics(lines=lines)) == "\nOne\nTwo\n\n\n♪\n"


def test_lyrics_that_were_given_come_back_to_the_character_in_plain_text() -> None:
    given = "\t One \u200c\u00ad\r\n\r\nTwo\u2028 Three  \n\n \n\n"
    lyrics = pb.AlignedLyrics(lines=[pb.AlignedLine(line_number=1, text="One \u200c\u00ad")])
    lyrics.summary.lyrics = given
    assert render("txt", lyrics) == given
    broken = render("txt", lyrics, breaking=Breaking("subtitles", max_characters=20))
    assert broken != given, "whoever wants other lines gets those"


def test_a_number_of_any_size_makes_no_text_of_any_size() -> None:
    lines = [pb.AlignedLine(line_number=2**31 - 1, text="One"), pb.AlignedLine(line_number=5, text="Two")]
    assert len(render("txt", pb.AlignedLyrics(lines=lines))) == MAX_BLANK_LINES + len("One\nTwo\n")


def spoken(*said: tuple[str, str]) -> pb.Transcript:
    """A transcript of segments of a second, each with its speaker."""
    found = pb.Transcript()
    for at, (speaker, text) in enumerate(said):
        segment = found.segments.add(text=text, speaker=speaker)
        segment.start_offset.FromSeconds(at)
        segment.end_offset.FromSeconds(at + 1)
    return found


TALK = spoken(("speaker 1", "Hello."), ("speaker 2", "Hello & good <day>."), ("speaker 1", "Bye."))


def test_speakers_stand_where_each_format_has_a_place_for_them() -> None:
    assert "<v speaker 2>Hello &amp; good &lt;day&gt;.\n" in render("vtt", TALK)
    assert "00:00:00,000 --> 00:00:01,000\nspeaker 1: Hello.\n" in render("srt", TALK)
    assert render("txt", TALK).splitlines() == [
        "speaker 1: Hello.",
        "speaker 2: Hello & good <day>.",
        "speaker 1: Bye.",
    ]
    assert [(line.speaker, line.text) for line in parse("vtt", render("vtt", TALK))] == [
        ("speaker 1", "Hello."),
        ("speaker 2", "Hello & good <day>."),
        ("speaker 1", "Bye."),
    ]
    odd = spoken(("<b> & co", "x"))
    assert parse("vtt", render("vtt", odd))[0].speaker == "‹b› & co"


def test_diarized_json_is_that_of_openais_api() -> None:
    TALK.summary.source.duration.FromSeconds(3)
    document = json.loads(render("diarized_json", TALK))
    assert (document["task"], document["duration"], document["text"]) == (
        "transcribe",
        3.0,
        "Hello. Hello & good <day>. Bye.",
    )
    assert document["segments"][1] == {
        "type": "transcript.text.segment",
        "id": "seg_1",
        "start": 1.0,
        "end": 2.0,
        "speaker": "B",
        "text": "Hello & good <day>.",
    }
    assert [line.speaker for line in parse("diarized_json", render("diarized_json", TALK))] == ["A", "B", "A"]


@pytest.mark.parametrize("source", [spoken(("", "Hello.")), pb.AlignedLyrics(lines=[pb.AlignedLine(text="One")])])
def test_what_has_no_speakers_is_no_diarized_json(source: pb.Transcript | pb.AlignedLyrics) -> None:
    with pytest.raises(RenderError) as caught:
        render("diarized_json", source)
    assert (caught.value.reason, caught.value.field) == ("RENDER_SOURCE", "source")


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"segments": [{"text": "x"}]}', '{"segments": 1}', "[" * 100_000])
def test_what_is_no_diarized_json_is_told(text: str) -> None:
    with pytest.raises(RenderError, match="diarized") as caught:
        parse("diarized_json", text)
    assert caught.value.reason == "RENDER_TEXT"


def test_a_sentence_never_goes_on_in_what_another_says() -> None:
    talk = pb.Transcript()
    for at, (speaker, word) in enumerate((("speaker 1", "and"), ("speaker 2", "so"))):
        segment = talk.segments.add(text=word, speaker=speaker)
        segment.words.add(text=word, speaker=speaker)
        for message in (segment, segment.words[0]):
            message.start_offset.FromMilliseconds(at * 300)
            message.end_offset.FromMilliseconds(at * 300 + 300)
    assert [line.speaker for line in parse("vtt", render("vtt", talk))] == ["speaker 1", "speaker 2"]
