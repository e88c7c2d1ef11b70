"""One adapter for each stage: turns a question into its service's RPC, and the answer into events of the gateway."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Collection, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any, Protocol

from google.protobuf import duration_pb2
from google.protobuf.message import Message

from antiphon.analysis.v1 import analysis_service_pb2 as analysis_pb2
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
from chassis.spool import Spool
from gateway.analysis.briefing import facts_json
from gateway.analysis.plan import EVERY, STAGES, UPLOAD
from gateway.analysis.stems import StemIntake
from gateway.channels import open_channel
from gateway.service_call import Line, Recording
from gateway.settings import GatewaySettings

VOCALS, BEATS = "vocals", "beats"


class Outputs:
    """What a stage leaves on disk for the stages that wait for it; closing it removes the files.

    Args:
        spool: Where the files go.
        kept: Outputs that somebody waits for, by name.
    """

    def __init__(self, spool: Spool, kept: Collection[str]) -> None:
        self.recordings: dict[str, Recording] = {}
        self.kept = tuple(kept)
        self._spool = spool
        self._intakes: list[StemIntake] = []

    def intake(self) -> StemIntake:
        """Starts over for a new attempt."""
        self.close()
        self._intakes = [StemIntake(self._spool, self.kept)]
        return self._intakes[0]

    def close(self) -> None:
        """Removes the files."""
        self.recordings = {}
        for intake in self._intakes:
            intake.remove()


@dataclass(frozen=True)
class Question:
    """What a stage is asked.

    Attributes:
        config: The caller's.
        input: Name of what it listens to, such as ``separation.vocals``.
        recordings: The same on disk, by output; several only where it listens to all outputs of a stage.
        outputs: Where to leave what others wait for.
        timeout: Seconds left for the answer.
        parts: What the stages said that this one uses besides, as far as they succeeded.
    """

    config: analysis_pb2.AnalysisConfig
    input: str
    recordings: Mapping[str, Recording]
    outputs: Outputs
    timeout: float
    parts: Mapping[str, Message] = field(default_factory=dict)

    @property
    def recording(self) -> Recording:
        """The one recording that it listens to."""
        (recording,) = self.recordings.values()
        return recording


class Backend(Protocol):
    """What the gateway needs of a service."""

    line: Line

    def ask(self, question: Question) -> AsyncGenerator[analysis_pb2.AnalyzeResponse, None]:
        """Yields what happens; the stage's part, which is the event named like the stage, once and last.

        Raises:
            StageFailure: the service failed.
            AntiphonError: its answer was damaged.
        """
        ...


class SeparationBackend:
    """Asks separation for the stems that the caller or another stage needs, and for no others."""

    def __init__(self, line: Line) -> None:
        self.line = line
        self._stub = separation_grpc.SeparationServiceStub(line.channel)  # type: ignore[no-untyped-call]

    async def ask(self, question: Question) -> AsyncGenerator[analysis_pb2.AnalyzeResponse, None]:
        """Yields progress, stems where the caller wants them, and the summary; see :class:`Backend`."""
        asked, config = question.config, separation_pb2.SeparationConfig()
        config.CopyFrom(asked.separation)
        config.audio_format.CopyFrom(question.recording.announced())
        del config.stems[:]
        config.stems.extend(stems_to_ask(asked, question.outputs.kept))
        if not config.output_encoding:
            config.output_encoding = audio_pb2.OUTPUT_ENCODING_FLAC
        header, summary = separation_pb2.SeparationHeader(), separation_pb2.SeparationSummary()
        stems = question.outputs.intake()
        calls = self.line.replay(
            self._stub.Separate, separation_pb2.SeparateRequest, config, question.recording, question.timeout
        )
        async with aclosing(calls) as responses:
            async for response in responses:
                match response.WhichOneof("event"):
                    case "header":
                        header = response.header
                        if asked.return_stems:
                            yield analysis_pb2.AnalyzeResponse(stem_header=_returned(header, asked))
                    case "progress":
                        yield _progress("separation", response.progress)
                    case "stem_chunk":
                        stems.take(response.stem_chunk)
                        if _wants(asked, response.stem_chunk.stem):
                            yield analysis_pb2.AnalyzeResponse(stem_chunk=response.stem_chunk)
                    case "summary":
                        summary = response.summary
        stems.verify(summary)
        question.outputs.recordings = stems.recordings(header, clip_of(config))
        yield analysis_pb2.AnalyzeResponse(separation=summary)


class SpeechBackend:
    """Asks speech for the words."""

    def __init__(self, line: Line) -> None:
        self.line = line
        self._stub = speech_grpc.SpeechServiceStub(line.channel)  # type: ignore[no-untyped-call]

    async def ask(self, question: Question) -> AsyncGenerator[analysis_pb2.AnalyzeResponse, None]:
        """Yields progress, each segment, and the transcript; see :class:`Backend`."""
        config, transcript = speech_pb2.TranscriptionConfig(), speech_pb2.Transcript()
        config.CopyFrom(question.config.speech)
        config.audio_format.CopyFrom(question.recording.announced())
        if question.input != UPLOAD and not config.HasField("voice_activity_detection"):
            config.voice_activity_detection = False  # Silero takes much singing for no speech at all.
        clip = question.recording.clip
        if clip is not None:
            config.ClearField("clip")
        calls = self.line.replay(
            self._stub.Transcribe, speech_pb2.TranscribeRequest, config, question.recording, question.timeout
        )
        async with aclosing(calls) as responses:
            async for response in responses:
                match response.WhichOneof("event"):
                    case "progress":
                        yield _progress("speech", response.progress)
                    case "segment":
                        if clip is not None:
                            _shift(response.segment, clip.start_offset.ToNanoseconds())
                        transcript.segments.append(response.segment)
                        yield analysis_pb2.AnalyzeResponse(segment=response.segment)
                    case "summary":
                        transcript.summary.CopyFrom(response.summary)
        yield analysis_pb2.AnalyzeResponse(speech=transcript)


class EssentiaBackend:
    """Asks essentia for the features and tags."""

    def __init__(self, line: Line) -> None:
        self.line = line
        self._stub = essentia_grpc.EssentiaServiceStub(line.channel)  # type: ignore[no-untyped-call]

    async def ask(self, question: Question) -> AsyncGenerator[analysis_pb2.AnalyzeResponse, None]:
        """Yields progress and the merged analysis; see :class:`Backend`."""
        config, analysis = essentia_pb2.AnalysisConfig(), essentia_pb2.Analysis()
        config.CopyFrom(question.config.essentia)
        config.include_series |= BEATS in question.outputs.kept
        async with aclosing(self._analyze(config, question.recording, question.timeout, analysis)) as steps:
            async for progress in steps:
                yield _progress("essentia", progress)
        if not question.config.essentia.include_series:
            _keep_beats(analysis.features)
        yield analysis_pb2.AnalyzeResponse(essentia=analysis)

    async def _analyze(
        self, config: essentia_pb2.AnalysisConfig, recording: Recording, timeout: float, into: essentia_pb2.Analysis
    ) -> AsyncGenerator[evidence_pb2.Progress, None]:
        config.audio_format.CopyFrom(recording.announced())
        calls = self.line.replay(self._stub.Analyze, essentia_pb2.AnalyzeRequest, config, recording, timeout)
        async with aclosing(calls) as responses:
            async for response in responses:
                match response.WhichOneof("event"):
                    case "progress":
                        yield response.progress
                    case "features":
                        into.features.MergeFrom(response.features)
                    case "tag_set":
                        into.tag_sets.append(response.tag_set)
                    case "summary":
                        into.summary.CopyFrom(response.summary)


class StemFeaturesBackend(EssentiaBackend):
    """Asks essentia for what is measured of stems, one stem after the other, against the beats of the mix."""

    async def ask(self, question: Question) -> AsyncGenerator[analysis_pb2.AnalyzeResponse, None]:
        """Yields progress over all stems and their analyses, by the stems' names; see :class:`Backend`."""
        clock = asyncio.get_running_loop().time
        end = clock() + question.timeout
        beats, result = _beats_of_mix(question), essentia_pb2.StemAnalyses()
        for done, (stem, recording) in enumerate(sorted(question.recordings.items())):
            config, analysis = essentia_pb2.AnalysisConfig(), result.stems.add()
            config.CopyFrom(question.config.stem_features)
            config.stem = stem
            config.ClearField("clip")  # The stem holds the part that was separated, and nothing else.
            if not config.beat_seconds:
                config.beat_seconds.extend(beats)
            async with aclosing(self._analyze(config, recording, end - clock(), analysis)) as steps:
                async for progress in steps:
                    if progress.HasField("fraction"):
                        progress.fraction = (done + progress.fraction) / len(question.recordings)
                    yield _progress("stem_features", progress)
        yield analysis_pb2.AnalyzeResponse(stem_features=result)


