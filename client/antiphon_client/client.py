"""The asyncio client."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import aclosing
from types import TracebackType
from typing import Any, TypeVar

import grpc
import grpc.aio

from antiphon.analysis.v1 import analysis_record_pb2 as record_pb2
from antiphon.analysis.v1 import analysis_service_pb2 as analysis_pb2
from antiphon.analysis.v1 import analysis_service_pb2_grpc as analysis_grpc
from antiphon.audio.v1 import audio_pb2
from antiphon.essentia.v1 import essentia_service_pb2 as essentia_pb2
from antiphon.generation.v1 import generation_service_pb2 as generation_pb2
from antiphon.llm_audio.v1 import llm_audio_service_pb2 as llm_audio_pb2
from antiphon.separation.v1 import separation_service_pb2 as separation_pb2
from antiphon.speech.v1 import speech_service_pb2 as speech_pb2
from antiphon_client.answer import Answer
from antiphon_client.connection import DEFAULT_TARGET, DEFAULT_TIMEOUT_SECONDS, Tls, keep_status, open_channel
from antiphon_client.errors import from_rpc
from antiphon_client.upload import AsyncAudioSource, Upload
from antiphon_wire.rpcs import (
    ALIGN_LYRICS,
    ANALYZE,
    COMPARE,
    DESCRIBE,
    FEATURES,
    GENERATE,
    RECOGNIZE,
    SEPARATE,
    SEPARATE_LIVE,
    TRANSCRIBE,
    AlignEvent,
    AnalyzeEvent,
    CompareEvent,
    DescribeEvent,
    FeaturesEvent,
    GenerateEvent,
    RecognizeEvent,
    SeparateEvent,
    StreamRpc,
    TranscribeEvent,
    analysis_config,
)

Event = TypeVar("Event")


class Client:
    """Talks to the gateway, or straight to one family, from an event loop.

    Every method raises :class:`AntiphonClientError`. Leaving a loop over events early, or cancelling the task, cancels
    the call; wrap the generator in ``contextlib.aclosing`` to have that happen at once.

    Args:
        target: Address, ``HOST:PORT`` or any gRPC name. ``analyze`` and ``services`` want the gateway's, the other
            calls their family's own.
        tls: Files for an encrypted channel; None for plain text.
        timeout_seconds: Deadline of a call that gives none of its own.
    """

    def __init__(
        self, target: str = DEFAULT_TARGET, *, tls: Tls | None = None, timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS
    ) -> None:
        self.target = target
        self._timeout_seconds = timeout_seconds
        self._channel = open_channel(target, tls)

    async def __aenter__(self) -> Client:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Closes the channel and cancels what is under way on it."""
        await self._channel.close()

    def analyze(
        self,
        audio: AsyncAudioSource,
        *,
        stages: Sequence[str] = (),
        return_stems: bool = False,
        audio_format: audio_pb2.AudioFormat | None = None,
        separation: separation_pb2.SeparationConfig | None = None,
        speech: speech_pb2.TranscriptionConfig | None = None,
        essentia: essentia_pb2.AnalysisConfig | None = None,
        stem_features: essentia_pb2.AnalysisConfig | None = None,
        llm_audio: llm_audio_pb2.DescriptionConfig | None = None,
        timeout_seconds: float | None = None,
    ) -> AsyncGenerator[AnalyzeEvent, None]:
        """Yields what happens while the recording is analysed; an ``AnalysisRecord`` comes last, once.

        Args:
            audio: Path, bytes, binary stream, or (asynchronous) iterable of bytes.
            stages: Stages wanted; empty for all.
            return_stems: Whether to send the stems too, as ``SeparationHeader`` and ``StemChunk``.
            audio_format: How to read the bytes; needed for raw PCM only.
            separation: Settings of that family; its own defaults where None. So for ``speech`` and ``essentia``.
            speech: See ``separation``.
            essentia: See ``separation``.
            stem_features: What to measure of each stem; the stem group where None.
            llm_audio: What to ask the language model; one full description where None.
            timeout_seconds: Deadline; the client's own where None.
        """
        config = analysis_config(tuple(stages), return_stems, separation, speech, essentia, stem_features, llm_audio)
        return self._stream(ANALYZE, config, audio, audio_format, timeout_seconds)

    async def analyze_to_record(
        self,
        audio: AsyncAudioSource,
        *,
        on_event: Callable[[AnalyzeEvent], None] | None = None,
        **settings: Any,
    ) -> record_pb2.AnalysisRecord:
        """Analyses the recording and returns the record; takes what :meth:`analyze` takes."""
        record = record_pb2.AnalysisRecord()
        async with aclosing(self.analyze(audio, **settings)) as events:
            async for event in events:
                if on_event is not None:
                    on_event(event)
                if isinstance(event, record_pb2.AnalysisRecord):
                    record = event
        return record

    def separate(
        self,
        audio: AsyncAudioSource,
        config: separation_pb2.SeparationConfig | None = None,
        *,
        timeout_seconds: float | None = None,
    ) -> AsyncGenerator[SeparateEvent, None]:
        """Yields header, progress and stem chunks; a ``SeparationSummary`` comes last. Ask the separation service."""
        config = config or separation_pb2.SeparationConfig()
        return self._stream(SEPARATE, config, audio, _format_of(config), timeout_seconds)

    def separate_live(
        self,
        chunks: AsyncAudioSource,
        config: separation_pb2.SeparationConfig | None = None,
        *,
        timeout_seconds: float | None = None,
    ) -> AsyncGenerator[SeparateEvent, None]:
        """Yields what :meth:`separate` does while the audio is still coming. Ask the separation service.

        Args:
            chunks: The audio as it comes: an (asynchronous) iterable of bytes, sent at once as they are; its end ends
                the stream. What :meth:`separate` takes is sent as fast as it is read.
            config: Settings, without a clip and without rescaling; PCM needs ``audio_format``.
            timeout_seconds: Deadline; the client's own where None.
        """
        config = config or separation_pb2.SeparationConfig()
        return self._stream(SEPARATE_LIVE, config, chunks, _format_of(config), timeout_seconds)

    def transcribe(
        self,
        audio: AsyncAudioSource,
        config: speech_pb2.TranscriptionConfig | None = None,
        *,
        timeout_seconds: float | None = None,
    ) -> AsyncGenerator[TranscribeEvent, None]:
        """Yields header, progress and segments; a ``TranscriptionSummary`` comes last. Ask the speech service."""
        config = config or speech_pb2.TranscriptionConfig()
        return self._stream(TRANSCRIBE, config, audio, _format_of(config), timeout_seconds)

    def align_lyrics(
        self,
        audio: AsyncAudioSource,
        config: speech_pb2.AlignmentConfig,
        *,
        timeout_seconds: float | None = None,
    ) -> AsyncGenerator[AlignEvent, None]:
        """Yields header, progress and lines; an ``AlignmentSummary`` comes last. Ask the speech service."""
        return self._stream(ALIGN_LYRICS, config, audio, _format_of(config), timeout_seconds)

    def recognize(
        self,
        chunks: AsyncAudioSource,
        config: speech_pb2.StreamingRecognitionConfig | None = None,
        *,
        timeout_seconds: float | None = None,
    ) -> AsyncGenerator[RecognizeEvent, None]:
        """Yields words while they are spoken; a ``StreamingRecognitionSummary`` comes last. Ask the speech service.

        Args:
            chunks: The audio as it comes: an (asynchronous) iterable of bytes, best of 100 to 250 ms each, sent at once
                as they are; its end ends the stream. What :meth:`transcribe` takes is sent as fast as it is read.
            config: Settings; PCM needs ``audio_format``.
            timeout_seconds: Deadline; the client's own where None.
        """
        config = config or speech_pb2.StreamingRecognitionConfig()
        return self._stream(RECOGNIZE, config, chunks, _format_of(config), timeout_seconds)

    def features(
        self,
        audio: AsyncAudioSource,
        config: essentia_pb2.AnalysisConfig | None = None,
        *,
        timeout_seconds: float | None = None,
    ) -> AsyncGenerator[FeaturesEvent, None]:
        """Yields header, progress, features to merge, and tag sets; an ``AnalysisSummary`` comes last. Ask essentia."""
        config = config or essentia_pb2.AnalysisConfig()
        return self._stream(FEATURES, config, audio, _format_of(config), timeout_seconds)

    def describe(
        self,
        audio: AsyncAudioSource | None,
        config: llm_audio_pb2.DescriptionConfig | None = None,
        *,
        timeout_seconds: float | None = None,
    ) -> AsyncGenerator[DescribeEvent, None]:
        """Yields header, progress, text pieces and answers; a ``DescriptionSummary`` comes last. Ask llm_audio.

        Args:
            audio: What :meth:`transcribe` takes; None for a model that writes from the facts in ``config``.
            config: Prompts, facts, sampling; see the message.
            timeout_seconds: Deadline; the client's own where None.
        """
        config = config or llm_audio_pb2.DescriptionConfig()
        return self._stream(DESCRIBE, config, audio, _format_of(config), timeout_seconds)

    def compare(
        self,
        audio: AsyncAudioSource | None,
        config: llm_audio_pb2.ComparisonConfig,
        *,
        timeout_seconds: float | None = None,
    ) -> AsyncGenerator[CompareEvent, None]:
        """Yields what each side writes, its outcome, and how far they agree: a ``ComparisonSummary``. Ask llm_audio.

        Args:
            audio: What :meth:`transcribe` takes; None where every side writes from the facts in ``config``.
            config: Two sides or more, prompts, facts, sampling; see the message.
            timeout_seconds: Deadline; the client's own where None.
        """
        return self._stream(COMPARE, config, audio, _format_of(config), timeout_seconds)

    def generate(
        self,
        config: generation_pb2.GenerationConfig,
        audio: AsyncAudioSource | None = None,
        *,
        timeout_seconds: float | None = None,
    ) -> AsyncGenerator[GenerateEvent, None]:
        """Yields header, progress and piece chunks; a ``GenerationSummary`` comes last. Ask the generation service.

        Args:
            config: Prompts and settings.
            audio: The clip to continue or to follow, as ``config.audio_role`` says; None where it names no role.
            timeout_seconds: Deadline; the client's own where None.
        """
        return self._stream(GENERATE, config, audio, _format_of(config), timeout_seconds)

    async def services(self, *, timeout_seconds: float = 10.0) -> list[analysis_pb2.ServiceStatus]:
        """Asks the gateway which services it uses and whether each answers."""
        stub: Any = analysis_grpc.AnalysisServiceStub(self._channel)
        try:
            answer = await stub.ListServices(analysis_pb2.ListServicesRequest(), timeout=timeout_seconds)
        except grpc.aio.AioRpcError as error:
            raise from_rpc(error, self.target, begun=False) from None
        return list(answer.services)

    async def _stream(
        self,
        rpc: StreamRpc[Event],
        config: Any,
        audio: AsyncAudioSource | None,
        audio_format: audio_pb2.AudioFormat | None,
        timeout_seconds: float | None,
    ) -> AsyncGenerator[Event, None]:
        upload = None if audio is None else await asyncio.to_thread(Upload, audio)
        method = self._channel.stream_stream(
            rpc.method, request_serializer=rpc.request.SerializeToString, response_deserializer=rpc.response.FromString
        )
        timeout = self._timeout_seconds if timeout_seconds is None else timeout_seconds
        answer = Answer(rpc, self.target)
        call = keep_status(method(_requests(rpc, config, audio_format, upload), timeout=timeout))
        try:
            async for response in call:
                if (event := answer.accept(response)) is not None:
                    yield event
            answer.end()
        except grpc.aio.AioRpcError as error:
            raise from_rpc(error, self.target, answer.begun) from None
        except asyncio.CancelledError:
            # grpc.aio cancels the call when its request iterator raises, and says nothing of why.
            if upload is not None and upload.failure is not None:
                raise upload.failure from None
            raise
        finally:
            call.cancel()
            if upload is not None:
                upload.close()


async def _requests(
    rpc: StreamRpc[Any], config: Any, audio_format: audio_pb2.AudioFormat | None, upload: Upload | None
) -> AsyncIterator[Any]:
    sent = type(config)()
    sent.CopyFrom(config)
    if upload is not None:
        sent.audio_format.CopyFrom(upload.announce(audio_format))
    yield rpc.request(config=sent)
    if upload is None:
        return
    try:
        async for chunk in upload.achunks():
            yield rpc.request(chunk=chunk)
    except (GeneratorExit, asyncio.CancelledError):
        raise
    except BaseException as error:
        upload.failure = error
        raise


def _format_of(config: Any) -> audio_pb2.AudioFormat | None:
    return config.audio_format if config.HasField("audio_format") else None
