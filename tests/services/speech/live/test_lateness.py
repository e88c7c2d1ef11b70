"""How late a session is."""

from __future__ import annotations

from services.speech.contract import SAMPLE_RATE
from services.speech.live.lateness import Lateness

QUARTER = SAMPLE_RATE // 4
"""Samples of a first chunk that was spoken until it came."""


class ScriptedClock:
    """A clock that stands where the test puts it."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_session_is_behind_where_it_is_late_by_more_than_is_tolerated_and_than_its_last_step_took() -> None:
    clock = ScriptedClock()
    lateness = Lateness(clock, tolerated=0.5)
    lateness.arrived(QUARTER, received=100.0)
    clock.now = 100.25
    assert not lateness.behind(QUARTER)
    clock.now = 100.75
    assert lateness.behind(QUARTER)
    with lateness.step(QUARTER):
        clock.now = 101.75
    clock.now = 100.75  # still more than is tolerated, but a step takes 1 s here
    assert not lateness.behind(QUARTER)


def test_the_largest_lag_is_that_with_which_a_step_began() -> None:
    clock = ScriptedClock()
    lateness = Lateness(clock, tolerated=0.5)
    lateness.arrived(QUARTER, received=100.0)
    clock.now = 102.0
    with lateness.step(QUARTER):
        clock.now = 109.0
    assert lateness.largest == 2.0