class LlmAudioBackend:
    """Asks llm_audio for prose: about the recording, and from what essentia and speech said of it."""

    def __init__(self, line: Line) -> None:
        self.line = line
        self._stub = llm_audio_grpc.LlmAudioServiceStub(line.channel)  # type: ignore[no-untyped-call]

    async def ask(self, question: Question) -> AsyncGenerator[analysis_pb2.AnalyzeResponse, None]:
        """Yields progress, pieces of text, and the description; see :class:`Backend`."""
        config, description = llm_audio_pb2.DescriptionConfig(), llm_audio_pb2.Description()
        config.CopyFrom(question.config.llm_audio)
        config.audio_format.CopyFrom(question.recording.announced())
        if not config.facts_json:
            config.facts_json = facts_json(question.parts)
        calls = self.line.replay(
            self._stub.Describe, llm_audio_pb2.DescribeRequest, config, question.recording, question.timeout
        )
        async with aclosing(calls) as responses:
            async for response in responses:
                match response.WhichOneof("event"):
                    case "progress":
                        yield _progress("llm_audio", response.progress)
                    case "piece":
                        yield analysis_pb2.AnalyzeResponse(text_piece=response.piece)
                    case "answer":
                        description.answers.append(response.answer)
                    case "summary":
                        description.summary.CopyFrom(response.summary)
        yield analysis_pb2.AnalyzeResponse(llm_audio=description)


