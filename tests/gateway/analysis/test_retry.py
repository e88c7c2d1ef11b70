"""When a stage is asked again: after what is lost, when a busy service said, and never without a chance."""

from __future__ import annotations

import pytest

from antiphon_wire.errors import AntiphonError, busy, invalid, lost, not_ready
from gateway.analysis.retry import MIN_DELAY_SECONDS, delay_before_next, refused
from gateway.call_failure import CallFailure, unreachable
from gateway.call_failure import lost as connection_lost
from gateway.settings import GatewaySettings

BUSY = busy("QUEUE_FULL", "8 of 8 places are taken", retry_after_seconds=3.0)


def failure(error: AntiphonError, worked: bool = False) -> CallFailure:
    """A call that ended with the error, before or after the service had begun to answer."""
    return CallFailure(error, worked=worked)


@pytest.mark.parametrize(
    ("error", "attempts", "delay"),
    [
        (failure(lost("the worker died")), 1, 1.0),
        (failure(lost("the worker died")), 2, None),
        (connection_lost("speech", "there", "reset"), 1, MIN_DELAY_SECONDS),
        (failure(AntiphonError("UNAVAILABLE", "X", "x", retry_after_seconds=0.0)), 1, MIN_DELAY_SECONDS),
        (unreachable("speech", "there", 2.0), 1, None),
        (failure(BUSY), 2, 3.0),  # it refused at once: no attempt is used up
        (failure(BUSY, worked=True), 1, 3.0),
        (failure(BUSY, worked=True), 2, None),
        (failure(AntiphonError("RESOURCE_EXHAUSTED", "DEVICE_OOM", "the GPU is too small")), 1, None),
        (failure(not_ready("INPUT_KILLS_WORKER", "it ended two workers")), 1, None),
        (failure(invalid("LANGUAGE_UNKNOWN", "no language 'xx'")), 1, None),
    ],
)
def test_the_delay_before_the_next_of_two_attempts(error: CallFailure, attempts: int, delay: float | None) -> None:
    assert delay_before_next(error, attempts, max_attempts=2) == delay


def test_only_a_busy_service_that_had_not_begun_has_refused() -> None:
    assert refused(failure(BUSY))
    assert not refused(failure(BUSY, worked=True))
    assert not refused(failure(lost("the worker died")))


@pytest.mark.parametrize(("attempts", "delay"), [(1, 0.1), (2, 0.2), (3, 0.4), (4, None)])
def test_a_service_that_goes_away_is_asked_four_times_after_ever_longer_delays(
    attempts: int, delay: float | None
) -> None:
    assert delay_before_next(connection_lost("speech", "there", "reset"), attempts, GatewaySettings().max_attempts) == (
        pytest.approx(delay) if delay is not None else None
    )


@pytest.mark.parametrize(
    "error",
    [
        failure(BUSY, worked=True),
        failure(AntiphonError("UNAVAILABLE", "WORKER_NOT_STARTING", "none starts", retry_after_seconds=15.0)),
    ],
)
def test_what_costs_work_is_asked_twice_at_most(error: CallFailure) -> None:
    most = GatewaySettings().max_attempts
    assert delay_before_next(error, 1, most) == error.retry_after_seconds
    assert delay_before_next(error, 2, most) is None


@pytest.mark.parametrize("attempts", [2, 3])
def test_a_third_worker_is_not_spent_however_many_attempts_there_may_be(attempts: int) -> None:
    assert delay_before_next(failure(lost("the worker died")), attempts, max_attempts=5) is None
    assert delay_before_next(connection_lost("speech", "there", "reset"), attempts, max_attempts=5) is not None


@pytest.mark.parametrize("after", [None, 1.0])
def test_what_needs_more_memory_than_there_is_is_not_asked_again(after: float | None) -> None:
    error = AntiphonError("RESOURCE_EXHAUSTED", "WORKER_OUT_OF_MEMORY", "too large", retry_after_seconds=after)
    assert delay_before_next(failure(error, worked=True), 1, max_attempts=5) is None
