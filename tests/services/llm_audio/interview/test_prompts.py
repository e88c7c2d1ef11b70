"""Questions: their wording, and placeholders that are counted before they are filled."""

from __future__ import annotations

import pytest

from antiphon_wire.errors import AntiphonError
from services.llm_audio.contract import MAX_PROMPT_CHARACTERS, Prompt
from services.llm_audio.interview.facts import Facts
from services.llm_audio.interview.prompts import MAX_QUESTION_CHARACTERS, question

LARGE = Facts({f"note{at}": "word " * 110 for at in range(60)})


def test_a_placeholder_is_filled_from_the_facts() -> None:
    assert question(Prompt("mine", "Is it {bpm}? {bpm}!"), Facts({"bpm": 120})) == "Is it 120? 120!"


def test_all_facts_at_once_fit_into_a_question() -> None:
    filled = question(Prompt("mine", "Write about {metadata}."), LARGE)
    assert 30_000 < len(filled) < MAX_QUESTION_CHARACTERS


def test_two_pairs_of_braces_stand_for_one_and_for_no_fact() -> None:
    facts = Facts({"bpm": 120})
    assert question(Prompt("mine", 'Answer as {{tempo}} or {"a": {{bpm}}}, of {bpm}'), facts) == (
        'Answer as {tempo} or {"a": {bpm}}, of 120'
    )


def test_a_question_that_grows_too_long_by_its_placeholders_is_refused() -> None:
    with pytest.raises(AntiphonError) as caught:
        question(Prompt("mine", "{metadata}" * (MAX_PROMPT_CHARACTERS // 10)), LARGE)
    error = caught.value
    assert (error.code, error.reason, error.field) == ("INVALID_ARGUMENT", "PROMPT_TOO_LONG", "config.prompts")
    assert int(error.metadata["characters"]) > 10_000_000
