"""Which words of the lyrics were heard."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.speech.lyrics.lines import key, lines
from services.speech.lyrics.matching import matches

words = st.lists(st.sampled_from(["a", "b", "c", "dream", "dreams", "night"]), max_size=12)


def test_what_was_heard_as_it_is_matches_word_by_word() -> None:
    assert matches(["the", "night", "is", "long"], ["the", "night", "is", "long"]) == [0, 1, 2, 3]


def test_what_was_not_heard_matches_nothing_and_shifts_nobody() -> None:
    assert matches(["the", "night", "is", "very", "long"], ["the", "night", "is", "long"]) == [0, 1, 2, None, 3]
    assert matches(["the", "night", "is", "long"], ["oh", "the", "cold", "night", "is", "long"]) == [1, 3, 4, 5]


def test_a_word_that_was_misheard_is_still_the_same_word() -> None:
    assert matches(["keep", "on", "going", "home"], ["keep", "on", "goin", "home"]) == [0, 1, 2, 3]
    assert matches(["keep", "on", "going", "home"], ["keep", "on", "green", "home"]) == [0, 1, None, 3]


def test_a_chorus_is_matched_in_its_order() -> None:
    chorus, verse = ["sing", "it", "loud"], ["now", "the", "morning", "comes"]
    song = [*chorus, *verse, *chorus]
    assert matches(song, song) == list(range(len(song)))
    # The chorus that is heard once after the verse is the second one.
    assert matches(song, [*verse, *chorus]) == [None, None, None, 0, 1, 2, 3, 4, 5, 6]


def test_nothing_matches_nothing() -> None:
    assert matches([], ["a"]) == []
    assert matches(["a"], []) == [None]


@given(words, words)
def test_matches_rise_and_are_alike(wanted: list[str], heard: list[str]) -> None:
    found = matches(wanted, heard)
    assert len(found) == len(wanted)
    indices = [index for index in found if index is not None]
    assert all(first < second for first, second in pairwise(indices))
    assert all(wanted[at][0] == heard[index][0] for at, index in enumerate(found) if index is not None)


def test_lines_keep_their_numbers_and_what_is_no_word_belongs_to_one() -> None:
    first, second = lines("Well - I'm here!\n\n  — ¿Qué  tal?  \n...\n", "en")
    assert (first.number, first.text) == (1, "Well - I'm here!")
    assert first.pieces == (" Well -", " I'm", " here!")
    assert first.keys == ("well", "im", "here")
    assert (second.number, second.text, second.pieces) == (3, "— ¿Qué  tal?", (" — ¿Qué", " tal?"))


def test_lines_without_spaces_are_cut_by_character() -> None:
    (line,) = lines("時間が ok", "ja")
    assert line.pieces == ("時", "間", "が", "ok")
    assert lines("時間が", "en")[0].pieces == (" 時間が",)


def test_lines_without_spaces_are_cut_between_what_readers_see_as_characters() -> None:
    (thai,) = lines("กำลัง👨‍👩‍👧รัก", "th")
    # An emoji is no word, and belongs to the one before it.
    assert thai.pieces == ("กำ", "ลั", "ง👨‍👩‍👧", "รั", "ก")
    (burmese,) = lines("ကျွန်တော်", "my")
    assert burmese.pieces == ("ကျွ", "န်", "တော်")


@pytest.mark.parametrize(
    "text",
    [
        "می\u200cخواهم با تو",
        "Qui est\u00a0là\u202f? «\u00a0Moi\u00a0»",
        "Donau\u00addampf\u00adschiff",
        "\u200eleft\u200f right\u2066 isolated\u2069",
        "family 👨‍👩‍👧‍👦 and 🇩🇪 👋🏽",
        "two  spaces and\u2003a wide one",
    ],
)
def test_lines_are_kept_character_for_character(text: str) -> None:
    (line,) = lines(f"  {text}\t\n", "en")
    assert line.text == text
    at = 0
    for piece in line.pieces:
        at = text.index(piece.strip(" "), at) + len(piece.strip(" "))
    assert lines("a  b\u2003c\u00a0d", "en")[0].pieces == (" a", " b", " c\u00a0d")


def test_letters_are_compared_without_case_and_form() -> None:
    assert key("Straße,") == key("STRASSE")
    assert key("ﬁne") == "fine"
