"""The llm_audio RPCs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path
from typing import Any

from antiphon.llm_audio.v1 import llm_audio_service_pb2 as pb
from antiphon.llm_audio.v1 import llm_audio_service_pb2_grpc as pb_grpc
from chassis.family.call import Call
from chassis.family.family import Family
from chassis.family.host import FamilyHost
from chassis.server import rpc
from services.llm_audio.automatic.choice import automatic
from services.llm_audio.comparison.request import Agreement
from services.llm_audio.comparison.run import Comparison
from services.llm_audio.contract import DescriptionEvent
from services.llm_audio.engines import ENGINES
from services.llm_audio.messages import description
from services.llm_audio.settings import PORT
from services.llm_audio.settings import LlmAudioSettings as Settings

FULL_NAME = pb.DESCRIPTOR.services_by_name["LlmAudioService"].full_name
register = pb_grpc.add_LlmAudioServiceServicer_to_server


def family(settings: Settings) -> Family:
    """Says what sets this family apart."""
    manifest = Path(__file__).parent / "models.toml"
    jobs = "services.llm_audio.job:Jobs"
    events = DescriptionEvent | Agreement
    return Family("llm_audio", jobs, settings, manifest, port=PORT, engines=ENGINES, own=automatic, events=events)


class Servicer(pb_grpc.LlmAudioServiceServicer):
    """Answers LlmAudioService's RPCs."""

    def __init__(self, host: FamilyHost) -> None:
        self._host = host

    @rpc
    async def Describe(
        self, requests: AsyncIterator[pb.DescribeRequest], context: Any
    ) -> AsyncIterator[pb.DescribeResponse]:
        """Streams the answers to prompts about a recording, or about facts."""
        async with Call(self._host, requests, FULL_NAME) as call:
            config = await call.config()
            request, forms = description.description_request(config), description.description_forms(call, config)
            self._host.require(request.model, request.engine)
            async for response in call.answer("describe", request, forms, needs_audio=False):
                yield response

    @rpc
    async def Compare(
        self, requests: AsyncIterator[pb.CompareRequest], context: Any
    ) -> AsyncIterator[pb.CompareResponse]:
        """Streams what several models answer, what each cost, and how far they agree."""
        async with (
            Call(self._host, requests, FULL_NAME) as call,
            aclosing(Comparison(self._host, call).responses()) as responses,
        ):
            async for response in responses:
                yield response

    @rpc
    async def ListModels(self, request: pb.ListModelsRequest, context: Any) -> pb.ListModelsResponse:
        """Names the models of the manifest."""
        return pb.ListModelsResponse(models=self._host.models())
