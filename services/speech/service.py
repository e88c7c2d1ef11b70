"""The speech RPCs, and what sets this family apart from the others."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from antiphon.speech.v1 import speech_service_pb2 as pb
from antiphon.speech.v1 import speech_service_pb2_grpc as pb_grpc
from chassis.cores import usable_cores
from chassis.family.call import Call
from chassis.family.family import Family, Live
from chassis.family.host import FamilyHost
from chassis.server import live_rpc, rpc
from services.speech import messages, speakers
from services.speech.contract import RecordingEvent
from services.speech.engines import ENGINES
from services.speech.live import LIVE_ENGINES
from services.speech.live.contract import LiveEvent
from services.speech.rendering.places import Renderings
from services.speech.settings import PORT
from services.speech.settings import SpeechSettings as Settings

FULL_NAME = pb.DESCRIPTOR.services_by_name["SpeechService"].full_name
register = pb_grpc.add_SpeechServiceServicer_to_server

STREAMS_FOR_TWO_CORES = 3
"""Streams of whisper-base whose words are settled in time on two cores; measured, see bench/speech_live.py. Further
ones are refused sooner where those under way are late."""


def family(settings: Settings) -> Family:
    """Says what sets this family apart."""
    cores = usable_cores()
    workers = cores if settings.live_workers is None else settings.live_workers
    streams = STREAMS_FOR_TWO_CORES * max(1, cores // 2) if settings.live_streams is None else settings.live_streams
    return Family(
        "speech",
        "services.speech.job:Jobs",
        settings,
        Path(__file__).parent / "models.toml",
        Live(streams if settings.engine in LIVE_ENGINES else 0, workers, settings.live_seconds),
        port=PORT,
        engines=ENGINES,
        events=RecordingEvent | LiveEvent,
    )


class Servicer(pb_grpc.SpeechServiceServicer):
    """Answers SpeechService's RPCs."""

    def __init__(self, host: FamilyHost) -> None:
        self._host = host
        self._renderings = Renderings()

    @rpc
    async def Transcribe(
        self, requests: AsyncIterator[pb.TranscribeRequest], context: Any
    ) -> AsyncIterator[pb.TranscribeResponse]:
        """Streams the segments of an uploaded recording."""
        async with Call(self._host, requests, FULL_NAME) as call:
            config = await call.config()
            request, forms = messages.transcription_request(config), messages.transcription_forms(call, config)
            self._host.require(request.model)
            if request.diarize:
                self._host.need(speakers.MODEL)
            async for response in call.answer("transcribe", request, forms):
                yield response

    @rpc
    async def AlignLyrics(
        self, requests: AsyncIterator[pb.AlignLyricsRequest], context: Any
    ) -> AsyncIterator[pb.AlignLyricsResponse]:
        """Tells when each line of lyrics is in an uploaded recording."""
        async with Call(self._host, requests, FULL_NAME) as call:
            config = await call.config()
            request, forms = messages.alignment_request(config), messages.alignment_forms(call, config)
            self._host.require(request.model)
            async for response in call.answer("align_lyrics", request, forms):
                yield response

    @live_rpc
    async def StreamingRecognize(
        self, requests: AsyncIterator[pb.StreamingRecognizeRequest], context: Any
    ) -> AsyncIterator[pb.StreamingRecognizeResponse]:
        """Tells words while they are spoken."""
        async with Call(self._host, requests, FULL_NAME, live=True) as call:
            config = await call.config()
            request, forms = messages.live_request(config), messages.live_forms(call, config)
            self._host.require(request.model)
            async for response in call.answer("listen_live", request, forms):
                yield response

    @rpc
    async def RenderTranscript(self, request: pb.RenderTranscriptRequest, context: Any) -> pb.RenderTranscriptResponse:
        """Writes a transcript down in another form."""
        return await self._renderings.answer(request)

    @rpc
    async def ListModels(self, request: pb.ListModelsRequest, context: Any) -> pb.ListModelsResponse:
        """Names the models of the manifest."""
        return pb.ListModelsResponse(models=self._host.models())
