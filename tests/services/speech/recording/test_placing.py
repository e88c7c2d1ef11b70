"""Words put where the voice is, seconds in the audio that is listened to."""

from __future__ import annotations

import pytest

from services.speech.contract import Segment, Word
from services.speech.recording.placing import SLACK, Voiced

RATE = 16000
# Two sentences; between them what is left of a long pause.
VOICED = Voiced(((RATE, 3 * RATE), (round(3.8 * RATE), 6 * RATE)))


def placed(*words: tuple[float, float, str]) -> list[tuple[float, float]]:
    segment = Segment(words[0][0], words[-1][1], "", tuple(Word(*word) for word in words))
    return [(word.start, word.end) for word in VOICED.placed(segment).words]


def test_a_word_in_its_voice_stays() -> None:
    assert placed((1.0, 1.4, "Close"), (1.4, 2.0, "the"), (2.0, 3.0, "gate.")) == [(1.0, 1.4), (1.4, 2.0), (2.0, 3.0)]


def test_the_first_word_of_a_sentence_is_never_left_behind_the_one_before() -> None:
    (start, end), _ = placed((2.95, 3.6, "Please"), (3.9, 4.4, "remember"))
    assert start == pytest.approx(3.8)
    assert end - start == pytest.approx(0.65)
    *_, (start, _) = placed((2.5, 3.0, "you."), (3.0, 3.5, "Seven"))
    assert start == pytest.approx(3.8)


def test_a_word_that_was_given_the_pause_begins_where_the_voice_does() -> None:
    assert placed((3.0, 4.3, "Please"))[0] == (pytest.approx(3.8), 4.3)


def test_the_first_word_of_a_run_begins_it_and_the_second_does_not() -> None:
    assert placed((4.1, 4.5, "Please"), (4.6, 5.0, "close")) == [(pytest.approx(3.8), 4.5), (4.6, 5.0)]


def test_a_last_word_ends_with_its_voice() -> None:
    assert placed((2.4, 3.5, "gate"))[0] == (2.4, pytest.approx(3.0 + SLACK))


def test_where_no_voice_is_near_a_word_stays() -> None:
    assert placed((8.0, 8.5, "oh")) == [(8.0, 8.5)]


@pytest.mark.parametrize(
    ("start", "end", "seconds"), [(0.0, 10.0, 4.2), (2.5, 4.0, 0.7), (3.0, 3.8, 0.0), (5.0, 4.0, 0.0), (7.0, 9.0, 0.0)]
)
def test_voice_is_measured_between_two_times(start: float, end: float, seconds: float) -> None:
    assert VOICED.seconds(start, end) == pytest.approx(seconds)
