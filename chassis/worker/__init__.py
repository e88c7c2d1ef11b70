"""The worker process: the only place in the project where inference runs."""

from chassis.worker.pool import Job, Pool, Queued, Started, Ticket, WorkerOptions

__all__ = ["Job", "Pool", "Queued", "Started", "Ticket", "WorkerOptions"]
