"""The blocking client: the same calls without an event loop."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from types import TracebackType
from typing import Any, TypeVar

import grpc

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
from antiphon_client.connection import DEFAULT_TARGET, DEFAULT_TIMEOUT_SECONDS, Tls, open_sync_channel
from antiphon_client.errors import from_rpc
from antiphon_client.upload import AudioSource, Upload
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


class SyncClient:
    """Talks to the gateway, or straight to one family, and blocks; see :class:`antiphon_client.Client` for each call.

    Leaving a loop over events early cancels the call. May be used from several threads.
    """

    def __init__(
        self, target: str = DEFAULT_TARGET, *, tls: Tls | None = None, timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS
    ) -> None:
        self.target = target
        self._timeout_seconds = timeout_seconds
        self._channel = open_sync_channel(target, tls)

    def __enter__(self) -> SyncClient:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Closes the channel and cancels what is under way on it."""
        self._channel.close()

    def analyze(
        self,
        audio: AudioSource,
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
    ) -> Generator[AnalyzeEvent, None, None]:
        """Yields what happens while the recording is analysed; an ``AnalysisRecord`` comes last, once."""
        config = analysis_config(tuple(stages), return_stems, separation, speech, essentia, stem_features, llm_audio)
        return self._stream(ANALYZE, config, audio, audio_format, timeout_seconds)

    def analyze_to_record(
        self, audio: AudioSource, *, on_event: Callable[[AnalyzeEvent], None] | None = None, **settings: Any
    ) -> record_pb2.AnalysisRecord:
        """Analyses the recording and returns the record; takes what :meth:`analyze` takes."""
        record = record_pb2.AnalysisRecord()
        for event in self.analyze(audio, **settings):
            if on_event is not None:
                on_event(event)
            if isinstance(event, record_pb2.AnalysisRecord):
                record = event
        return record

    def separate(
        self,
        audio: AudioSource,
        config: separation_pb2.SeparationConfig | None = None,
        *,
        timeout_seconds: float | None = None,
    ) -> Generator[SeparateEvent, None, None]:
        """Yields header, progress and stem chunks; a ``SeparationSummary`` comes last. Ask the separation service."""
        config = config or separation_pb2.SeparationConfig()
        return self._stream(SEPARATE, config, audio, _format_of(config), timeout_seconds)

    def separate_live(
        self,
        chunks: AudioSource,
        config: separation_pb2.SeparationConfig | None = None,
        *,
        timeout_seconds: float | None = None,
    ) -> Generator[SeparateEvent, None, None]:
        """Yields what :meth:`separate` does while the audio is still coming. Ask the separation service."""
        config = config or separation_pb2.SeparationConfig()
        return self._stream(SEPARATE_LIVE, config, chunks, _format_of(config), timeout_seconds)

    def transcribe(
        self,
        audio: AudioSource,
        config: speech_pb2.TranscriptionConfig | None = None,
        *,
        timeout_seconds: float | None = None,
    ) -> Generator[TranscribeEvent, None, None]:
        """Yields header, progress and segments; a ``TranscriptionSummary`` comes last. Ask the speech service."""
        config = config or speech_pb2.TranscriptionConfig()
        return self._stream(TRANSCRIBE, config, audio, _format_of(config), timeout_seconds)

    def align_lyrics(
        self,
        audio: AudioSource,
        config: speech_pb2.AlignmentConfig,
        *,
        timeout_seconds: float | None = None,
    ) -> Generator[AlignEvent, None, None]:
        """Yields header, progress and lines; an ``AlignmentSummary`` comes last. Ask the speech service."""
        return self._stream(ALIGN_LYRICS, config, audio, _format_of(config), timeout_seconds)

    def recognize(
        self,
        chunks: AudioSource,
        config: speech_pb2.StreamingRecognitionConfig | None = None,
        *,
        timeout_seconds: float | None = None,
    ) -> Generator[RecognizeEvent, None, None]:
        """Yields words while they are spoken; a ``StreamingRecognitionSummary`` comes last. Ask the speech service."""
        config = config or speech_pb2.StreamingRecognitionConfig()
        return self._stream(RECOGNIZE, config, chunks, _format_of(config), timeout_seconds)

    def features(
        self,
        audio: AudioSource,
        config: essentia_pb2.AnalysisConfig | None = None,
        *,
        timeout_seconds: float | None = None,
    ) -> Generator[FeaturesEvent, None, None]:
        """Yields header, progress, features to merge, and tag sets; an ``AnalysisSummary`` comes last. Ask essentia."""
        config = config or essentia_pb2.AnalysisConfig()
        return self._stream(FEATURES, config, audio, _format_of(config), timeout_seconds)

    def describe(
        self,
        audio: AudioSource | None,
        config: llm_audio_pb2.DescriptionConfig | None = None,
        *,
        timeout_seconds: float | None = None,
    ) -> Generator[DescribeEvent, None, None]:
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
        audio: AudioSource | None,
        config: llm_audio_pb2.ComparisonConfig,
        *,
        timeout_seconds: float | None = None,
    ) -> Generator[CompareEvent, None, None]:
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
        audio: AudioSource | None = None,
        *,
        timeout_seconds: float | None = None,
    ) -> Generator[GenerateEvent, None, None]:
        """Yields header, progress and piece chunks; a ``GenerationSummary`` comes last. Ask the generation service."""
        return self._stream(GENERATE, config, audio, _format_of(config), timeout_seconds)

    def services(self, *, timeout_seconds: float = 10.0) -> list[analysis_pb2.ServiceStatus]:
        """Asks the gateway which services it uses and whether each answers."""
        stub: Any = analysis_grpc.AnalysisServiceStub(self._channel)
        try:
            answer = stub.ListServices(analysis_pb2.ListServicesRequest(), timeout=timeout_seconds)
        except grpc.RpcError as error:
            raise from_rpc(error, self.target, begun=False) from None
        return list(answer.services)

    def _stream(
        self,
        rpc: StreamRpc[Event],
        config: Any,
        audio: AudioSource | None,
        audio_format: audio_pb2.AudioFormat | None,
        timeout_seconds: float | None,
    ) -> Generator[Event, None, None]:
        upload = None if audio is None else Upload(audio)
        method = self._channel.stream_stream(
            rpc.method, request_serializer=rpc.request.SerializeToString, response_deserializer=rpc.response.FromString
        )
        timeout = self._timeout_seconds if timeout_seconds is None else timeout_seconds
        answer = Answer(rpc, self.target)
        requests = _Requests(rpc, config, audio_format, upload)
        call = method(requests.messages(), timeout=timeout)
        requests.cancel = call.cancel
        try:
            for response in call:
                if (event := answer.accept(response)) is not None:
                    yield event
            answer.end()
        except grpc.RpcError as error:
            if upload is not None and upload.failure is not None:
                raise upload.failure from None
            raise from_rpc(error, self.target, answer.begun) from None
        finally:
            call.cancel()
            if upload is not None:
                upload.close()


class _Requests:
    def __init__(
        self, rpc: StreamRpc[Any], config: Any, audio_format: audio_pb2.AudioFormat | None, upload: Upload | None
    ) -> None:
        self._rpc = rpc
        self._upload = upload
        self._config = type(config)()
        self._config.CopyFrom(config)
        if upload is not None:
            self._config.audio_format.CopyFrom(upload.announce(audio_format))
        self.cancel: Callable[[], object] | None = None

    def messages(self) -> Iterator[Any]:
        yield self._rpc.request(config=self._config)
        if self._upload is None:
            return
        try:
            for chunk in self._upload.chunks():
                yield self._rpc.request(chunk=chunk)
        except GeneratorExit:
            raise
        except BaseException as error:
            # Raising here would make grpc log a trace of the caller's own error; it is raised to the caller instead.
            self._upload.failure = error
            if self.cancel is None:
                raise
            self.cancel()


def _format_of(config: Any) -> audio_pb2.AudioFormat | None:
    return config.audio_format if config.HasField("audio_format") else None