BACKENDS: dict[str, Callable[[Line], Backend]] = {
    "separation": SeparationBackend,
    "speech": SpeechBackend,
    "essentia": EssentiaBackend,
    "stem_features": StemFeaturesBackend,
    "llm_audio": LlmAudioBackend,
}


def open_backends(settings: GatewaySettings) -> dict[str, Backend]:
    """Opens one way to every service that a stage names; gives how to ask, by the stage's name."""
    lines = {
        service: Line(service, settings.target(service), open_channel(service, settings), settings.connect_seconds)
        for service in dict.fromkeys(stage.service for stage in STAGES)
    }
    return {stage.name: BACKENDS[stage.name](lines[stage.service]) for stage in STAGES}


def stems_to_ask(config: analysis_pb2.AnalysisConfig, kept: Collection[str]) -> list[str]:
    """Names the stems to ask separation for; empty for all that the model has.

    The vocals alone do where nobody wants stems. Their share of the energy is known where the model computes all stems
    however few are sent, and absent where it computes no others.
    """
    asked = list(config.separation.stems)
    if not asked:
        return [] if config.return_stems or EVERY in kept else list(kept) or [VOCALS]
    return asked + [name for name in kept if name not in (*asked, EVERY)]


def clip_of(config: Any) -> audio_pb2.ClipRange | None:
    """Gives the part of the audio that a service's config asks for; None for all of it."""
    clip: audio_pb2.ClipRange = config.clip
    return clip if clip.HasField("end_offset") or clip.start_offset.ToNanoseconds() else None


def _wants(config: analysis_pb2.AnalysisConfig, stem: str) -> bool:
    return config.return_stems and (not config.separation.stems or stem in config.separation.stems)


def _returned(
    header: separation_pb2.SeparationHeader, config: analysis_pb2.AnalysisConfig
) -> separation_pb2.SeparationHeader:
    result = separation_pb2.SeparationHeader()
    result.CopyFrom(header)
    del result.stems[:]
    result.stems.extend(stem for stem in header.stems if _wants(config, stem))
    return result


def _progress(stage: str, progress: evidence_pb2.Progress) -> analysis_pb2.AnalyzeResponse:
    return analysis_pb2.AnalyzeResponse(progress=analysis_pb2.StageProgress(stage=stage, progress=progress))


def _keep_beats(features: essentia_pb2.Features) -> None:
    """Leaves of the series only the beats that stems were measured against."""
    beats = list(features.series.beat_seconds)
    features.ClearField("series")
    if beats:
        features.series.beat_seconds.extend(beats)


def _beats_of_mix(question: Question) -> list[float]:
    """Gives the beats that essentia found in the same part of the upload; none where it found none."""
    mix = question.parts.get("essentia")
    same = clip_of(question.config.essentia) == clip_of(question.config.separation)
    return list(mix.features.series.beat_seconds) if same and isinstance(mix, essentia_pb2.Analysis) else []


def _shift(segment: speech_pb2.Segment, nanoseconds: int) -> None:
    offsets: list[duration_pb2.Duration] = [
        offset for item in (segment, *segment.words) for offset in (item.start_offset, item.end_offset)
    ]
    for offset in offsets:
        offset.FromNanoseconds(offset.ToNanoseconds() + nanoseconds)
