"""When a session hears its audio again."""

from __future__ import annotations

from services.speech.live.activity import FRAME, Activity, Change
from services.speech.live.contract import Endpointing
from services.speech.live.steps import FIRST_STEP, STEP, Steps


def speaking(frames: int) -> Activity:
    """Somebody who has spoken from the stream's start on."""
    activity = Activity(Endpointing(min_speech=0.0))
    for _ in range(frames):
        activity.update(1.0)
    return activity


def test_the_first_step_falls_when_enough_was_said_to_be_heard_and_each_further_one_a_step_later() -> None:
    steps = Steps()
    steps.begin(0)
    early, first = speaking(FIRST_STEP // FRAME - 1), speaking(FIRST_STEP // FRAME)
    assert not steps.falls(Change.NONE, early)
    assert steps.falls(Change.NONE, first)
    steps.done(first.position)
    assert not steps.falls(Change.NONE, first)
    assert steps.falls(Change.NONE, speaking((FIRST_STEP + STEP) // FRAME))


def test_a_pause_is_always_a_step_since_whole_words_lie_behind() -> None:
    steps = Steps()
    steps.begin(0)
    assert steps.falls(Change.PAUSED, speaking(1))


def test_in_silence_no_step_falls_and_after_it_the_next_word_has_half_a_step() -> None:
    steps, activity = Steps(), speaking(FIRST_STEP // FRAME)
    steps.begin(0)
    activity.update(0.0)
    assert not steps.falls(Change.NONE, activity)
    resumed = activity.position
    while activity.position < resumed + STEP // 2 - FRAME:
        activity.update(1.0)
    assert not steps.falls(Change.NONE, activity)
    activity.update(1.0)
    assert steps.falls(Change.NONE, activity)
