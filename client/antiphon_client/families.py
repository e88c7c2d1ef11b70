# tools/unasync.py derives the blocking client from this file; run it after a change.
"""The calls that a family answers itself, from an event loop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from types import TracebackType
from typing import Any, Self, TypeVar

import grpc

from antiphon.essentia.v1 import essentia_service_pb2 as essentia_pb2
from antiphon.generation.v1 import generation_service_pb2 as generation_pb2
from antiphon.llm_audio.v1 import llm_audio_service_pb2 as llm_audio_pb2
from antiphon.separation.v1 import separation_service_pb2 as separation_pb2
from antiphon.speech.v1 import speech_service_pb2 as speech_pb2
from antiphon_client.connection import DEFAULT_TARGET, DEFAULT_TIMEOUT_SECONDS
from antiphon_client.exchange import Exchange
from antiphon_client.upload import AsyncAudioSource
from antiphon_wire import rpcs
from antiphon_wire.channels import Tls, open_channel

Event = TypeVar("Event")


class FamilyCalls:
    """Holds the channel of a client, and asks the family at its other end; see :class:`antiphon_client.Client`."""

    def __init__(
        self,
        target: str = DEFAULT_TARGET,
        *,
        tls: Tls | None = None,
        timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS,
        track: int | None = None,
    ) -> None:
        self.target = target
        self._track = track
        self._timeout_seconds = timeout_seconds
        self._channel = open_channel(target, tls)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Closes the channel and cancels what is under way on it."""
        await self._channel.close()

    def separate(
        self,
        audio: AsyncAudioSource,
        config: separation_pb2.SeparationConfig | None = None,
        *,
        timeout_seconds: float | None = None,
    ) -> AsyncGenerator[rpcs.SeparateEvent, None]:
        """Yields header, progress and stem chunks; a ``SeparationSummary`` comes last. Ask the separation service."""
        return self._stream(rpcs.SEPARATE, config, audio, timeout_seconds)

    def separate_live(
        self,
        chunks: AsyncAudioSource,
        config: separation_pb2.SeparationConfig | None = None,
        *,
        timeout_seconds: float | None = None,
    ) -> AsyncGenerator[rpcs.SeparateEvent, None]:
        """Yields what :meth:`separate` does while the audio is still coming. Ask the separation service.

        Args:
            chunks: The audio as it comes: an (asynchronous) iterable of bytes, sent at once as they are; its end ends
                the stream. What :meth:`separate` takes is sent as fast as it is read.
            config: Settings, without a clip and without rescaling; PCM needs ``audio_format``.
            timeout_seconds: Deadline; the client's own where None.
        """
        return self._stream(rpcs.SEPARATE_LIVE, config, chunks, timeout_seconds)

    def transcribe(
        self,
        audio: AsyncAudioSource,
        config: speech_pb2.TranscriptionConfig | None = None,
        *,
        timeout_seconds: float | None = None,
    ) -> AsyncGenerator[rpcs.TranscribeEvent, None]:
        """Yields header, progress and segments; a ``TranscriptionSummary`` comes last. Ask the speech service."""
        return self._stream(rpcs.TRANSCRIBE, config, audio, timeout_seconds)

    def align_lyrics(
        self,
        audio: AsyncAudioSource,
        config: speech_pb2.AlignmentConfig,
        *,
        timeout_seconds: float | None = None,
    ) -> AsyncGenerator[rpcs.AlignEvent, None]:
        """Yields header, progress and lines; an ``AlignmentSummary`` comes last. Ask the speech service."""
        return self._stream(rpcs.ALIGN_LYRICS, config, audio, timeout_seconds)

    def recognize(
        self,
        chunks: AsyncAudioSource,
        config: speech_pb2.StreamingRecognitionConfig | None = None,
        *,
        timeout_seconds: float | None = None,
    ) -> AsyncGenerator[rpcs.RecognizeEvent, None]:
        """Yields words while they are spoken; a ``StreamingRecognitionSummary`` comes last. Ask the speech service.

        Args:
            chunks: The audio as it comes: an (asynchronous) iterable of bytes, best of 100 to 250 ms each, sent at once
                as they are; its end ends the stream. What :meth:`transcribe` takes is sent as fast as it is read.
            config: Settings; PCM needs ``audio_format``.
            timeout_seconds: Deadline; the client's own where None.
        """
        return self._stream(rpcs.RECOGNIZE, config, chunks, timeout_seconds)

    def features(
        self,
        audio: AsyncAudioSource,
        config: essentia_pb2.AnalysisConfig | None = None,
        *,
        timeout_seconds: float | None = None,
    ) -> AsyncGenerator[rpcs.FeaturesEvent, None]:
        """Yields header, progress, features to merge, and tag sets; an ``AnalysisSummary`` comes last. Ask essentia."""
        return self._stream(rpcs.FEATURES, config, audio, timeout_seconds)

    def describe(
        self,
        audio: AsyncAudioSource | None,
        config: llm_audio_pb2.DescriptionConfig | None = None,
        *,
        timeout_seconds: float | None = None,
    ) -> AsyncGenerator[rpcs.DescribeEvent, None]:
        """Yields header, progress, text pieces and answers; a ``DescriptionSummary`` comes last. Ask llm_audio.

        Args:
            audio: What :meth:`transcribe` takes; None for a model that writes from the facts in ``config``.
            config: Prompts, facts, sampling; see the message.
            timeout_seconds: Deadline; the client's own where None.
        """
        return self._stream(rpcs.DESCRIBE, config, audio, timeout_seconds)

    def compare(
        self,
        audio: AsyncAudioSource | None,
        config: llm_audio_pb2.ComparisonConfig,
        *,
        timeout_seconds: float | None = None,
    ) -> AsyncGenerator[rpcs.CompareEvent, None]:
        """Yields what each side writes, its outcome, and how far they agree: a ``ComparisonSummary``. Ask llm_audio.

        Args:
            audio: What :meth:`transcribe` takes; None where every side writes from the facts in ``config``.
            config: Two sides or more, prompts, facts, sampling; see the message.
            timeout_seconds: Deadline; the client's own where None.
        """
        return self._stream(rpcs.COMPARE, config, audio, timeout_seconds)

    def generate(
        self,
        config: generation_pb2.GenerationConfig,
        audio: AsyncAudioSource | None = None,
        *,
        timeout_seconds: float | None = None,
    ) -> AsyncGenerator[rpcs.GenerateEvent, None]:
        """Yields header, progress and piece chunks; a ``GenerationSummary`` comes last. Ask the generation service.

        Args:
            config: Prompts and settings.
            audio: The clip to continue or to follow, as ``config.audio_role`` says; None where it names no role.
            timeout_seconds: Deadline; the client's own where None.
        """
        return self._stream(rpcs.GENERATE, config, audio, timeout_seconds)

    async def _stream(
        self,
        rpc: rpcs.StreamRpc[Event],
        config: Any,
        audio: AsyncAudioSource | None,
        timeout_seconds: float | None,
    ) -> AsyncGenerator[Event, None]:
        exchange = await Exchange.aopen(rpc, self.target, config, audio, self._track)
        call = exchange.abegin(self._channel, self._timeout_seconds if timeout_seconds is None else timeout_seconds)
        try:
            async for response in call:
                if (event := exchange.accept(response)) is not None:
                    yield event
            exchange.end()
        except (grpc.RpcError, asyncio.CancelledError) as error:
            raise exchange.reason(error) from None
        finally:
            call.cancel()
            exchange.close()
