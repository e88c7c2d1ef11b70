"""Runs a plan: every stage as soon as its input is there, each with its own deadline, none failing the others.

One task runs one stage, and all tasks run on one event loop. What they share is kept safe by order, not by locks:

* A :class:`StageRun` is written by its own task alone.
* Another task reads it only after its ``ended`` event is set, and from then on it does not change.
* ``ended`` is set however the task ends, so nobody waits for a stage that will never come.
* A plan has no circles: a stage waits only for stages that stand before it.
* A task raises nothing but cancellation: whatever else befalls a stage becomes the status in its report. So only the
  caller's leaving ends stages early, and then it ends them all.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass

from google.protobuf.message import Message

from antiphon.analysis.v1 import analysis_record_pb2 as record_pb2
from antiphon.analysis.v1 import analysis_service_pb2 as analysis_pb2
from chassis.spool import Spool
from gateway.analysis import stage_failure
from gateway.analysis.events import Send
from gateway.analysis.limits import Limits
from gateway.analysis.plan import Plan
from gateway.analysis.question import Service
from gateway.analysis.stage import EVERY, UPLOAD, source_of
from gateway.analysis.stage_run import Shared, StageRun
from gateway.recording import Recording, clip_of


@dataclass(frozen=True)
class Findings:
    """What came of a plan: the parts by stage, and one report for each stage of the plan, in its order."""

    parts: Mapping[str, Message]
    reports: tuple[record_pb2.StageReport, ...]


class FanOut:
    """One run of one plan; its clock starts when it is made.

    Args:
        plan: What to run.
        config: The caller's.
        services: Who answers, by the service's word.
        limits: Budgets and attempts.
        spool: Where outputs that other stages listen to are kept.
        send: Takes each event.
        seconds_left: Until the call must have ended.
    """

    def __init__(
        self,
        plan: Plan,
        config: analysis_pb2.AnalysisConfig,
        *,
        services: Mapping[str, Service],
        limits: Limits,
        spool: Spool,
        send: Send,
        seconds_left: float,
    ) -> None:
        self._config = config
        now = asyncio.get_running_loop().time()
        # What is kept back lets the record reach the caller although a stage used all the time it was given.
        shared = Shared(config, services, limits, send, now, now + seconds_left - limits.fuse_margin_seconds)
        self._runs = {step.name: StageRun(step, shared, spool) for step in plan.steps}

    async def announce(self) -> None:
        """Sends one WAITING report for each stage."""
        for run in self._runs.values():
            await run.tell()

    async def run(self, upload: Recording) -> Findings:
        """Runs the plan to its end; cancelling this cancels every call below it."""
        # The files outlive the tasks: one may read what another has left until the last of them has ended.
        with ExitStack() as files:
            for run in self._runs.values():
                files.callback(run.outputs.close)
            async with asyncio.TaskGroup() as tasks:
                for name, run in self._runs.items():
                    tasks.create_task(self._run_stage(run, upload), name=name)
        parts = {name: run.part for name, run in self._runs.items() if run.part is not None}
        return Findings(parts, tuple(run.report for run in self._runs.values()))

    async def _run_stage(self, run: StageRun, upload: Recording) -> None:
        try:
            # One after the other is as good as all at once: each must have ended, and an event that is set stays set.
            for name in run.step.waits_for:
                await self._runs[name].ended.wait()
            chosen = self._choose(run, upload)
            if chosen is not None:
                await run.listen(*chosen, self._used(run))
                return
            culprit = self._runs[run.step.waits_for[0]]
            await run.skip(culprit.error or stage_failure.no_input(run.step.name, run.step.inputs))
        finally:
            # Also where this task is cancelled before its last report was taken.
            run.ended.set()

    def _choose(self, run: StageRun, upload: Recording) -> tuple[str, Mapping[str, Recording]] | None:
        """Picks the best input there is: one that exists, and that covers the part of the upload asked for.

        A stage that cannot listen to the upload takes what there is, whatever part it covers.
        """
        inputs, wanted = run.step.inputs, clip_of(getattr(self._config, run.step.name))
        for name in inputs:
            if name == UPLOAD:
                return name, {UPLOAD: upload}
            output = name.partition(".")[2]
            found = {
                key: recording
                for key, recording in self._runs[source_of(name)].outputs.recordings.items()
                if output in (key, EVERY) and (UPLOAD not in inputs or recording.clip in (None, wanted))
            }
            if found:
                return name, found
        return None

    def _used(self, run: StageRun) -> Mapping[str, Message]:
        sources = {source_of(name): self._runs[source_of(name)].part for name in run.step.uses}
        return {name: part for name, part in sources.items() if part is not None}
