"""Text of every script is kept: no tag, row or entry begins inside a character, and rows end where they may."""

from __future__ import annotations

from itertools import accumulate, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.speech.v1 import speech_service_pb2 as pb
from antiphon_renderers import FORMATS, Breaking, lines_of, parse, render
from antiphon_renderers.breaking import for_singing, for_subtitles
from antiphon_renderers.clusters import cluster_starts, clusters, continues, line_starts
from antiphon_renderers.lines import clean, places_of
from antiphon_renderers.rows import Ruler, joined, wrapped
from tests.renderers.test_renderers import duration, segment, transcript

SCRIPTS = {
    "Thai": "ฉันรักเธอมากกว่าใครในโลกนี้ เพราะเธอคือคนที่ฉันรอคอยมานานแสนนาน",
    "Lao": "ຂ້ອຍຮັກເຈົ້າຫຼາຍກວ່າໃຜໃນໂລກນີ້ ແລະຈະຮັກຕະຫຼອດໄປ",
    "Khmer": "ខ្ញុំស្រឡាញ់អ្នកជាងនរណាម្នាក់នៅលើលោក ហើយនឹងស្រឡាញ់ជានិច្ច",
    "Burmese": "ကျွန်တော်မင်းကိုကမ္ဘာပေါ်ကဘယ်သူ့ထက်မဆိုချစ်တယ်",
    "Tibetan": "བོད་སྐད་ཀྱི་གླུ་དབྱངས་འདི་ཧ་ཅང་སྙན་པོ་འདུག",
    "Arabic": "أُحِبُّكَ أَكْثَرَ مِنْ أَيِّ شَخْصٍ فِي هٰذَا الْعَالَمِ يَا حَبِيبِي",
    "Persian": "می\u200cخواهم با تو بروم و نمی\u200cدانم کجا می\u200cرویم، نامه\u200cهای ما",
    "Hebrew": "אֲנִי אוֹהֵב אוֹתָךְ יוֹתֵר מִכֹּל\u200f, וְאֶת הַשִּׁיר הַזֶּה",
    "Hindi": "मैं तुमसे प्यार करता हूँ और क्षण भर की स्मृति में श्रद्धा रखता हूँ",
    "Tamil": "நான் உன்னை நேசிக்கிறேன் என்று சொல்லவே இல்லை",
    "Japanese": "「東京」へ、行きたい。きょうは、ちょっとカーテンを（そっと）開けて…",
    "Chinese": "我爱你，胜过世上的任何人。“你好吗？”她说：《月亮》！",
    "Korean": "나는 고양이로소이다 이름은 아직 없다 어디서 태어났는지",
    "French": "Qui est\u00a0là\u202f? «\u00a0Moi\u00a0», dit-il\u202f; l’été\u2009–\u2009déjà",
    "emoji": "we 👨‍👩‍👧‍👦 are 🇩🇪🇫🇷 one 🏴󠁧󠁢󠁳󠁣󠁴󠁿 family ❤️‍🔥 of 👋🏽 hands and keys 1️⃣",
    "soft hyphens": "Donau\u00addampf\u00adschiff\u00adfahrt on and on and on",
    "marks": "\u200eleft\u200f right\u2066 isolated\u2069 word\u2060joiner and so on and on",
}
NEVER_FIRST = "、。，！？：》）」”…ょっーะาำๆฯ"
NEVER_LAST = "（「《“เแโใไ"
mixed = st.lists(
    st.one_of(
        st.sampled_from([piece for text in SCRIPTS.values() for piece in clusters(text)]),
        st.sampled_from([word for text in SCRIPTS.values() for word in text.split(" ")]),
        st.just(" "),
    ),
    min_size=1,
    max_size=80,
).map(lambda parts: clean("".join(parts)))


def by_character(text: str, pause: float = 0.0) -> pb.Transcript:
    """A segment whose words are its code points, as Whisper gives those of scripts without spaces."""
    found = segment(text, 0.0, 0.5 * len(text) + pause)
    at = 0.0
    for character in text:
        if character != " ":
            found.words.add(text=character, start_offset=duration(at), end_offset=duration(at + 0.5))
        at += 0.5 + pause
    return transcript(found)


def _letters(text: str) -> str:
    """The text without spaces of any kind: what Whisper gives as a word is more than a space."""
    return "".join(text.split())


@pytest.mark.parametrize("columns", [10, 16, 42])
@pytest.mark.parametrize("name", SCRIPTS)
def test_rows_begin_where_the_script_allows_and_together_are_the_text(name: str, columns: int) -> None:
    text = SCRIPTS[name]
    rows = wrapped(text, columns)
    assert joined(rows) == text
    at, legal = 0, {0, *line_starts(text)}
    for row in rows:
        at = text.index(row, at)
        assert at in legal
        at += len(row)
        assert row[0] not in NEVER_FIRST
        assert row[-1] not in NEVER_LAST
    if columns == 42:
        assert all(Ruler(row).width(0, len(row)) <= columns for row in rows)


