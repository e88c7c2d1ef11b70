"""The speech RPCs: where the wire meets the engines."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import antiphon_renderers as renderers
from antiphon.evidence.v1 import evidence_pb2
from antiphon.speech.v1 import speech_service_pb2 as pb
from antiphon.speech.v1 import speech_service_pb2_grpc as pb_grpc
from antiphon_wire.errors import invalid
from chassis import evidence
from chassis.cores import usable_cores
from chassis.family.audio_format import clip_range
from chassis.family.call import Call
from chassis.family.family import Family, Live
from chassis.family.host import FamilyHost
from chassis.server import rpc
from services.speech import contract as engine
from services.speech.engines import ENGINES
from services.speech.live import LIVE_ENGINES
from services.speech.live import contract as live
from services.speech.settings import PORT
from services.speech.settings import SpeechSettings as Settings

FULL_NAME = pb.DESCRIPTOR.services_by_name["SpeechService"].full_name
register = pb_grpc.add_SpeechServiceServicer_to_server

_TASKS = {pb.TASK_UNSPECIFIED: "transcribe", pb.TASK_TRANSCRIBE: "transcribe", pb.TASK_TRANSLATE: "translate"}

STREAMS_FOR_TWO_CORES = 3
"""Streams of whisper-base whose words are settled in time on two cores; measured, see bench/speech_live.py. Further
ones are refused sooner where those under way are late."""


def family(settings: Settings) -> Family:
    """What sets this family apart."""
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
    )


class Servicer(pb_grpc.SpeechServiceServicer):
    """Answers SpeechService's RPCs."""

    def __init__(self, host: FamilyHost) -> None:
        self._host = host

    @rpc
    async def Transcribe(self, requests: AsyncIterator[pb.TranscribeRequest], context: Any) -> AsyncIterator[Any]:
        """Streams the segments of an uploaded recording."""
        async with Call(self._host, requests, FULL_NAME) as call:
            config = await call.config()
            async with aclosing(call.run("transcribe", _request(config))) as events:
                async for event in events:
                    if isinstance(event, evidence_pb2.Progress):
                        yield pb.TranscribeResponse(progress=event)
                    elif isinstance(event, engine.Header):
                        yield pb.TranscribeResponse(header=pb.TranscriptionHeader(source=call.source(event.source)))
                    elif isinstance(event, engine.Segment):
                        yield pb.TranscribeResponse(segment=_segment(event))
                    elif isinstance(event, engine.Summary):
                        yield pb.TranscribeResponse(summary=_summary(event, call, config))

    @rpc
    async def AlignLyrics(self, requests: AsyncIterator[pb.AlignLyricsRequest], context: Any) -> AsyncIterator[Any]:
        """Tells when each line of lyrics is in an uploaded recording."""
        async with Call(self._host, requests, FULL_NAME) as call:
            config = await call.config()
            async for event in call.run("align_lyrics", _alignment_request(config)):
                if isinstance(event, evidence_pb2.Progress):
                    yield pb.AlignLyricsResponse(progress=event)
                elif isinstance(event, engine.Header):
                    yield pb.AlignLyricsResponse(header=pb.TranscriptionHeader(source=call.source(event.source)))
                elif isinstance(event, engine.AlignedLine):
                    yield pb.AlignLyricsResponse(line=_line(event))
                elif isinstance(event, engine.AlignmentSummary):
                    yield pb.AlignLyricsResponse(summary=_alignment_summary(event, call, config))

    @rpc
    async def RenderTranscript(self, request: pb.RenderTranscriptRequest, context: Any) -> pb.RenderTranscriptResponse:
        """Writes a transcript down in another form."""
        try:
            # A transcript of many hours takes a moment, in which others are to be answered.
            return await asyncio.to_thread(renderers.answer, request)
        except renderers.RenderError as error:
            raise invalid(error.reason, str(error), field=error.field) from error

    @rpc
    async def StreamingRecognize(
        self, requests: AsyncIterator[pb.StreamingRecognizeRequest], context: Any
    ) -> AsyncIterator[Any]:
        """Tells words while they are spoken."""
        async with Call(self._host, requests, FULL_NAME, live=True) as call:
            config = await call.config()
            async for event in call.run_live("listen_live", _live_request(config)):
                if isinstance(event, live.LiveSummary):
                    yield pb.StreamingRecognizeResponse(summary=_live_summary(event, call, config))
                elif isinstance(event, live.LiveHeader):
                    header = pb.TranscriptionHeader(source=call.source(event.source))
                    yield pb.StreamingRecognizeResponse(header=header)
                else:
                    yield _live_event(event)

    @rpc
    async def ListModels(self, request: pb.ListModelsRequest, context: Any) -> pb.ListModelsResponse:
        """Names the models of the manifest."""
        return pb.ListModelsResponse(models=self._host.models())


def _request(config: pb.TranscriptionConfig) -> engine.TranscriptionRequest:
    defaults = engine.TranscriptionRequest()
    return engine.TranscriptionRequest(
        model=config.model,
        language=config.language_code or None,
        task=_TASKS.get(config.task, str(config.task)),
        beam_size=config.beam_size if config.HasField("beam_size") else defaults.beam_size,
        word_times=config.word_times if config.HasField("word_times") else defaults.word_times,
        vad=config.voice_activity_detection if config.HasField("voice_activity_detection") else defaults.vad,
        initial_prompt=config.initial_prompt,
        clip_start_seconds=clip_range(config.clip if config.HasField("clip") else None)[0],
        hotwords=tuple(config.hotwords),
        temperatures=tuple(config.temperatures) or defaults.temperatures,
        condition_on_previous_text=config.condition_on_previous_text,
        no_speech_threshold=(
            config.no_speech_threshold if config.HasField("no_speech_threshold") else defaults.no_speech_threshold
        ),
        hallucination_guard=(
            config.hallucination_guard if config.HasField("hallucination_guard") else defaults.hallucination_guard
        ),
    )


