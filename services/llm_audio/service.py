"""The llm_audio RPCs: where the wire meets the engines."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path
from typing import Any

from antiphon.evidence.v1 import evidence_pb2
from antiphon.llm_audio.v1 import llm_audio_service_pb2 as pb
from antiphon.llm_audio.v1 import llm_audio_service_pb2_grpc as pb_grpc
from chassis.family.audio_format import clip_range
from chassis.family.call import Call
from chassis.family.family import Family
from chassis.family.host import FamilyHost
from chassis.server import rpc
from services.llm_audio import contract as engine
from services.llm_audio import messages as convert
from services.llm_audio.comparing import Comparing
from services.llm_audio.engines import ENGINES
from services.llm_audio.settings import PORT
from services.llm_audio.settings import LlmAudioSettings as Settings

FULL_NAME = pb.DESCRIPTOR.services_by_name["LlmAudioService"].full_name
register = pb_grpc.add_LlmAudioServiceServicer_to_server


def family(settings: Settings) -> Family:
    """What sets this family apart."""
    return Family(
        "llm_audio",
        "services.llm_audio.job:Jobs",
        settings,
        Path(__file__).parent / "models.toml",
        port=PORT,
        engines=ENGINES,
    )


class Servicer(pb_grpc.LlmAudioServiceServicer):
    """Answers LlmAudioService's RPCs."""

    def __init__(self, host: FamilyHost) -> None:
        self._host = host

    @rpc
    async def Describe(self, requests: AsyncIterator[pb.DescribeRequest], context: Any) -> AsyncIterator[Any]:
        """Streams the answers to prompts about a recording, or about facts."""
        async with Call(self._host, requests, FULL_NAME) as call:
            config = await call.config()
            clip_range(config.clip if config.HasField("clip") else None)
            request = convert.description_request(config)
            async with aclosing(call.run("describe", request, needs_audio=False)) as events:
                async for event in events:
                    if isinstance(event, evidence_pb2.Progress):
                        yield pb.DescribeResponse(progress=event)
                    elif isinstance(event, engine.Header):
                        source = None if event.source is None else call.source(event.source)
                        yield pb.DescribeResponse(header=pb.DescriptionHeader(source=source, prompts=event.prompts))
                    elif isinstance(event, engine.Piece):
                        yield pb.DescribeResponse(piece=convert.piece_message(event))
                    elif isinstance(event, engine.Answer):
                        yield pb.DescribeResponse(answer=convert.answer_message(event))
                    elif isinstance(event, engine.Summary):
                        source = None if event.source is None else call.source(event.source)
                        provenance = call.provenance(event.work, event.source, config)
                        yield pb.DescribeResponse(summary=convert.summary_message(event, source, provenance))

    @rpc
    async def Compare(self, requests: AsyncIterator[pb.CompareRequest], context: Any) -> AsyncIterator[Any]:
        """Streams what several models answer, what each cost, and how far they agree."""
        async with (
            Call(self._host, requests, FULL_NAME) as call,
            aclosing(Comparing(self._host, call).responses()) as responses,
        ):
            async for response in responses:
                yield response

    @rpc
    async def ListModels(self, request: pb.ListModelsRequest, context: Any) -> pb.ListModelsResponse:
        """Names the models of the manifest."""
        return pb.ListModelsResponse(models=self._host.models())
