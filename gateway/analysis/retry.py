"""Whether a stage that failed is asked again, and when.

See docs/decisions/0015-retry-is-a-loop.md for why this is not left to gRPC.
"""

from __future__ import annotations

from antiphon_wire.errors import WORKER_LOST, WORKER_OUT_OF_MEMORY
from gateway.call_failure import UNREACHABLE, CallFailure

MIN_DELAY_SECONDS = 0.1
"""Before the second attempt where the service named no longer delay; twice as long before each one after it."""
MAX_WORKERS = 2
"""Attempts that one stage may have cost work: what ended two workers would end the third, however many there may be."""

_WORKER_NOT_STARTING = "WORKER_NOT_STARTING"


def refused(error: CallFailure) -> bool:
    """True where a busy service did nothing but say when to come back, which costs no attempt."""
    return _says_when(error) and not error.worked


def delay_before_next(error: CallFailure, attempts: int, max_attempts: int) -> float | None:
    """Gives the seconds to wait before asking again; None where asking again is of no use.

    Args:
        error: How the attempt ended.
        attempts: Attempts so far, the failed one among them.
        max_attempts: How many there may be.
    """
    if refused(error):
        return max(error.retry_after_seconds or 0.0, MIN_DELAY_SECONDS)
    costly = error.reason in (WORKER_LOST, _WORKER_NOT_STARTING) or _says_when(error)
    # An unreachable service was waited for already, as long as one of its replicas takes to start.
    gone = error.code == "UNAVAILABLE" and error.reason != UNREACHABLE
    if error.reason == WORKER_OUT_OF_MEMORY or not (gone or costly):
        return None
    if attempts >= (min(MAX_WORKERS, max_attempts) if costly else max_attempts):
        return None
    return max(error.retry_after_seconds or 0.0, MIN_DELAY_SECONDS * 2.0 ** (attempts - 1))


def _says_when(error: CallFailure) -> bool:
    return error.code == "RESOURCE_EXHAUSTED" and error.retry_after_seconds is not None
