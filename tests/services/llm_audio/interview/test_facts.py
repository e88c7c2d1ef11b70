"""Out of the JSON of other services come the few facts worth telling, and what prompts may name."""

from __future__ import annotations

import json

import pytest

from antiphon_wire.errors import AntiphonError
from services.llm_audio.contract import PROMPT_NAMES, Prompt, answer_key
from services.llm_audio.interview.facts import MAX_SHOWN, Facts
from services.llm_audio.interview.prompts import WORDING, given, question
from tests.services.llm_audio.conftest import SONG


def test_a_song_is_told_in_words_with_units_and_paths() -> None:
    shown = {fact.label: (fact.text, fact.path) for fact in Facts(SONG).shown}
    assert shown == {
        "length": ("10.9 seconds", "essentia.features.signal.duration_seconds"),
        "tempo": ("109.9 BPM", "essentia.features.rhythm.bpm"),
        "key": ("F major", "essentia.features.tonal.key_tonic"),
        "loudness": ("-9.3 LUFS", "essentia.features.loudness.integrated_lufs"),
        "genres": ("rock", "essentia.tag_sets"),
        "instruments": ("guitar", "essentia.tag_sets"),
        "voices": ("female vocalists", "essentia.tag_sets"),
        "language": ("en", "speech.summary.language_code"),
        "words": ('"Time stands still."', "speech.segments"),
    }


def test_what_was_not_measured_is_not_told() -> None:
    assert not Facts({"essentia": {"features": {"rhythm": {}}}, "speech": {"segments": []}})


def test_tags_of_made_up_weights_are_left_out() -> None:
    tags = [{"name": "rock", "score": 0.9}]
    assert not Facts({"essentia": {"tag_sets": [{"stand_in": True, "tags": tags}]}})


def test_a_callers_own_facts_are_told_by_their_paths() -> None:
    own = {"title": "Blue", "artist": {"name": "Ana"}, "tempo": 100, "live": False, "moods": ["calm", "dark"]}
    assert {fact.path: fact.text for fact in Facts(own).shown} == {
        "title": "Blue",
        "artist.name": "Ana",
        "tempo": "100",
        "live": "no",
        "moods": "calm, dark",
    }


def test_what_is_told_is_bounded() -> None:
    facts = Facts({**{f"name{index}": index for index in range(500)}, "lyrics": "la " * 5000})
    assert len(facts.shown) == MAX_SHOWN
    assert len(given(facts)) < 10_000
    assert len(Facts({"lyrics": "la " * 5000}).shown[0].text) <= 602


@pytest.mark.parametrize("text", ["{", "[1]", '"words"', "3", "[" * 100_000, '{"essentia": 3}', '{"speech": []}'])
def test_what_is_no_object_is_refused(text: str) -> None:
    with pytest.raises(AntiphonError, match="FACTS_JSON") as caught:
        Facts.parse(text)
    assert caught.value.field == "config.facts_json"


def test_no_text_is_no_facts() -> None:
    assert not Facts.parse("")


def test_placeholders_are_filled_from_the_facts() -> None:
    facts = Facts.parse(json.dumps({**SONG, "title": "Blue"}))
    asked = Prompt("mine", "{title}: {genres} at {bpm}, in {key}, with {instruments}; {lyrics}")
    assert question(asked, facts) == 'Blue: rock at 109.9, in F major, with guitar; "Time stands still."'
    assert "tempo: 109.9 BPM" in question(Prompt("mine", "{metadata}"), facts)


def test_a_placeholder_without_a_fact_is_refused_with_those_there_are() -> None:
    with pytest.raises(AntiphonError, match="PROMPT_PLACEHOLDER") as caught:
        question(Prompt("mine", "{mood_of_the_day}"), Facts(SONG))
    assert "bpm" in caught.value.metadata["known"]


def test_every_name_has_a_wording_and_a_key() -> None:
    assert set(WORDING) == set(PROMPT_NAMES)
    assert [answer_key("full", heard) for heard in (True, False)] == ["music_flamingo_full", "description_full"]


@pytest.mark.parametrize(
    "text",
    [
        '{"a": %s}' % ("9" * 400),
        '{"a": -%s}' % ("9" * 100_000),
        '{"essentia": {"features": {"rhythm": {"bpm": %s}}}}' % ("9" * 400),
        '{"essentia": {"features": {"rhythm": {"bpm": NaN}}}}',
        '{"essentia": {"tag_sets": [{"tags": [{"name": "rock", "score": Infinity}]}]}}',
        '{"a": -Infinity}',
        '{"a": 1e999}',
        '{"a": "\\ud800"}',
        '{"\\udfff": 1}',
        '{"a": [["\\ud800\\ud800"]]}',
    ],
    ids=["400-digits", "many-digits", "bpm", "nan", "score", "infinity", "overflow", "surrogate", "name", "deep"],
)
def test_what_is_no_number_and_no_text_is_refused_and_told_to_nobody(text: str) -> None:
    with pytest.raises(AntiphonError, match="FACTS_JSON") as caught:
        Facts.parse(text)
    assert (caught.value.code, caught.value.field) == ("INVALID_ARGUMENT", "config.facts_json")
    assert len(caught.value.message) < 400
    assert caught.value.message.encode()


def test_a_pair_of_surrogates_is_the_letter_that_it_spells() -> None:
    assert Facts.parse('{"title": "\\ud83c\\udfb5"}').shown[0].text == "🎵"


@pytest.mark.parametrize("depth", [300, 900, 5000])
def test_deep_facts_are_told_or_refused(depth: int) -> None:
    try:
        assert len(Facts.parse('{"a":' * depth + "1" + "}" * depth).shown) == 1
    except AntiphonError as error:
        assert error.reason == "FACTS_JSON"
