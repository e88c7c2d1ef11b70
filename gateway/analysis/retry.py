"""Whether a stage that failed is asked again, and when.

See docs/decisions/0015-retry-is-a-loop.md for why this is not left to gRPC.
"""

from __future__ import annotations

from antiphon_wire.errors import WORKER_LOST, WORKER_OUT_OF_MEMORY
from gateway.call_failure import UNREACHABLE, CallFailure

# Between two attempts where the service named no delay, or none at all: a worker that died needs a moment to be back.
MIN_DELAY_SECONDS = 0.1
MAX_WORKERS = 2
"""Workers that one stage may cost: what ended two of them would end the third, however many attempts there may be."""


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
    if error.reason == WORKER_OUT_OF_MEMORY or (error.reason == WORKER_LOST and attempts >= MAX_WORKERS):
        return None
    # The gateway has waited for an unreachable service already, as long as it is told to wait for a connection.
    lost = error.code == "UNAVAILABLE" and error.reason != UNREACHABLE
    if refused(error) or ((lost or _says_when(error)) and attempts < max_attempts):
        return max(error.retry_after_seconds or 0.0, MIN_DELAY_SECONDS)
    return None


def _says_when(error: CallFailure) -> bool:
    return error.code == "RESOURCE_EXHAUSTED" and error.retry_after_seconds is not None
