"""Messages into requests, and what a job tells into messages: the only place where the two meet."""

from __future__ import annotations

from collections.abc import Iterable

from antiphon.evidence.v1 import evidence_pb2
from antiphon.speech.v1 import speech_service_pb2 as pb
from chassis import evidence
from chassis.family.call import Call, Forms
from services.speech import contract
from services.speech.live import contract as live

_TASKS = {pb.TASK_UNSPECIFIED: "transcribe", pb.TASK_TRANSCRIBE: "transcribe", pb.TASK_TRANSLATE: "translate"}


def transcription_request(config: pb.TranscriptionConfig) -> contract.TranscriptionRequest:
    """Reads what is to be written down; what is not set has its default.

    Raises:
        AntiphonError: what :class:`services.speech.contract.TranscriptionRequest` refuses.
    """
    defaults = contract.TranscriptionRequest()
    return contract.TranscriptionRequest(
        model=config.model,
        language=config.language_code or None,
        task=_TASKS.get(config.task, str(config.task)),
        beam_size=config.beam_size if config.HasField("beam_size") else defaults.beam_size,
        word_times=config.word_times if config.HasField("word_times") else defaults.word_times,
        vad=config.voice_activity_detection if config.HasField("voice_activity_detection") else defaults.vad,
        initial_prompt=config.initial_prompt,
        hotwords=tuple(config.hotwords),
        temperatures=tuple(config.temperatures) or defaults.temperatures,
        condition_on_previous_text=config.condition_on_previous_text,
        no_speech_threshold=(
            config.no_speech_threshold if config.HasField("no_speech_threshold") else defaults.no_speech_threshold
        ),
        hallucination_guard=(
            config.hallucination_guard if config.HasField("hallucination_guard") else defaults.hallucination_guard
        ),
        diarize=config.diarize,
        speaker_count=config.speaker_count if config.HasField("speaker_count") else None,
    )


def transcription_forms(call: Call, config: pb.TranscriptionConfig) -> Forms:
    """Says how each kind of event of a transcription becomes a response."""
    return {
        evidence_pb2.Progress: lambda event: pb.TranscribeResponse(progress=event),
        contract.Header: lambda event: pb.TranscribeResponse(header=header(event, call)),
        contract.Segment: lambda event: pb.TranscribeResponse(segment=segment(event)),
        contract.Summary: lambda event: pb.TranscribeResponse(summary=transcription_summary(event, call, config)),
    }


def alignment_request(config: pb.AlignmentConfig) -> contract.AlignmentRequest:
    """Reads the lyrics that are to be found in the audio.

    Raises:
        AntiphonError: what :class:`services.speech.contract.AlignmentRequest` refuses.
    """
    return contract.AlignmentRequest(lyrics=config.lyrics, model=config.model, language=config.language_code or None)


def alignment_forms(call: Call, config: pb.AlignmentConfig) -> Forms:
    """Says how each kind of event of an alignment becomes a response."""
    return {
        evidence_pb2.Progress: lambda event: pb.AlignLyricsResponse(progress=event),
        contract.Header: lambda event: pb.AlignLyricsResponse(header=header(event, call)),
        contract.AlignedLine: lambda event: pb.AlignLyricsResponse(line=line(event)),
        contract.AlignmentSummary: lambda event: pb.AlignLyricsResponse(summary=alignment_summary(event, call, config)),
    }


def live_request(config: pb.StreamingRecognitionConfig) -> live.LiveRequest:
    """Reads what is to be listened for in a stream; what is not set has its default.

    Raises:
        AntiphonError: what :class:`services.speech.live.contract.LiveRequest` refuses.
    """
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


def live_forms(call: Call, config: pb.StreamingRecognitionConfig) -> Forms:
    """Says how each kind of event of a live stream becomes a response."""
    response = pb.StreamingRecognizeResponse
    begin, end = pb.SpeechEvent.KIND_BEGIN, pb.SpeechEvent.KIND_END
    return {
        evidence_pb2.Progress: lambda event: response(progress=event),
        live.LiveHeader: lambda event: response(header=header(event, call)),
        live.SpeechBegan: lambda event: response(speech=speech_event(event, begin)),
        live.SpeechEnded: lambda event: response(speech=speech_event(event, end)),
        live.Interim: lambda event: response(interim=interim_result(event)),
        live.Final: lambda event: response(final=final_result(event)),
        live.Reached: lambda event: response(position=position(event.at)),
        live.LiveSummary: lambda event: response(summary=live_summary(event, call, config)),
    }


def header(event: contract.Header | live.LiveHeader, call: Call) -> pb.TranscriptionHeader:
    """Tells what the audio is, its length not yet known."""
    return pb.TranscriptionHeader(source=call.source(event.source))


