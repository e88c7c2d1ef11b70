"""Last event of a transcription: the audio, what was found in it, and how."""

from __future__ import annotations

from chassis.audio import Source
from chassis.models import InstalledModel
from services.speech.contract import Findings, Recognizer, Summary, TranscriptionRequest
from services.speech.speakers.telling import Told
from services.speech.summaries.places import placed
from services.speech.summaries.work import work_facts, written


def transcription_summary(
    source: Source,
    model: InstalledModel,
    recognizer: Recognizer,
    request: TranscriptionRequest,
    findings: Findings,
    told: Told | None = None,
) -> Summary:
    """Sums a transcription up; reads the source to its end, since length and digest are those of the whole recording.

    ``told`` is what is known of the speakers, where they were to be told apart.

    Raises:
        AntiphonError: what the rest of the audio is refused for.
    """
    return Summary(
        # A clip leaves the rest of the recording undecoded.
        source=source.complete(),
        work=work_facts(
            model, recognizer, _parameters(request, recognizer), recognizer.seed if request.may_sample else None
        ),
        language=findings.language,
        language_probability=findings.language_probability,
        language_candidates=findings.language_candidates,
        speech_seconds=findings.speech_seconds,
        warnings=(
            *source.warnings,
            *placed(findings.warnings, source.start_seconds),
            *(() if told is None else told.warnings),
        ),
        speakers=() if told is None else told.speakers,
        speaker_model=None if told is None else told.model,
    )


def _parameters(request: TranscriptionRequest, recognizer: Recognizer) -> dict[str, str]:
    return {
        "language_code": request.language or "",
        "task": request.task,
        "beam_size": str(request.beam_size),
        "word_times": written(request.word_times),
        "voice_activity_detection": written(request.vad),
        "initial_prompt": request.initial_prompt,
        "hotwords": ", ".join(request.hotwords),
        "temperatures": ", ".join(f"{temperature:g}" for temperature in request.temperatures),
        "condition_on_previous_text": written(request.condition_on_previous_text),
        "no_speech_threshold": f"{request.no_speech_threshold:g}",
        "hallucination_guard": written(request.hallucination_guard),
        "diarize": written(request.diarize),
        "speaker_count": "" if request.speaker_count is None else str(request.speaker_count),
        # What was sampled from an unknown seed comes out otherwise the next time.
        "reproducible": written(not request.may_sample or recognizer.seed is not None),
    }
