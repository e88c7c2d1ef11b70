"""One stage of one analysis: asked until there is an answer, the time is up, or asking again is of no use.

Whatever goes wrong ends as :attr:`StageRun.error` and as the status in the report. Only cancellation passes through.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from contextlib import aclosing
from dataclasses import dataclass

from google.protobuf.message import Message

from antiphon.analysis.v1 import analysis_record_pb2 as record_pb2
from antiphon.analysis.v1 import analysis_service_pb2 as analysis_pb2
from antiphon.evidence.v1 import evidence_pb2
from antiphon_wire.errors import AntiphonError
from chassis.spool import Spool
from gateway import call_failure
from gateway.analysis import stage_failure
from gateway.analysis.events import Send, progress_of
from gateway.analysis.limits import Limits
from gateway.analysis.plan import Step
from gateway.analysis.question import Outputs, Question, Service
from gateway.analysis.retry import delay_before_next, refused
from gateway.call_failure import UNREACHABLE, CallFailure
from gateway.metrics import stage_open, stage_refused
from gateway.recording import Recording

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Shared:
    """What all stages of one analysis share.

    Attributes:
        config: The caller's.
        services: Who answers, by the service's word.
        limits: Budgets and attempts.
        send: Takes each event.
        started: When the analysis began, by the event loop's clock, seconds.
        deadline: When every stage must have ended, by the same clock.
    """

    config: analysis_pb2.AnalysisConfig
    services: Mapping[str, Service]
    limits: Limits
    send: Send
    started: float
    deadline: float


class StageRun:
    """What becomes of one stage.

    Args:
        step: The stage and its place in the plan.
        shared: What it shares with the others.
        spool: Where its outputs go.

    Attributes:
        report: What is told of it; WAITING at first.
        outputs: What it leaves for other stages.
        part: What its service said; None where it did not succeed, or not yet.
        error: Why it failed or was skipped; None where it did neither, or not yet.
        ended: Set once nothing of this changes any more.
    """

    def __init__(self, step: Step, shared: Shared, spool: Spool) -> None:
        self.step = step
        self.report = record_pb2.StageReport(stage=step.name, state=record_pb2.STAGE_STATE_WAITING)
        self.outputs = Outputs(spool, step.kept)
        self.part: Message | None = None
        self.error: AntiphonError | None = None
        self.ended = asyncio.Event()
        self._shared = shared
        self._clock = asyncio.get_running_loop().time

    async def tell(self) -> None:
        """Sends the report as it is now."""
        # A copy: the report may change while the event is under way.
        report = record_pb2.StageReport()
        report.CopyFrom(self.report)
        await self._shared.send(analysis_pb2.AnalyzeResponse(stage_report=report))

    async def skip(self, error: AntiphonError) -> None:
        """Ends the stage without asking anybody; ``error`` says why."""
        await self._end(record_pb2.STAGE_STATE_SKIPPED, error)

    async def listen(self, name: str, recordings: Mapping[str, Recording], parts: Mapping[str, Message]) -> None:
        """Gets the stage's part, or ends with why it could not be had.

        Args:
            name: What it listens to, such as ``separation.vocals``.
            recordings: The same on disk, by output.
            parts: What it uses besides, by stage.
        """
        began = self._clock()
        self.report.input = name
        self.report.start_offset.FromNanoseconds(int((began - self._shared.started) * 1e9))
        with stage_open(self.step.stage.service):
            error = await self._attempt(name, recordings, parts)
        self.report.elapsed.FromNanoseconds(int((self._clock() - began) * 1e9))
        await self._end(record_pb2.STAGE_STATE_SUCCEEDED if error is None else record_pb2.STAGE_STATE_FAILED, error)

    async def _attempt(
        self, name: str, recordings: Mapping[str, Recording], parts: Mapping[str, Message]
    ) -> AntiphonError | None:
        """Sets the part, or gives the error that stands in its place."""
        service = self.step.stage.service
        # The earlier of what the service may take and what the caller has left; all attempts share it.
        deadline = min(self._clock() + self._shared.limits.service_seconds[service], self._shared.deadline)
        try:
            async with asyncio.timeout_at(deadline):
                self.part = await self._persist(name, recordings, parts, deadline)
        except AntiphonError as error:
            return error
        except TimeoutError:
            return call_failure.deadline(service)
        except Exception:
            _log.exception("stage %s broke", self.step.name)
            return stage_failure.broken(self.step.name)
        return None

    async def _persist(
        self, name: str, recordings: Mapping[str, Recording], parts: Mapping[str, Message], deadline: float
    ) -> Message:
        """Asks until there is an answer: again after a lost worker, and whenever a busy service has said when."""
        shared, service = self._shared, self._shared.services[self.step.stage.service]
        self.report.attempt_count = 1
        while True:
            # Told before every attempt: by a higher count the caller knows that what came before it is void.
            self.report.state = record_pb2.STAGE_STATE_RUNNING
            await self.tell()
            left = deadline - self._clock()
            try:
                return await self._ask(Question(service, shared.config, name, recordings, self.outputs, left, parts))
            except CallFailure as error:
                # Half a stem must not be listened to, nor hold room in the spool while this waits.
                self.outputs.close()
                if refused(error) or error.reason == UNREACHABLE:
                    stage_refused(self.step.stage.service, error.reason)
                delay = delay_before_next(error, self.report.attempt_count, shared.limits.max_attempts)
                if delay is None or self._clock() + delay >= deadline:
                    raise
                if refused(error):
                    await shared.send(progress_of(self.step.name, _QUEUED))
                else:
                    self.report.attempt_count += 1
                await asyncio.sleep(delay)

    async def _ask(self, question: Question) -> Message:
        part: Message | None = None
        # Closed here, by the task that opened it: that cancels the call, at once and not when a collector finds it.
        async with aclosing(self.step.stage.ask(question)) as events:
            async for event in events:
                if event.WhichOneof("event") == self.step.name:
                    part = getattr(event, self.step.name)
                # While this waits the iterator rests, and with it the service: nothing piles up for a slow caller.
                await self._shared.send(event)
        if part is None:
            raise RuntimeError(f"stage {self.step.name} ended without the event {self.step.name}")
        return part

    async def _end(self, state: record_pb2.StageState, error: AntiphonError | None) -> None:
        self.error = error
        self.report.state = state
        if error is not None:
            self.report.error.CopyFrom(stage_failure.status_of(error))
        await self.tell()


_QUEUED = evidence_pb2.Progress(phase=evidence_pb2.Progress.PHASE_QUEUED)
