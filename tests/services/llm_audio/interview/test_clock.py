"""What is clocked of the writing, on a clock that the test turns."""

from __future__ import annotations

import pytest

from services.llm_audio.interview.clock import WritingClock


class Hand:
    """A clock's hand that the test moves."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def hand() -> Hand:
    return Hand()


def write(clock: WritingClock, hand: Hand, wait: float, interval: float, tokens: int) -> None:
    """One answer: its first token after ``wait`` seconds, the others each after ``interval``."""
    hand.now += wait
    for token in range(tokens):
        hand.now += interval if token else 0.0
        clock.text()
    clock.answered(tokens)


def test_reading_a_prompt_counts_to_the_first_text_and_not_to_the_speed_of_writing(hand: Hand) -> None:
    clock = WritingClock(hand)
    write(clock, hand, wait=4.0, interval=0.5, tokens=5)
    assert clock.first_text_seconds == 4.0
    assert clock.total_seconds == 6.0
    assert clock.tokens_per_second == 2.0


def test_all_answers_count_and_the_first_text_is_that_of_the_first(hand: Hand) -> None:
    clock = WritingClock(hand)
    write(clock, hand, wait=1.0, interval=0.5, tokens=3)
    write(clock, hand, wait=3.0, interval=0.25, tokens=5)
    assert clock.first_text_seconds == 1.0
    assert clock.total_seconds == 6.0
    # Two intervals of 0.5 s and four of 0.25 s.
    assert clock.tokens_per_second == 3.0


def test_an_answer_without_text_takes_time_and_says_nothing_of_the_speed(hand: Hand) -> None:
    clock = WritingClock(hand)
    hand.now += 2.0
    clock.answered(0)
    assert (clock.first_text_seconds, clock.total_seconds, clock.tokens_per_second) == (None, 2.0, None)


def test_one_token_has_no_speed(hand: Hand) -> None:
    clock = WritingClock(hand)
    write(clock, hand, wait=1.0, interval=0.0, tokens=1)
    assert clock.tokens_per_second is None
