"""The gateway's RPCs: an upload becomes a recording, an analysis becomes a stream of events."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from typing import Any

import grpc

from antiphon.analysis.v1 import analysis_record_pb2 as record_pb2
from antiphon.analysis.v1 import analysis_service_pb2 as analysis_pb2
from antiphon.analysis.v1 import analysis_service_pb2_grpc as analysis_grpc
from chassis.server.calls import note, peer, rpc
from chassis.server.settings import ServerSettings
from chassis.spool import Spool
from chassis.upload import Upload
from gateway.analysis.admission import Admission
from gateway.analysis.analyze import analyze
from gateway.analysis.events import Send
from gateway.analysis.limits import Limits
from gateway.availability import check_all
from gateway.faces.grpc.merged import merged
from gateway.models_asked import refuse_absent_models
from gateway.recording import Recording
from gateway.service_call import Route


class AnalysisService(analysis_grpc.AnalysisServiceServicer):
    """Answers for all services together.

    Args:
        routes: The ways to the services.
        limits: How long and how often they are asked.
        admission: The places for analyses.
        spool: Where uploads and stems are kept while they are needed.
        server: The process's settings; its time limits are used.
    """

    def __init__(
        self, routes: Sequence[Route], limits: Limits, admission: Admission, spool: Spool, server: ServerSettings
    ) -> None:
        self._routes = routes
        self._limits = limits
        self._admission = admission
        self._spool = spool
        self._server = server

    @rpc
    async def Analyze(
        self, requests: AsyncIterator[analysis_pb2.AnalyzeRequest], context: grpc.aio.ServicerContext[Any, Any]
    ) -> AsyncIterator[analysis_pb2.AnalyzeResponse]:
        """Streams reports, progress, parts and stems as they come, and the record last."""
        left = context.time_remaining()
        limit = self._server.max_call_seconds
        seconds = limit if left is None else min(left, limit)
        async with aclosing(merged(lambda send: self._analyze(requests, seconds, send))) as events:
            async for event in events:
                yield event

    @rpc
    async def ListServices(
        self, request: analysis_pb2.ListServicesRequest, context: grpc.aio.ServicerContext[Any, Any]
    ) -> analysis_pb2.ListServicesResponse:
        """Asks every service for its readiness."""
        return analysis_pb2.ListServicesResponse(services=await check_all(self._routes))

    async def _analyze(self, requests: AsyncIterator[analysis_pb2.AnalyzeRequest], seconds: float, send: Send) -> None:
        upload = Upload[analysis_pb2.AnalysisConfig](requests, self._spool, self._server.upload_limits)
        with self._admission.entry(peer(), upload.make_way) as entry:
            async with upload:
                config = await upload.config()
                await refuse_absent_models(self._routes, config)

                async def arrival() -> Recording:
                    audio = await upload.audio()
                    await entry.uploaded()
                    return Recording(audio.path, audio.byte_count, audio.sha256, config.audio_format)

                record = await analyze(
                    arrival,
                    config,
                    services={route.service: route.call for route in self._routes},
                    limits=self._limits,
                    spool=self._spool,
                    send=send,
                    seconds_left=seconds,
                )
                note(bytes=upload.byte_count, stages=_outcomes(record))
            await send(analysis_pb2.AnalyzeResponse(record=record))


def _outcomes(record: record_pb2.AnalysisRecord) -> dict[str, str]:
    name = record_pb2.StageState.Name
    return {report.stage: name(report.state).removeprefix("STAGE_STATE_") for report in record.stage_reports}