@pytest.mark.parametrize("name", ["Thai", "Lao", "Khmer", "Burmese"])
def test_scripts_without_spaces_are_broken_between_words(name: str) -> None:
    rows = wrapped(SCRIPTS[name], 20)
    assert len(rows) > 1
    assert all(Ruler(row).width(0, len(row)) <= 20 for row in rows)


def test_thai_is_broken_between_the_words_of_its_dictionary() -> None:
    assert wrapped("ฉันรักเธอมากกว่าใคร", 9) == ["ฉันรักเธอ", "มากกว่าใคร"]


@given(text=mixed, columns=st.integers(1, 60))
def test_whatever_the_text_its_rows_are_cut_between_characters_and_give_it_back(text: str, columns: int) -> None:
    rows = wrapped(text, columns)
    assert joined(rows) == text
    at, starts, legal = 0, cluster_starts(text), {0, *line_starts(text)}
    for row in rows:
        at = text.index(row, at)
        assert at in starts
        assert at in legal
        at += len(row)


@given(text=mixed, pause=st.sampled_from([0.0, 0.7]), columns=st.integers(10, 60))
def test_no_word_and_no_entry_begins_inside_a_character(text: str, pause: float, columns: int) -> None:
    source = by_character(text, pause)
    for line in lines_of(source):
        starts = cluster_starts(line.text)
        assert set(places_of(line)) <= starts
        assert _letters("".join(word.text for word in line.words)) == _letters(line.text)
        for broken in (for_singing([line], columns), for_subtitles([line], columns, 2)):
            assert _letters("".join(each.text for each in broken)) == _letters(line.text)
            at, legal = 0, {0, *line_starts(line.text)}
            for each in broken:
                at = line.text.index(each.text, at)
                assert at in starts
                assert at in legal or line.text[at - 1] == " "
                at += len(each.text)


@pytest.mark.parametrize("name", SCRIPTS)
@pytest.mark.parametrize("form", [name for name in FORMATS if "json" not in name])
def test_lyrics_that_were_given_come_back_character_for_character(name: str, form: str) -> None:
    text = SCRIPTS[name]
    line = pb.AlignedLine(line_number=1, text=text, start_offset=duration(0.0), end_offset=duration(9.0))
    for at, word in enumerate(text.split(" ")):
        line.words.add(text=word, start_offset=duration(0.5 * at), end_offset=duration(0.5 * at + 0.5))
    written = render(form, pb.AlignedLyrics(lines=[line]), breaking=Breaking("segments"))
    (read,) = parse(form, written)
    assert read.text == text
    if form == "txt":
        assert written == text + "\n"
    if form == "elrc":
        assert [word.text for word in read.words] == text.split(" ")


def test_word_tags_of_code_points_stand_before_whole_characters_and_keep_the_text() -> None:
    row = render("elrc", by_character("กำลังรัก 👨‍👩‍👧 ❤️"))
    tags = row.partition("]")[2].strip().split("<")[1:-1]
    assert [tag.partition(">")[2].strip() for tag in tags] == ["กำ", "ลั", "ง", "รั", "ก", "👨‍👩‍👧", "❤️"]


def test_what_stands_beside_the_words_is_in_enhanced_lrc_too() -> None:
    line = pb.AlignedLine(text="♪ la la ♪", start_offset=duration(1.0), end_offset=duration(2.0))
    line.words.add(text="la", start_offset=duration(1.0), end_offset=duration(1.5))
    line.words.add(text="la", start_offset=duration(1.5), end_offset=duration(2.0))
    written = render("elrc", pb.AlignedLyrics(lines=[line]))
    assert written.splitlines()[0] == "[00:01.00]♪ <00:01.00>la <00:01.50>la ♪<00:02.00>"
    assert parse("elrc", written)[0].text == "♪ la la ♪"


def test_several_spaces_and_wide_ones_are_kept() -> None:
    for text in (
        "one  two   three four",
        "ひらがな\u3000カタカナ\u3000漢字",
        "ខ្ញុំ\u200bស្រឡាញ់\u200bអ្នក",
        "a\u2003b\u2009c",
    ):
        assert clean(text) == text
        assert joined(wrapped(text, 10)) == text


def test_what_is_no_character_or_breaks_lines_becomes_a_space() -> None:
    assert clean("\ta\r\nb\u2028c\x00d\x85 ") == "a  b c d"


def test_pieces_that_begin_within_a_character_are_told() -> None:
    for text in ("กำ", "é"[:1] + "e\u0301", "👨‍👩‍👧", "🇩🇪", "स्त", "각"):
        (last,) = clusters(text)[-1:]
        assert all(continues(last[:at], last[at:]) for at in range(1, len(last)))
    for before, after in pairwise(["a", "b", "ก", "ข", "👋", "x"]):
        assert not continues(before, after)


def test_an_emoji_of_several_parts_takes_two_columns() -> None:
    for emoji in ("👨‍👩‍👧‍👦", "🇩🇪", "❤️", "👋🏽"):
        assert Ruler(emoji).width(0, len(emoji)) == 2
    assert list(accumulate(map(len, clusters("👋🏽a")))) == [2, 3]
