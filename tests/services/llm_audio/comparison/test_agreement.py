"""How far two texts agree, on texts whose scores are known."""

from __future__ import annotations

import pytest

from antiphon_wire.errors import Cancelled
from services.llm_audio.comparison.agreement import chrf, claim_agreement, judge, token_f1
from services.llm_audio.comparison.request import COMPARED_KINDS, JudgeRequest, Texts


@pytest.mark.parametrize(
    ("hypothesis", "reference", "score"),
    [
        ("The cat sat on the mat.", "The cat is on the mat.", 67.17273492330233),
        ("The cat is on the mat.", "The cat sat on the mat.", 64.58166836671698),
        ("a slow blues in E minor", "a slow blues in E minor with guitar", 65.79039243403211),
        ("a slow blues in E minor with guitar", "a slow blues in E minor", 88.49599080975669),
        ("abc", "xyz", 0.0),
        ("ab", "abcdefgh", 23.404255319148938),
        ("abcdefgh", "ab", 55.0),
        ("Rock, at 120 BPM.", "rock at 120 bpm", 31.467289539995708),
        ("house music with piano", "music with a piano, house", 61.39860698839132),
        ("", "x y", 0.0),
        ("für Élise", "fur Elise", 28.53174603174603),
    ],
)
def test_chrf_is_that_of_sacrebleu(hypothesis: str, reference: str, score: float) -> None:
    """Scores printed by sacreBLEU 2.6.0, ``CHRF().sentence_score``; equal but for the last bits of a float."""
    assert chrf(hypothesis, reference) == pytest.approx(score, rel=1e-12)


def test_equal_texts_have_all_of_it_even_where_they_are_empty() -> None:
    assert chrf("a b", "a b") == chrf("", " ") == 100.0
    assert token_f1("", "the") == 1.0


@pytest.mark.parametrize(
    ("one", "other", "score"),
    [
        ("the cat sat", "a cat sat", 1.0),  # articles aside
        ("Rock, at 120 BPM!", "rock at 120 bpm", 1.0),
        ("slow blues in E minor", "slow blues", 2 * 2 / (5 + 2)),
        ("house house house", "house", 2 * 1 / (3 + 1)),
        ("jazz", "rock", 0.0),
        ("jazz", "", 0.0),
    ],
)
def test_token_f1_is_twice_what_is_shared_by_what_there_is(one: str, other: str, score: float) -> None:
    assert token_f1(one, other) == pytest.approx(score)
    assert token_f1(other, one) == token_f1(one, other)


def test_statements_agree_by_what_they_say_and_not_by_their_words() -> None:
    one = "House with a piano and sax in C# minor at 120.2 BPM"
    other = "A house track; tempo of 120, key: Db minor, saxophones and a guitar"
    found = {each.kind: each for each in claim_agreement([one], [other])}
    assert (found["tempo"].both, found["tempo"].agreement) == (("120",), 1.0)
    assert (found["key"].both, found["key"].agreement) == (("C# minor",), 1.0)
    assert (found["genre"].both, found["genre"].agreement) == (("house",), 1.0)
    assert found["instrument"].both == ("saxophone",)
    assert (found["instrument"].only_a, found["instrument"].only_b) == (("piano",), ("guitar",))
    assert found["instrument"].agreement == pytest.approx(1 / 3)


def test_where_neither_states_any_there_is_no_agreement_to_tell() -> None:
    assert [each.agreement for each in claim_agreement(["It is slow."], ["It is fast."])] == [None] * 4
    assert [each.agreement for each in claim_agreement(["at 90 BPM"], ["It is fast."])] == [0.0, None, None, None]


def test_each_two_sides_are_judged_on_every_prompt_and_over_all() -> None:
    sides = (
        Texts("a", ("rock at 90 BPM", "a piano")),
        Texts("b", ("rock at 90 BPM", "a piano")),
        Texts("c", ("jazz at 90 BPM", "an organ")),
    )
    found = {(each.a, each.b): each for each in judge(JudgeRequest(("full", "technical"), sides), lambda: None)}
    assert list(found) == [("a", "b"), ("a", "c"), ("b", "c")]
    same, other = found["a", "b"], found["a", "c"]
    assert (same.identical, same.chrf, same.token_f1) == (True, 100.0, 1.0)
    assert all(not each.only_a and not each.only_b for each in same.claims)
    assert not other.identical
    assert other.chrf == pytest.approx(sum(each.chrf for each in other.prompts) / 2)
    assert {each.kind: each.agreement for each in other.claims} == {
        "tempo": 1.0,
        "key": None,
        "genre": 0.0,
        "instrument": 0.0,
    }
    assert [each.kind for each in other.claims] == list(COMPARED_KINDS)
    swapped = next(judge(JudgeRequest(("full", "technical"), (sides[2], sides[0])), lambda: None))
    assert (swapped.chrf, swapped.token_f1) == (other.chrf, other.token_f1)


def test_a_judgement_can_be_cancelled() -> None:
    def stop() -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        list(judge(JudgeRequest(("full",), (Texts("a", ("x",)), Texts("b", ("y",)))), stop))
