"""What the gateway tells of the demand for each service, also while none of its replicas exists."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from prometheus_client import Counter, Gauge

STAGE_OPEN = Gauge(
    "antiphon_stage_open",
    "Stages of analyses that ask a service, or wait for it, at this moment: its demand, whether or not it is there.",
    ["service"],
)
STAGE_REFUSED = Counter(
    "antiphon_stage_refused_total",
    "Times that a service took no work from a stage: it was full, or no replica of it was ready in time.",
    ["service", "reason"],
)
_REASON = re.compile(r"[A-Z][A-Z0-9_]{0,63}")
_MOST_REASONS = 32
OTHERS = "OTHERS"
"""Stands for reasons beyond the first 32: a service that makes them up fills no page."""
_reasons: set[str] = set()


def expect(services: Iterable[str]) -> None:
    """Shows these services from the start, with nothing open."""
    for service in services:
        STAGE_OPEN.labels(service).set(0)


@contextmanager
def stage_open(service: str) -> Iterator[None]:
    """Counts a stage as open within the block."""
    STAGE_OPEN.labels(service).inc()
    try:
        yield
    finally:
        STAGE_OPEN.labels(service).dec()


def stage_refused(service: str, reason: str) -> None:
    """Counts one refusal."""
    if reason not in _reasons:
        if not _REASON.fullmatch(reason) or len(_reasons) >= _MOST_REASONS:
            reason = OTHERS
        else:
            _reasons.add(reason)
    STAGE_REFUSED.labels(service, reason).inc()
