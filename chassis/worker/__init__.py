"""The worker process: the only place in the project where inference runs."""

from chassis.admission import Ticket
from chassis.worker.live import LivePool
from chassis.worker.live_stream import LiveOptions, LiveStream
from chassis.worker.messages import Job, LiveJob
from chassis.worker.options import WorkerOptions
from chassis.worker.pool import Pool, Queued, Started

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
