"""The gateway's RPCs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine, Mapping
from contextlib import aclosing
from typing import Any

import grpc

from antiphon.analysis.v1 import analysis_record_pb2 as record_pb2
from antiphon.analysis.v1 import analysis_service_pb2 as analysis_pb2
from antiphon.analysis.v1 import analysis_service_pb2_grpc as analysis_grpc
from antiphon_wire.errors import busy
from chassis.server.calls import note, rpc
from chassis.server.settings import ServerSettings
from chassis.spool import Spool
from chassis.upload import Upload
from gateway.analysis.fan_out import FanOut, Findings, Send
from gateway.analysis.fuse import fuse
from gateway.analysis.plan import derive
from gateway.availability import check_all
from gateway.backends import Backend
from gateway.service_call import Recording
from gateway.settings import GatewaySettings

# Each waiting event holds at most one chunk, so that a slow caller slows the services instead of filling memory.
_WAITING_EVENTS = 4
_BUSY_SECONDS = 2.0


class AnalysisService(analysis_grpc.AnalysisServiceServicer):
    """Answers for all services together.

    Args:
        settings: The gateway's.
        server: The process's; its time limits are used.
        spool: Where uploads and vocals are kept while they are needed.
        backends: How to ask each stage's service, by the stage's name.
    """

    def __init__(
        self, settings: GatewaySettings, server: ServerSettings, spool: Spool, backends: Mapping[str, Backend]
    ) -> None:
        self._settings = settings
        self._server = server
        self._spool = spool
        self._backends = backends
        self._analyses = 0

    @rpc
    async def Analyze(
        self, requests: AsyncIterator[analysis_pb2.AnalyzeRequest], context: grpc.aio.ServicerContext
    ) -> AsyncIterator[analysis_pb2.AnalyzeResponse]:
        """Streams reports, progress, parts and stems as they come, and the record last."""
        left = context.time_remaining()
        limit = self._server.max_call_seconds
        seconds = limit if left is None else min(left, limit)
        async with aclosing(_merged(lambda send: self._analyze(requests, seconds, send))) as events:
            async for event in events:
                yield event

    @rpc
    async def ListServices(
        self, request: analysis_pb2.ListServicesRequest, context: grpc.aio.ServicerContext
    ) -> analysis_pb2.ListServicesResponse:
        """Asks every service for its readiness."""
        lines = {backend.line.service: backend.line for backend in self._backends.values()}
        services = await check_all(lines.values())
        return analysis_pb2.ListServicesResponse(services=services)

    async def _analyze(self, requests: AsyncIterator[analysis_pb2.AnalyzeRequest], seconds: float, send: Send) -> None:
        if self._analyses >= self._settings.max_analyses:
            raise busy(
                "QUEUE_FULL",
                f"{self._analyses} analyses are under way, which is the limit of this gateway; try again later",
                retry_after_seconds=_BUSY_SECONDS,
                limit=self._settings.max_analyses,
            )
        self._analyses += 1
        try:
            async with Upload[analysis_pb2.AnalysisConfig](
                requests, self._spool, self._server.upload_idle_seconds
            ) as upload:
                config = await upload.config()
                plan = derive(config.stages)
                fan_out = FanOut(plan, self._backends, config, self._settings, self._spool, send, seconds)
                await fan_out.announce()
                audio = await upload.audio()
                recording = Recording(audio.path, audio.byte_count, audio.sha256, config.audio_format)
                findings = await fan_out.run(recording)
                note(bytes=audio.byte_count, stages=_outcomes(findings))
            await send(analysis_pb2.AnalyzeResponse(record=fuse(findings.parts, findings.reports)))
        finally:
            self._analyses -= 1


def _outcomes(findings: Findings) -> dict[str, str]:
    name = record_pb2.StageState.Name
    return {report.stage: name(report.state).removeprefix("STAGE_STATE_") for report in findings.reports}


async def _merged(
    work: Callable[[Send], Coroutine[Any, Any, None]],
) -> AsyncGenerator[analysis_pb2.AnalyzeResponse, None]:
    """Yields what ``work`` sends while it runs, then raises what it raised; closing this cancels it."""
    queue: asyncio.Queue[analysis_pb2.AnalyzeResponse | None] = asyncio.Queue(_WAITING_EVENTS)

    async def run() -> None:
        try:
            await work(queue.put)
        finally:
            task = asyncio.current_task()
            if task is not None and not task.cancelling():
                await queue.put(None)

    task = asyncio.create_task(run())
    try:
        while (event := await queue.get()) is not None:
            yield event
        await task
    finally:
        task.cancel()
        await asyncio.wait([task])
        if not task.cancelled():
            task.exception()  # Marks it as seen where the caller has gone.
