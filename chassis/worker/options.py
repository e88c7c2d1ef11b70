"""How a service keeps its workers for recordings; those for live streams have LiveOptions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from chassis.reports import ProgressReport


@dataclass(frozen=True)
class WorkerOptions:
    """How a service keeps its workers.

    Attributes:
        count: Processes, each with a copy of the model.
        max_pending: Calls that may wait for one.
        cancel_grace_seconds: Time between a cancel and the kill.
        recycle_growth_bytes: Memory growth since start after which a worker is replaced; None for never.
        environment: Variables of the process, such as thread counts.
        events: The data classes that its jobs yield, one or a union; the service makes no others of what it sends.
    """

    count: int = 1
    max_pending: int = 8
    cancel_grace_seconds: float = 10.0
    recycle_growth_bytes: int | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    events: Any = ProgressReport
