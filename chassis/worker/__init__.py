"""The worker process: the only place in the project where inference runs."""

from chassis.worker.live import LiveJob, LiveOptions, LivePool, LiveStream
from chassis.worker.pool import Job, Pool, Queued, Started, Ticket, WorkerOptions

__all__ = [
    "Job",
    "LiveJob",
    "LiveOptions",
    "LivePool",
    "LiveStream",
    "Pool",
    "Queued",
    "Started",
    "Ticket",
    "WorkerOptions",
]
