"""The worker process: the only place in the project where inference runs."""

from chassis.worker.live import LivePool
from chassis.worker.live_stream import LiveJob, LiveOptions, LiveStream
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
