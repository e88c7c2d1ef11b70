"""An analysis: one function, from a recording and a config to a record; every face calls it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from antiphon.analysis.v1 import analysis_record_pb2 as record_pb2
from antiphon.analysis.v1 import analysis_service_pb2 as analysis_pb2
from chassis.spool import Spool
from gateway.analysis.events import Send
from gateway.analysis.fan_out import FanOut
from gateway.analysis.fuse.record import fuse
from gateway.analysis.limits import Limits
from gateway.analysis.plan import derive
from gateway.analysis.question import Service
from gateway.recording import Recording

Arrival = Callable[[], Awaitable[Recording]]
"""Waits until a recording that is still being uploaded is whole; what it raises ends the analysis."""


async def analyze(
    recording: Recording | Arrival,
    config: analysis_pb2.AnalysisConfig,
    *,
    services: Mapping[str, Service],
    limits: Limits,
    spool: Spool,
    send: Send,
    seconds_left: float,
) -> record_pb2.AnalysisRecord:
    """Asks the services about a recording and fuses what they say; cancelling this cancels every call below it.

    A stage that fails is told of in the record and leaves the others untouched.

    Args:
        recording: What to listen to. Where it is still on its way, the plan is made and every stage announced first, so
            that a bad config is refused before an upload, and a caller sees at once what will be done.
        config: What the caller wants.
        services: Who answers, by the service's word; a stage whose service is not among them is left out, which the
            record says, unless the config names it.
        limits: How long and how often they are asked.
        spool: Where stems that other stages listen to are kept; none is left there at the end.
        send: Takes each event but the record; while it waits, the services wait.
        seconds_left: Seconds until the caller must have the record, counted from now.

    Raises:
        AntiphonError: UNKNOWN_STAGE, STAGE_NOT_SERVED or STAGE_INPUT_MISSING for a config that asks for what cannot be.
    """
    plan = derive(config.stages, services=services)
    fan_out = FanOut(plan, config, services=services, limits=limits, spool=spool, send=send, seconds_left=seconds_left)
    await fan_out.announce()
    findings = await fan_out.run(recording if isinstance(recording, Recording) else await recording())
    return fuse(findings.parts, findings.reports, plan.absent)
