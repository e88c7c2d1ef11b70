"""One job of a call: handed to a worker, its waiting and working timed, its evidence put together."""

from __future__ import annotations

import hashlib
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from google.protobuf.message import Message

from antiphon.evidence.v1 import evidence_pb2
from antiphon_wire.errors import AntiphonError
from chassis import evidence
from chassis.reports import ProgressReport, SourceReport, WorkReport
from chassis.server import telemetry
from chassis.worker import Job, Pool, Queued, Started


class Work:
    """One job; most calls have one, a comparison one for each of its sides.

    Args:
        service: Full protobuf name of the service, for the evidence.
    """

    def __init__(self, service: str) -> None:
        self._service = service
        self._started = 0.0
        self._clock = 0.0
        self.place_seconds = 0.0
        """How long its call waited for a place before it (s)."""
        self.queue_seconds = 0.0

    async def run(self, pool: Pool, job: Job) -> AsyncGenerator[Any, None]:
        """Waits for a worker and yields what the job yields.

        Waiting yields Progress messages; of the job's own events progress comes as a Progress message too, all others
        as they are.
        """
        span, outcome = None, "CANCELLED"
        try:
            async with aclosing(pool.run(job)) as events:
                async for event in events:
                    if isinstance(event, Queued):
                        yield queued(event)
                    elif isinstance(event, Started):
                        self.began(event.queue_seconds)
                        span = telemetry.start_part(f"worker {job.verb}", queue_seconds=self.queue_seconds)
                    elif isinstance(event, ProgressReport):
                        yield evidence.progress(event)
                    else:
                        yield event
            outcome = "OK"
        except AntiphonError as error:
            outcome = error.code
            raise
        finally:
            telemetry.end_span(span, outcome)

    def began(self, queue_seconds: float) -> None:
        """The work begins after waiting that long for a worker, and before that for a place."""
        self.queue_seconds = self.place_seconds + queue_seconds
        self._started, self._clock = time.time(), time.monotonic()

    def provenance(
        self, work: WorkReport, source: SourceReport | None, upload_sha256: bytes, config: Message
    ) -> evidence_pb2.Provenance:
        """How the job's answer was made."""
        return evidence.provenance(
            service=self._service,
            work=work,
            source=source,
            upload_sha256=upload_sha256,
            config_sha256=hashlib.sha256(config.SerializeToString(deterministic=True)).digest(),
            started=self._started,
            compute_seconds=time.monotonic() - self._clock,
            queue_seconds=self.queue_seconds,
        )


def queued(event: Queued) -> evidence_pb2.Progress:
    """Tells that a call waits, and for how many."""
    return evidence_pb2.Progress(phase=evidence_pb2.Progress.PHASE_QUEUED, queue_position=event.position)
