"""The separation RPCs: where the wire meets the engines."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from antiphon.separation.v1 import separation_service_pb2 as pb
from antiphon.separation.v1 import separation_service_pb2_grpc as pb_grpc
from chassis.family.call import Call
from chassis.family.family import Family, Live
from chassis.family.host import FamilyHost
from chassis.server import live_rpc, rpc
from services.separation import messages
from services.separation.contract import SUM_BOUNDS_DB, SeparationEvent
from services.separation.engines import ENGINES
from services.separation.settings import PORT
from services.separation.settings import SeparationSettings as Settings

FULL_NAME = pb.DESCRIPTOR.services_by_name["SeparationService"].full_name
register = pb_grpc.add_SeparationServiceServicer_to_server


def family(settings: Settings) -> Family:
    """Says what sets this family apart."""
    manifest = Path(__file__).parent / "models.toml"
    live = Live(settings.live_streams, 1, settings.live_seconds)
    jobs, graphs = "services.separation.job:Jobs", settings.graph_dir or Path("derived/separation")
    return Family(
        "separation",
        jobs,
        settings,
        manifest,
        live,
        port=PORT,
        engines=ENGINES,
        caches=(graphs,),
        events=SeparationEvent,
    )


class Servicer(pb_grpc.SeparationServiceServicer):
    """Answers SeparationService's RPCs."""

    def __init__(self, host: FamilyHost) -> None:
        self._host = host

    @rpc
    async def Separate(
        self, requests: AsyncIterator[pb.SeparateRequest], context: Any
    ) -> AsyncIterator[pb.SeparateResponse]:
        """Streams the stems of an uploaded mix."""
        async with Call(self._host, requests, FULL_NAME) as call:
            config = await call.config()
            request, forms = messages.separation_request(config), messages.separate_forms(call, config)
            self._host.require(request.model)
            async for response in call.answer("separate", request, forms):
                yield response

    @live_rpc
    async def StreamingSeparate(
        self, requests: AsyncIterator[pb.StreamingSeparateRequest], context: Any
    ) -> AsyncIterator[pb.StreamingSeparateResponse]:
        """Streams the stems of a mix that is still coming in."""
        async with Call(self._host, requests, FULL_NAME, live=True) as call:
            config = await call.config()
            request, forms = messages.live_request(config), messages.streaming_separate_forms(call, config)
            self._host.require(request.model)
            async for response in call.answer("separate_live", request, forms):
                yield response

    @rpc
    async def ListModels(self, request: pb.ListModelsRequest, context: Any) -> pb.ListModelsResponse:
        """Names the models of the manifest, and how exactly the stems of each sum to the mix."""
        models = self._host.models()
        bounds = {each.identity.name: SUM_BOUNDS_DB[each.engine] for each in models if each.engine in SUM_BOUNDS_DB}
        return pb.ListModelsResponse(models=models, sum_bound_db=bounds)
