"""Runs a plan: every stage as soon as its input is there, each with its own deadline, none failing the others."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from contextlib import ExitStack, aclosing
from dataclasses import dataclass

from google.protobuf.message import Message
from google.rpc import status_pb2

from antiphon.analysis.v1 import analysis_record_pb2 as record_pb2
from antiphon.analysis.v1 import analysis_service_pb2 as analysis_pb2
from antiphon.evidence.v1 import evidence_pb2
from antiphon_wire.errors import AntiphonError
from chassis.spool import Spool
from gateway.analysis import stage_failure as failure
from gateway.analysis.plan import EVERY, UPLOAD, Plan, Step, source_of
from gateway.analysis.stage_failure import StageFailure
from gateway.backends import Backend, Outputs, Question, clip_of
from gateway.service_call import Recording
from gateway.settings import GatewaySettings

_log = logging.getLogger(__name__)

_MIN_DELAY_SECONDS = 0.1

Send = Callable[[analysis_pb2.AnalyzeResponse], Awaitable[None]]


@dataclass(frozen=True)
class Findings:
    """What came of a plan: the parts by stage, and one report for each stage of the plan, in its order."""

    parts: Mapping[str, Message]
    reports: tuple[record_pb2.StageReport, ...]


class FanOut:
    """One run of one plan; its clock starts when it is made.

    Args:
        plan: What to run.
        backends: By the stage's name.
        config: The caller's.
        settings: Budgets and attempts.
        spool: Where outputs that other stages listen to are kept.
        send: Takes each event; while it waits, the stage that sent it waits, and so does its service.
        seconds_left: Until the call must have ended.
    """

    def __init__(
        self,
        plan: Plan,
        backends: Mapping[str, Backend],
        config: analysis_pb2.AnalysisConfig,
        settings: GatewaySettings,
        spool: Spool,
        send: Send,
        seconds_left: float,
    ) -> None:
        self._plan = plan
        self._backends = backends
        self._config = config
        self._settings = settings
        self._spool = spool
        self._send = send
        self._clock = asyncio.get_running_loop().time
        self._started = self._clock()
        self._deadline = self._started + seconds_left - settings.fuse_margin_seconds
        self._ended = {step.name: asyncio.Event() for step in plan.steps}
        self._outputs = {step.name: Outputs(spool, step.kept) for step in plan.steps}
        self._parts: dict[str, Message] = {}
        self._reports = {
            step.name: record_pb2.StageReport(stage=step.name, state=record_pb2.STAGE_STATE_WAITING)
            for step in plan.steps
        }

    async def announce(self) -> None:
        """Sends one WAITING report for each stage."""
        for step in self._plan.steps:
            await self._tell(step)

    async def run(self, upload: Recording) -> Findings:
        """Runs the plan to its end; cancelling this cancels every call below it."""
        with ExitStack() as files:
            for outputs in self._outputs.values():
                files.callback(outputs.close)
            async with asyncio.TaskGroup() as tasks:
                for step in self._plan.steps:
                    tasks.create_task(self._run_step(step, upload), name=step.name)
        return Findings(dict(self._parts), tuple(self._reports[step.name] for step in self._plan.steps))

    async def _run_step(self, step: Step, upload: Recording) -> None:
        try:
            for name in step.waits_for:
                await self._ended[name].wait()
            chosen = self._choose(step, upload)
            if chosen is None:
                culprit = self._reports[step.waits_for[0]]
                error = culprit.error if culprit.HasField("error") else failure.no_input(step.name, step.inputs).status
                await self._end(step, record_pb2.STAGE_STATE_SKIPPED, error)
                return
            began = self._clock()
            report = self._reports[step.name]
            report.input = chosen[0]
            report.start_offset.FromNanoseconds(int((began - self._started) * 1e9))
            failed = await self._listen(step, *chosen)
            report.elapsed.FromNanoseconds(int((self._clock() - began) * 1e9))
            state = record_pb2.STAGE_STATE_SUCCEEDED if failed is None else record_pb2.STAGE_STATE_FAILED
            await self._end(step, state, failed)
        finally:
            self._ended[step.name].set()

    def _choose(self, step: Step, upload: Recording) -> tuple[str, Mapping[str, Recording]] | None:
        """Picks the best input there is: one that exists, and that covers the part of the upload asked for.

        A stage that cannot listen to the upload takes what there is, whatever part it covers.
        """
        wanted = clip_of(getattr(self._config, step.name))
        for name in step.inputs:
            if name == UPLOAD:
                return name, {UPLOAD: upload}
            output = name.partition(".")[2]
            found = {
                key: recording
                for key, recording in self._outputs[source_of(name)].recordings.items()
                if output in (key, EVERY) and (UPLOAD not in step.inputs or recording.clip in (None, wanted))
            }
            if found:
                return name, found
        return None

    async def _listen(self, step: Step, name: str, recordings: Mapping[str, Recording]) -> status_pb2.Status | None:
        """Gets the stage's part; returns why not, where it could not be had."""
        deadline = min(self._clock() + self._settings.seconds(step.stage.service), self._deadline)
        try:
            async with asyncio.timeout_at(deadline):
                self._parts[step.name] = await self._persist(step, name, recordings, deadline)
        except StageFailure as error:
            return error.status
        except AntiphonError as error:
            return failure.local(error).status
        except TimeoutError:
            return failure.deadline(step.stage.service).status
        except Exception:
            _log.exception("stage %s broke", step.name)
            message = f"the gateway failed at stage {step.name}; its log has the details"
            return failure.local(AntiphonError("INTERNAL", "STAGE_BROKEN", message, {"stage": step.name})).status
        return None

    async def _persist(self, step: Step, name: str, recordings: Mapping[str, Recording], deadline: float) -> Message:
        """Asks until there is an answer: again after a lost worker, and whenever a busy service has said when."""
        report = self._reports[step.name]
        report.attempt_count = 1
        while True:
            report.state = record_pb2.STAGE_STATE_RUNNING
            await self._tell(step)
            outputs = self._outputs[step.name]
            try:
                left = deadline - self._clock()
                return await self._ask(step, Question(self._config, name, recordings, outputs, left, self._used(step)))
            except StageFailure as error:
                outputs.close()
                delay = self._delay(error, report.attempt_count)
                if delay is None or self._clock() + delay >= deadline:
                    raise
                if _refused(error):
                    await self._send(_queued(step))
                else:
                    report.attempt_count += 1
                await asyncio.sleep(delay)

    def _used(self, step: Step) -> Mapping[str, Message]:
        names = (source_of(name) for name in step.uses)
        return {name: self._parts[name] for name in names if name in self._parts}

    def _delay(self, error: StageFailure, attempts: int) -> float | None:
        """Gives the seconds to wait before asking again; None where that is of no use."""
        lost = error.code == "UNAVAILABLE" and error.reason != failure.UNREACHABLE
        busy = error.code == "RESOURCE_EXHAUSTED" and error.retry_after_seconds is not None
        if _refused(error) or ((lost or busy) and attempts < self._settings.max_attempts):
            return max(error.retry_after_seconds or 0.0, _MIN_DELAY_SECONDS)
        return None

    async def _ask(self, step: Step, question: Question) -> Message:
        backend = self._backends[step.name]
        async with aclosing(backend.ask(question)) as events:
            async for event in events:
                if event.WhichOneof("event") == step.name:
                    part: Message = getattr(event, step.name)
                await self._send(event)
        return part

    async def _tell(self, step: Step) -> None:
        report = record_pb2.StageReport()
        report.CopyFrom(self._reports[step.name])
        await self._send(analysis_pb2.AnalyzeResponse(stage_report=report))

    async def _end(self, step: Step, state: record_pb2.StageState, error: status_pb2.Status | None) -> None:
        report = self._reports[step.name]
        report.state = state
        if error is not None:
            report.error.CopyFrom(error)
        await self._tell(step)


def _refused(error: StageFailure) -> bool:
    """True where a busy service did nothing but say when to come back, which costs no attempt."""
    return error.code == "RESOURCE_EXHAUSTED" and error.retry_after_seconds is not None and not error.worked


def _queued(step: Step) -> analysis_pb2.AnalyzeResponse:
    progress = evidence_pb2.Progress(phase=evidence_pb2.Progress.PHASE_QUEUED)
    return analysis_pb2.AnalyzeResponse(progress=analysis_pb2.StageProgress(stage=step.name, progress=progress))