def _alignment_request(config: pb.AlignmentConfig) -> engine.AlignmentRequest:
    return engine.AlignmentRequest(
        lyrics=config.lyrics,
        model=config.model,
        language=config.language_code or None,
        clip_start_seconds=clip_range(config.clip if config.HasField("clip") else None)[0],
    )


def _segment(segment: engine.Segment) -> pb.Segment:
    return pb.Segment(
        start_offset=evidence.duration(segment.start),
        end_offset=evidence.duration(segment.end),
        text=segment.text,
        words=[_word(word) for word in segment.words],
        avg_logprob=segment.avg_logprob,
        no_speech_probability=segment.no_speech_probability,
        compression_ratio=segment.compression_ratio,
        temperature=segment.temperature,
        language_code=segment.language,
    )


def _line(line: engine.AlignedLine) -> pb.AlignedLine:
    found = bool(line.words)
    return pb.AlignedLine(
        line_number=line.number,
        text=line.text,
        start_offset=evidence.duration(line.words[0].start) if found else None,
        end_offset=evidence.duration(line.words[-1].end) if found else None,
        words=[_word(word) for word in line.words],
        heard_word_count=line.heard,
    )


def _word(word: engine.Word) -> pb.Word:
    return pb.Word(
        start_offset=evidence.duration(word.start),
        end_offset=evidence.duration(word.end),
        text=word.text,
        probability=word.probability,
    )


def _summary(event: engine.Summary, call: Call, config: pb.TranscriptionConfig) -> pb.TranscriptionSummary:
    seconds = event.speech_seconds
    return pb.TranscriptionSummary(
        source=call.source(event.source),
        language_code=event.language or "",
        language_probability=event.language_probability,
        language_candidates=[
            pb.LanguageCandidate(language_code=each.language, probability=each.probability)
            for each in event.language_candidates
        ],
        speech_duration=None if seconds is None else evidence.duration(seconds),
        warnings=evidence.warnings(event.warnings),
        provenance=call.provenance(event.work, event.source, config),
    )


def _alignment_summary(event: engine.AlignmentSummary, call: Call, config: pb.AlignmentConfig) -> pb.AlignmentSummary:
    return pb.AlignmentSummary(
        source=call.source(event.source),
        language_code=event.findings.language or "",
        language_probability=event.findings.language_probability,
        aligned_line_count=event.findings.aligned,
        unmatched_line_count=event.findings.unmatched,
        warnings=evidence.warnings(event.warnings),
        provenance=call.provenance(event.work, event.source, config),
    )


def _live_request(config: pb.StreamingRecognitionConfig) -> live.LiveRequest:
    given = config.endpointing
    limits = {name: getattr(given, name) for name in ("end_silence", "min_speech", "max_utterance")}
    chosen = {name: value.ToNanoseconds() / 1e9 for name, value in limits.items() if given.HasField(name)}
    defaults = live.LiveRequest()
    return live.LiveRequest(
        model=config.model,
        language=config.language_code or None,
        interim_results=config.interim_results if config.HasField("interim_results") else defaults.interim_results,
        word_times=config.word_times if config.HasField("word_times") else defaults.word_times,
        initial_prompt=config.initial_prompt,
        endpointing=live.Endpointing(**chosen),
    )


def _live_event(event: Any) -> pb.StreamingRecognizeResponse:
    if isinstance(event, evidence_pb2.Progress):
        return pb.StreamingRecognizeResponse(progress=event)
    at = pb.StreamPosition(
        audio_processed=evidence.duration(event.at.audio_seconds), lag=evidence.duration(event.at.lag_seconds)
    )
    if isinstance(event, live.SpeechBegan | live.SpeechEnded):
        kind = pb.SpeechEvent.KIND_BEGIN if isinstance(event, live.SpeechBegan) else pb.SpeechEvent.KIND_END
        speech = pb.SpeechEvent(kind=kind, offset=evidence.duration(event.offset), position=at)
        return pb.StreamingRecognizeResponse(speech=speech)
    if isinstance(event, live.Interim):
        interim = pb.InterimResult(
            text=event.text,
            words=[_word(word) for word in event.words],
            stability=event.stability,
            utterance=event.utterance,
            position=at,
        )
        return pb.StreamingRecognizeResponse(interim=interim)
    if isinstance(event, live.Final):
        final = pb.FinalResult(
            text=event.text,
            words=[_word(word) for word in event.words],
            start_offset=evidence.duration(event.start) if event.text else None,
            end_offset=evidence.duration(event.end) if event.text else None,
            utterance=event.utterance,
            ends_utterance=event.ends_utterance,
            position=at,
        )
        return pb.StreamingRecognizeResponse(final=final)
    return pb.StreamingRecognizeResponse(position=at)


def _live_summary(
    event: live.LiveSummary, call: Call, config: pb.StreamingRecognitionConfig
) -> pb.StreamingRecognitionSummary:
    return pb.StreamingRecognitionSummary(
        source=call.source(event.source),
        language_code=event.language or "",
        language_probability=event.language_probability,
        language_candidates=[
            pb.LanguageCandidate(language_code=each.language, probability=each.probability)
            for each in event.language_candidates
        ],
        speech_duration=evidence.duration(event.speech_seconds),
        utterance_count=event.utterances,
        hypothesis_count=event.steps,
        skipped_hypothesis_count=event.skipped_steps,
        max_lag=evidence.duration(event.max_lag_seconds),
        warnings=evidence.warnings(event.warnings),
        provenance=call.provenance(event.work, event.source, config),
    )
