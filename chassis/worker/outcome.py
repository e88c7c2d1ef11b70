"""How a job ended, as a worker reports it."""

from __future__ import annotations

import resource
from typing import Any

from antiphon_wire.errors import WORKER_OUT_OF_MEMORY, AntiphonError, Cancelled
from chassis.traces import account


def outcome_of(error: BaseException) -> dict[str, Any]:
    """What :class:`chassis.worker.messages.Ended` says of a job that ``error`` ended."""
    if isinstance(error, Cancelled):
        return {"cancelled": True}
    if isinstance(error, AntiphonError):
        return {"error": error}
    if isinstance(error, MemoryError):
        message = "the audio needs more memory than this worker may use; send a shorter clip"
        return {"error": AntiphonError("RESOURCE_EXHAUSTED", WORKER_OUT_OF_MEMORY, message)}
    return {"fault": account(error)}


def rss_bytes() -> int:
    """Resident memory of this process."""
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * resource.getpagesize()
