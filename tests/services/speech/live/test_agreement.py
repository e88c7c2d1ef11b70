"""LocalAgreement-2 on scripted hypotheses."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from services.speech.live.agreement import Agreement, common
from services.speech.live.hearing import plausible
from services.speech.live.model import Heard
from services.speech.live.whisper import joined


def hypothesis(text: str, start: float = 0.0, length: float = 0.4, probability: float | None = 0.5) -> list[Heard]:
    words = text.split()
    return [
        Heard(f" {word}", start + i * length, start + (i + 1) * length, probability, (i,))
        for i, word in enumerate(words)
    ]


def told(words: tuple[Heard, ...]) -> str:
    return "".join(word.text for word in words).strip()


def test_a_word_is_settled_when_two_hypotheses_in_a_row_have_it() -> None:
    agreement = Agreement()
    assert told(agreement.update(hypothesis("ask not what"))) == ""
    assert told(agreement.update(hypothesis("ask not what your"))) == "ask not what"
    assert told(agreement.tail) == "your"


def test_case_and_punctuation_do_not_hinder_agreement_and_the_newer_spelling_counts() -> None:
    agreement = Agreement()
    agreement.update(hypothesis("ask not"))
    assert told(agreement.update(hypothesis("Ask not, what"))) == "Ask not,"


def test_nothing_behind_the_first_difference_is_settled() -> None:
    agreement = Agreement()
    agreement.update(hypothesis("one too three"))
    assert told(agreement.update(hypothesis("one two three"))) == "one"
    assert told(agreement.tail) == "two three"


def test_a_word_that_the_model_doubts_is_settled_when_a_second_of_audio_follows_it() -> None:
    doubted = hypothesis("age in his", probability=0.49)
    agreement = Agreement()
    agreement.update(doubted, 1.2)
    assert told(agreement.update(doubted, 1.7)) == "age"  # it ends at 0.4 s
    assert told(agreement.update(hypothesis("in his", start=0.4, probability=0.49), 2.1)) == "in"  # it, at 0.8 s
    for sure in (0.5, None):
        agreement = Agreement()
        agreement.update(hypothesis("age in his", probability=sure), 1.2)
        assert told(agreement.update(hypothesis("age in his", probability=sure), 1.7)) == "age"
        # Behind a settled word what is beyond doubt needs no audio after it.
        following = hypothesis("in his", start=0.4, probability=sure)
        assert told(agreement.update(following, 1.7)) == "in his"


def test_the_first_words_of_an_utterance_wait_for_audio_however_sure_the_model_is() -> None:
    agreement = Agreement()
    agreement.update(hypothesis("the", probability=0.95), 0.5)
    assert told(agreement.update(hypothesis("the low", probability=0.95), 1.0)) == ""
    assert told(agreement.update(hypothesis("Hello there", probability=0.95), 1.5)) == ""
    assert told(agreement.update(hypothesis("Hello there now", probability=0.95), 2.0)) == "Hello there"


def test_a_word_said_twice_stays_twice() -> None:
    agreement = Agreement()
    agreement.update(hypothesis("no no"))
    assert told(agreement.update(hypothesis("no no no"))) == "no no"


def test_times_of_settled_words_never_go_back() -> None:
    agreement = Agreement()
    agreement.update(hypothesis("one two"))
    (one, two) = agreement.update(hypothesis("one two"))
    assert (one.end, two.end) == (0.4, 0.8)
    agreement.update(hypothesis("three", start=0.1))
    (three,) = agreement.update(hypothesis("three", start=0.1))
    assert three.start >= two.end
    assert three.end >= three.start


def test_trimming_keeps_the_last_second_as_an_anchor() -> None:
    agreement = Agreement()
    agreement.update(hypothesis("one two three four five six seven"))
    agreement.update(hypothesis("one two three four five six seven eight"))
    kept = agreement.trim(1.0)
    assert kept is not None
    # Seven words of 0.4 s end at 2.8 s; those that start at 1.8 s or later are kept.
    assert abs(kept - 2.0) < 1e-6
    assert told(tuple(agreement.anchor)) == "six seven"
    assert agreement.trim(1.0) is None


def test_stability_is_the_share_of_unsettled_words_that_were_there_before() -> None:
    agreement = Agreement()
    agreement.update(hypothesis("a b"))
    assert agreement.stability() is None
    agreement.update(hypothesis("x b c d"))
    assert agreement.stability() == 1 / 4
    agreement.update(hypothesis("y b c d"))
    assert agreement.stability() == 3 / 4


def test_a_reset_begins_afresh() -> None:
    agreement = Agreement()
    agreement.update(hypothesis("one two"))
    agreement.reset()
    assert told(agreement.update(hypothesis("one two"))) == ""
    assert agreement.stability() is None


texts = st.lists(st.lists(st.sampled_from("abc"), max_size=6), max_size=8)


@given(texts)
def test_settled_words_are_words_of_two_hypotheses_and_in_order_of_time(script: list[list[str]]) -> None:
    agreement = Agreement()
    settled: list[Heard] = []
    for words in script:
        before = [word.letters for word in agreement.tail]
        new = agreement.update(hypothesis(" ".join(words), start=agreement.end))
        assert [word.letters for word in new] == before[: len(new)] == words[: len(new)]
        settled += new
    ends = [moment for word in settled for moment in (word.start, word.end)]
    assert ends == sorted(ends)
    assert [word.text for word in settled] == [word.text for word in agreement.anchor]


@given(st.text("ab", max_size=8), st.text("ab", max_size=8))
def test_the_common_subsequence_is_symmetric_and_bounded(first: str, second: str) -> None:
    assert common(first, second) == common(second, first) <= min(len(first), len(second))
    assert common(first, first) == len(first)


def test_pieces_with_a_hyphen_are_joined_and_bare_punctuation_is_dropped() -> None:
    pieces = [" ill", "-dis", "posed", ",", " and", " .", " .", " ."]
    heard = [Heard(text, i * 0.1, i * 0.1 + 0.1, 0.5, (i,)) for i, text in enumerate(pieces)]
    words = list(joined(heard))
    assert [word.text for word in words] == [" ill-dis", "posed,", " and"]
    assert (words[0].start, words[0].end, words[0].tokens) == (0.0, 0.2, (0, 1))
    assert all(word.probability == 0.5 for word in words)


def test_pieces_that_begin_within_a_character_are_part_of_it() -> None:
    pieces = [" ก", "ำ", "ล", "ั", "ง", " स", "्त", "र"]
    heard = [Heard(text, i * 0.1, i * 0.1 + 0.1, 0.5, (i,)) for i, text in enumerate(pieces)]
    assert [word.text for word in joined(heard)] == [" กำ", "ลั", "ง", " स्त", "र"]


def test_words_that_take_no_time_at_the_end_are_not_believed() -> None:
    words = tuple(hypothesis("well said") + hypothesis("well said", start=1.0, length=0.0))
    assert told(plausible(words, 1.0)) == "well said"


def test_more_words_than_anybody_can_say_are_not_believed() -> None:
    assert plausible(tuple(hypothesis("a b c d e f g h i", length=0.05)), 0.5) == ()
