"""The essentia RPCs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from antiphon.essentia.v1 import essentia_service_pb2 as pb
from antiphon.essentia.v1 import essentia_service_pb2_grpc as pb_grpc
from chassis.family.call import Call
from chassis.family.family import Family
from chassis.family.host import FamilyHost
from chassis.server import rpc
from services.essentia import messages
from services.essentia.contract import AnalysisEvent
from services.essentia.settings import PORT
from services.essentia.settings import EssentiaSettings as Settings
from services.essentia.tags.needed import check_models

FULL_NAME = pb.DESCRIPTOR.services_by_name["EssentiaService"].full_name
register = pb_grpc.add_EssentiaServiceServicer_to_server


def family(settings: Settings) -> Family:
    """Says what sets this family apart; it names no engines, for it answers with several models at once."""
    manifest = Path(__file__).parent / "models.toml"
    return Family("essentia", "services.essentia.job:Jobs", settings, manifest, port=PORT, events=AnalysisEvent)


class Servicer(pb_grpc.EssentiaServiceServicer):
    """Answers EssentiaService's RPCs."""

    def __init__(self, host: FamilyHost) -> None:
        self._host = host

    @rpc
    async def Analyze(self, requests: AsyncIterator[pb.AnalyzeRequest], context: Any) -> AsyncIterator[Any]:
        """Streams the features of an uploaded recording, group by group."""
        async with Call(self._host, requests, FULL_NAME) as call:
            config = await call.config()
            request, forms = messages.analysis_request(config), messages.analysis_forms(call, config)
            check_models(self._host.store, request)
            async for response in call.answer("analyze", request, forms):
                yield response

    @rpc
    async def ListModels(self, request: pb.ListModelsRequest, context: Any) -> pb.ListModelsResponse:
        """Names the models of the manifest."""
        return pb.ListModelsResponse(models=self._host.models())
