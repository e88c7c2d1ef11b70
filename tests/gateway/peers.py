"""Peers of the families' protocols: real gRPC servers that answer what a test has them answer."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import google_crc32c
import grpc
from google.protobuf import duration_pb2
from grpc_health.v1 import health, health_pb2, health_pb2_grpc

from antiphon.audio.v1 import audio_pb2
from antiphon.essentia.v1 import essentia_service_pb2 as essentia_pb2
from antiphon.essentia.v1 import essentia_service_pb2_grpc as essentia_grpc
from antiphon.evidence.v1 import evidence_pb2
from antiphon.llm_audio.v1 import llm_audio_service_pb2 as llm_audio_pb2
from antiphon.llm_audio.v1 import llm_audio_service_pb2_grpc as llm_audio_grpc
from antiphon.separation.v1 import separation_service_pb2 as separation_pb2
from antiphon.separation.v1 import separation_service_pb2_grpc as separation_grpc
from antiphon.speech.v1 import speech_service_pb2 as speech_pb2
from antiphon.speech.v1 import speech_service_pb2_grpc as speech_grpc
from antiphon_wire.errors import AntiphonError
from antiphon_wire.status import to_grpc

PCM_SHA256 = hashlib.sha256(b"the decoded samples").digest()
STEM_CHUNK_BYTES = 64 << 10


@dataclass
class Heard:
    """What one call brought."""

    config: Any = None
    byte_count: int = 0
    sha256: bytes = b""
    last: bool = False
    chunk_count: int = 0
    checked_chunk_count: int = 0
    metadata: dict[str, str] = field(default_factory=dict)


Behaviour = Callable[["Peer", Heard, AsyncIterator[Any], Any], AsyncIterator[Any]]


class Peer:
    """One family's servicer; its nth call behaves as ``script[n]``, later ones as the last of it."""

    service = ""

    def __init__(self) -> None:
        self.script: list[Behaviour] = [answers]
        self.heard: list[Heard] = []
        self.reached = asyncio.Event()
        self.cancelled = asyncio.Event()
        self.sent_bytes = 0
        self.all_sent = asyncio.Event()
        self.health = health.aio.HealthServicer()
        self.server = grpc.aio.server()
        self.target = ""
        self.models: list[evidence_pb2.ModelInfo] = []

    async def start(self, credentials: grpc.ServerCredentials | None = None) -> None:
        """Listens on a port of the system's choice."""
        health_pb2_grpc.add_HealthServicer_to_server(self.health, self.server)
        self.register()
        address = "127.0.0.1:0"
        add = self.server.add_insecure_port
        port = add(address) if credentials is None else self.server.add_secure_port(address, credentials)
        self.target = f"127.0.0.1:{port}"
        for name in ("", "readiness"):
            await self.health.set(name, health_pb2.HealthCheckResponse.SERVING)
        await self.server.start()

    def register(self) -> None:
        """Adds itself to its server."""
        raise NotImplementedError

    def responses(self, heard: Heard) -> AsyncIterator[Any]:
        """Yields a good answer."""
        raise NotImplementedError

    async def listen(self, heard: Heard, requests: AsyncIterator[Any]) -> None:
        """Takes the whole upload."""
        digest = hashlib.sha256()
        async for request in requests:
            if request.WhichOneof("payload") == "config":
                assert heard.config is None
                heard.config = request.config
            else:
                assert request.chunk.byte_offset == heard.byte_count
                assert not heard.last
                digest.update(request.chunk.data)
                heard.chunk_count += 1
                if request.chunk.HasField("crc32c"):
                    assert request.chunk.crc32c == google_crc32c.value(request.chunk.data)
                    heard.checked_chunk_count += 1
                heard.byte_count += len(request.chunk.data)
                heard.last = request.chunk.last
        heard.sha256 = digest.digest()

    async def handle(self, requests: AsyncIterator[Any], context: Any) -> AsyncIterator[Any]:
        """Behaves as the script says."""
        behaviour = self.script[min(len(self.heard), len(self.script) - 1)]
        heard = Heard(metadata=dict(context.invocation_metadata()))
        self.heard.append(heard)
        try:
            async for response in behaviour(self, heard, requests, context):
                yield response
        except asyncio.CancelledError:
            self.cancelled.set()
            raise


async def answers(peer: Peer, heard: Heard, requests: AsyncIterator[Any], context: Any) -> AsyncIterator[Any]:
    """Does everything right."""
    await peer.listen(heard, requests)
    async for response in peer.responses(heard):
        yield response
    peer.all_sent.set()


