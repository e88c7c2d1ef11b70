"""The generation RPCs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from antiphon.generation.v1 import generation_service_pb2 as pb
from antiphon.generation.v1 import generation_service_pb2_grpc as pb_grpc
from chassis.family.call import Call
from chassis.family.family import Family
from chassis.family.host import FamilyHost
from chassis.server import rpc
from services.generation import messages
from services.generation.contract import Event
from services.generation.engines import ENGINES
from services.generation.settings import PORT
from services.generation.settings import GenerationSettings as Settings

FULL_NAME = pb.DESCRIPTOR.services_by_name["GenerationService"].full_name
register = pb_grpc.add_GenerationServiceServicer_to_server


def family(settings: Settings) -> Family:
    """Says what sets this family apart."""
    manifest = Path(__file__).parent / "models.toml"
    jobs, compiles = "services.generation.job:Jobs", settings.decoding == "compiled"
    return Family("generation", jobs, settings, manifest, port=PORT, engines=ENGINES, compiles=compiles, events=Event)


class Servicer(pb_grpc.GenerationServiceServicer):
    """Answers GenerationService's RPCs."""

    def __init__(self, host: FamilyHost) -> None:
        self._host = host

    @rpc
    async def Generate(
        self, requests: AsyncIterator[pb.GenerateRequest], context: Any
    ) -> AsyncIterator[pb.GenerateResponse]:
        """Streams pieces of music while they are made."""
        async with Call(self._host, requests, FULL_NAME) as call:
            config = await call.config()
            request = messages.generation_request(config)
            self._host.require(request.model)
            forms = messages.generation_forms(call, config)
            async for response in call.answer("generate", request, forms, needs_audio=bool(request.audio_role)):
                yield response

    @rpc
    async def ListModels(self, request: pb.ListModelsRequest, context: Any) -> pb.ListModelsResponse:
        """Names the models of the manifest."""
        return pb.ListModelsResponse(models=self._host.models())