def segment(told: contract.Segment) -> pb.Segment:
    """Tells a line of text with its place in the audio."""
    return pb.Segment(
        start_offset=evidence.duration(told.start),
        end_offset=evidence.duration(told.end),
        text=told.text,
        words=words(told.words),
        avg_logprob=told.avg_logprob,
        no_speech_probability=told.no_speech_probability,
        compression_ratio=told.compression_ratio,
        temperature=told.temperature,
        language_code=told.language,
        speaker=told.speaker,
    )


def line(told: contract.AlignedLine) -> pb.AlignedLine:
    """Tells a line of lyrics; without times where it was not found."""
    found = bool(told.words)
    return pb.AlignedLine(
        line_number=told.number,
        text=told.text,
        start_offset=evidence.duration(told.words[0].start) if found else None,
        end_offset=evidence.duration(told.words[-1].end) if found else None,
        words=words(told.words),
        heard_word_count=told.heard,
    )


def words(told: Iterable[contract.Word]) -> list[pb.Word]:
    """Tells words with their times."""
    return [
        pb.Word(
            start_offset=evidence.duration(word.start),
            end_offset=evidence.duration(word.end),
            text=word.text,
            probability=word.probability,
            speaker=word.speaker,
        )
        for word in told
    ]


def language_candidates(told: Iterable[contract.LanguageCandidate]) -> list[pb.LanguageCandidate]:
    """Tells the languages that the audio may be in, likeliest first."""
    return [pb.LanguageCandidate(language_code=each.language, probability=each.probability) for each in told]


def transcription_summary(
    event: contract.Summary, call: Call, config: pb.TranscriptionConfig
) -> pb.TranscriptionSummary:
    """Tells what was found besides the text, and how it was made."""
    seconds = event.speech_seconds
    return pb.TranscriptionSummary(
        source=call.source(event.source),
        language_code=event.language or "",
        language_probability=event.language_probability,
        language_candidates=language_candidates(event.language_candidates),
        speech_duration=None if seconds is None else evidence.duration(seconds),
        warnings=evidence.warnings(event.warnings),
        provenance=call.provenance(event.work, event.source, config),
        speakers=[
            pb.Speaker(label=each.label, speech_duration=evidence.duration(each.seconds)) for each in event.speakers
        ],
        speaker_model=None if event.speaker_model is None else evidence.model(event.speaker_model),
    )


def alignment_summary(event: contract.AlignmentSummary, call: Call, config: pb.AlignmentConfig) -> pb.AlignmentSummary:
    """Tells how many lines were found, and how it was made."""
    return pb.AlignmentSummary(
        source=call.source(event.source),
        language_code=event.findings.language or "",
        language_probability=event.findings.language_probability,
        aligned_line_count=event.findings.aligned,
        unmatched_line_count=event.findings.unmatched,
        warnings=evidence.warnings(event.warnings),
        provenance=call.provenance(event.work, event.source, config),
        lyrics=config.lyrics,
    )


def position(at: live.Position) -> pb.StreamPosition:
    """Tells how far a live session is."""
    return pb.StreamPosition(audio_processed=evidence.duration(at.audio_seconds), lag=evidence.duration(at.lag_seconds))


def speech_event(event: live.SpeechBegan | live.SpeechEnded, kind: pb.SpeechEvent.Kind) -> pb.SpeechEvent:
    """Tells that somebody begins or ends to speak."""
    return pb.SpeechEvent(kind=kind, offset=evidence.duration(event.offset), position=position(event.at))


def interim_result(event: live.Interim) -> pb.InterimResult:
    """Tells words that may still change."""
    return pb.InterimResult(
        text=event.text,
        words=words(event.words),
        stability=event.stability,
        utterance=event.utterance,
        position=position(event.at),
    )


def final_result(event: live.Final) -> pb.FinalResult:
    """Tells words that are settled; without times where an utterance ends without a further word."""
    return pb.FinalResult(
        text=event.text,
        words=words(event.words),
        start_offset=evidence.duration(event.start) if event.text else None,
        end_offset=evidence.duration(event.end) if event.text else None,
        utterance=event.utterance,
        ends_utterance=event.ends_utterance,
        position=position(event.at),
    )


def live_summary(
    event: live.LiveSummary, call: Call, config: pb.StreamingRecognitionConfig
) -> pb.StreamingRecognitionSummary:
    """Tells what was found in a whole stream, how late its text came, and how it was made."""
    return pb.StreamingRecognitionSummary(
        source=call.source(event.source),
        language_code=event.language or "",
        language_probability=event.language_probability,
        language_candidates=language_candidates(event.language_candidates),
        speech_duration=evidence.duration(event.speech_seconds),
        utterance_count=event.utterances,
        hypothesis_count=event.steps,
        skipped_hypothesis_count=event.skipped_steps,
        max_lag=evidence.duration(event.max_lag_seconds),
        warnings=evidence.warnings(event.warnings),
        provenance=call.provenance(event.work, event.source, config),
    )