def fails(error: AntiphonError, after_responses: int = 0) -> Behaviour:
    """Listens, sends the first responses of a good answer, and ends with the error."""

    async def behave(peer: Peer, heard: Heard, requests: AsyncIterator[Any], context: Any) -> AsyncIterator[Any]:
        await peer.listen(heard, requests)
        sent = 0
        async for response in peer.responses(heard):
            if sent == after_responses:
                break
            sent += 1
            yield response
        await context.abort_with_status(to_grpc(error))

    return behave


def refuses(error: AntiphonError, after_messages: int = 0) -> Behaviour:
    """Ends with the error after that many messages of the upload, the rest of it unread."""

    async def behave(peer: Peer, heard: Heard, requests: AsyncIterator[Any], context: Any) -> AsyncIterator[Any]:
        for _ in range(after_messages):
            await anext(requests)
        await context.abort_with_status(to_grpc(error))
        yield

    return behave


async def hangs(peer: Peer, heard: Heard, requests: AsyncIterator[Any], context: Any) -> AsyncIterator[Any]:
    """Listens and then never answers."""
    await peer.listen(heard, requests)
    peer.reached.set()
    await asyncio.Event().wait()
    yield


async def forgets_summary(peer: Peer, heard: Heard, requests: AsyncIterator[Any], context: Any) -> AsyncIterator[Any]:
    """Ends with OK, but without a summary."""
    await peer.listen(heard, requests)
    async for response in peer.responses(heard):
        if response.WhichOneof("event") != "summary":
            yield response


def dies(stop: Callable[[Peer], Awaitable[None]], after_responses: int = 1) -> Behaviour:
    """Sends some of a good answer and then loses its server."""

    async def behave(peer: Peer, heard: Heard, requests: AsyncIterator[Any], context: Any) -> AsyncIterator[Any]:
        await peer.listen(heard, requests)
        sent = 0
        async for response in peer.responses(heard):
            yield response
            sent += 1
            if sent == after_responses:
                await stop(peer)
                await asyncio.Event().wait()

    return behave


def source(heard: Heard) -> audio_pb2.SourceAudio:
    """Describes the upload as a service would."""
    return audio_pb2.SourceAudio(
        upload_sha256=heard.sha256,
        pcm_sha256=PCM_SHA256,
        container="wav",
        codec="pcm_s16le",
        sample_rate_hertz=44_100,
        channel_count=2,
        frame_count=441_000,
        duration=duration_pb2.Duration(seconds=10),
    )


def half_done() -> evidence_pb2.Progress:
    """Progress of one half."""
    return evidence_pb2.Progress(phase=evidence_pb2.Progress.PHASE_COMPUTING, fraction=0.5)


class SeparationPeer(Peer, separation_grpc.SeparationServiceServicer):
    """Sends stems of given bytes."""

    service = "separation"

    def __init__(self) -> None:
        super().__init__()
        self.stems = {"vocals": b"vocals " * 30_000, "accompaniment": b"guitar " * 30_000}
        self.shares = {"vocals": 0.25, "accompaniment": 0.75}
        self.damage = False

    def register(self) -> None:
        separation_grpc.add_SeparationServiceServicer_to_server(self, self.server)

    async def Separate(self, requests: Any, context: Any) -> Any:
        async for response in self.handle(requests, context):
            yield response

    async def responses(self, heard: Heard) -> AsyncIterator[Any]:
        response = separation_pb2.SeparateResponse
        names = list(heard.config.stems) or list(self.stems)
        encoding = heard.config.output_encoding
        yield response(
            header=separation_pb2.SeparationHeader(
                source=source(heard), stems=names, encoding=encoding, sample_rate_hertz=44_100, channel_count=2
            )
        )
        yield response(progress=half_done())
        for name in names:
            data = self.stems[name]
            for offset in range(0, len(data), STEM_CHUNK_BYTES):
                piece = data[offset : offset + STEM_CHUNK_BYTES]
                last = offset + len(piece) == len(data)
                chunk = audio_pb2.AudioChunk(data=piece, byte_offset=offset, last=last)
                yield response(stem_chunk=separation_pb2.StemChunk(stem=name, chunk=chunk))
                self.sent_bytes += len(piece)
        summary = separation_pb2.SeparationSummary(source=source(heard))
        for name in names:
            digest = hashlib.sha256(self.stems[name] + (b"!" if self.damage else b"")).digest()
            summary.stems.add(
                name=name, byte_count=len(self.stems[name]), sha256=digest, energy_share=self.shares[name]
            )
        yield response(summary=summary)


