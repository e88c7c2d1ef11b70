"""The time left, from what was measured and from nothing else."""

from __future__ import annotations

import pytest

from chassis import evidence
from chassis.pace import Pace
from chassis.reports import ProgressReport


def test_the_time_left_is_what_is_left_at_the_rate_so_far() -> None:
    now = iter([100.0, 110.0, 120.0, 130.0])
    pace = Pace(lambda: next(now))
    assert pace.remaining(0.25) == pytest.approx(30.0)
    assert pace.remaining(0.5) == pytest.approx(20.0)
    assert pace.remaining(1.0) == 0.0


@pytest.mark.parametrize("fraction", [None, 0.0])
def test_nothing_is_said_before_something_is_done(fraction: float | None) -> None:
    assert Pace().remaining(fraction) is None


def test_it_is_absent_from_the_message_until_it_is_known() -> None:
    assert not evidence.progress(ProgressReport(0.0)).HasField("remaining")
    assert evidence.progress(ProgressReport(0.5, remaining_seconds=2.5)).remaining.ToTimedelta().total_seconds() == 2.5