class SpeechPeer(Peer, speech_grpc.SpeechServiceServicer):
    """Hears two lines."""

    service = "speech"

    def register(self) -> None:
        speech_grpc.add_SpeechServiceServicer_to_server(self, self.server)

    async def ListModels(self, request: Any, context: Any) -> Any:
        if not self.models:
            await context.abort(grpc.StatusCode.UNIMPLEMENTED, "it tells of none")
        return speech_pb2.ListModelsResponse(models=self.models)

    async def Transcribe(self, requests: Any, context: Any) -> Any:
        async for response in self.handle(requests, context):
            yield response

    async def responses(self, heard: Heard) -> AsyncIterator[Any]:
        response = speech_pb2.TranscribeResponse
        yield response(header=speech_pb2.TranscriptionHeader(source=source(heard)))
        yield response(progress=half_done())
        for index, text in enumerate(("hello darkness", "my old friend")):
            start = duration_pb2.Duration(seconds=index)
            end = duration_pb2.Duration(seconds=index + 1)
            words = [
                speech_pb2.Word(start_offset=start, end_offset=end, text=word, probability=0.5 + 0.25 * index)
                for word in text.split()
            ]
            yield response(segment=speech_pb2.Segment(start_offset=start, end_offset=end, text=text, words=words))
        yield response(
            summary=speech_pb2.TranscriptionSummary(
                source=source(heard), language_code="en", language_probability=0.875
            )
        )


class EssentiaPeer(Peer, essentia_grpc.EssentiaServiceServicer):
    """Measures in two messages; of a stem, in one."""

    service = "essentia"
    beats = (0.5, 1.0, 1.5)

    def register(self) -> None:
        essentia_grpc.add_EssentiaServiceServicer_to_server(self, self.server)

    async def Analyze(self, requests: Any, context: Any) -> Any:
        async for response in self.handle(requests, context):
            yield response

    async def responses(self, heard: Heard) -> AsyncIterator[Any]:
        response = essentia_pb2.AnalyzeResponse
        yield response(header=essentia_pb2.AnalysisHeader(source=source(heard)))
        yield response(progress=half_done())
        if heard.config.stem:
            features = essentia_pb2.Features()
            features.stem.name, features.stem.onset_count = heard.config.stem, heard.byte_count
            yield response(features=features)
            yield response(summary=essentia_pb2.AnalysisSummary(source=source(heard)))
            return
        features = essentia_pb2.Features()
        features.rhythm.bpm, features.rhythm.bpm_multifeature = 120.0, 120.0
        features.rhythm.bpm_degara, features.rhythm.bpm_percival = 121.0, 60.0
        if heard.config.include_series:
            features.series.beat_seconds.extend(self.beats)
            features.series.onset_seconds.append(0.25)
        yield response(features=features)
        features = essentia_pb2.Features()
        features.loudness.integrated_lufs = -14.0
        features.tonal.key_tonic, features.tonal.key_scale, features.tonal.key_agreement = "A", "minor", 1.0
        features.tonal.key_estimates.add(profile="edma", tonic="A", scale="minor", strength=0.75)
        yield response(features=features)
        yield response(summary=essentia_pb2.AnalysisSummary(source=source(heard)))


class LlmAudioPeer(Peer, llm_audio_grpc.LlmAudioServiceServicer):
    """Writes one answer in two pieces."""

    service = "llm_audio"

    def register(self) -> None:
        llm_audio_grpc.add_LlmAudioServiceServicer_to_server(self, self.server)

    async def Describe(self, requests: Any, context: Any) -> Any:
        async for response in self.handle(requests, context):
            yield response

    async def responses(self, heard: Heard) -> AsyncIterator[Any]:
        response = llm_audio_pb2.DescribeResponse
        yield response(header=llm_audio_pb2.DescriptionHeader(prompts=["full"]))
        yield response(progress=half_done())
        for text in ("A song ", "in A minor."):
            yield response(piece=llm_audio_pb2.TextPiece(prompt="full", text=text, attempt=1))
        answer = llm_audio_pb2.Answer(prompt="full", key="music_flamingo_full", text="A song in A minor.")
        answer.claims.add(kind="KIND_KEY", text="A minor", supported=True, fact="essentia.features.tonal.key_tonic")
        answer.claims.add(kind="KIND_NUMBER", text="7", value=7, supported=False)
        yield response(answer=answer)
        yield response(summary=llm_audio_pb2.DescriptionSummary())
