"""Last event of a live stream: the audio, what was found in it, how late, and how."""

from __future__ import annotations

from collections.abc import Iterator

from chassis.models import InstalledModel
from chassis.reports import SourceReport, WarningReport
from services.speech.contract import SAMPLE_RATE
from services.speech.live.contract import LiveRequest, LiveSummary
from services.speech.live.model import LiveModel
from services.speech.live.session import Session
from services.speech.live.steps import STEP
from services.speech.summaries.work import work_facts, written

CANDIDATES = 5
UNCERTAIN = 0.5
LATE_SECONDS = 5.0
"""Lag from which on the summary warns: the text came too late to be live."""


def live_summary(
    source: SourceReport,
    warnings: tuple[WarningReport, ...],
    model: InstalledModel,
    loaded: LiveModel,
    request: LiveRequest,
    session: Session,
) -> LiveSummary:
    """Sums a stream up that has ended.

    Args:
        source: The audio, with its length and digest.
        warnings: What there is to know of the audio; what there is to know of the text is added.
        model: The model that is installed.
        loaded: The same one, loaded.
        request: What was asked.
        session: The stream, worked through.
    """
    heard = session.hearing.heard_anything
    candidates = session.hearing.candidates if heard else ()
    likely = {each.language: each.probability for each in candidates}
    return LiveSummary(
        source=source,
        work=work_facts(model, loaded, _parameters(request)),
        language=session.hearing.language if heard else None,
        language_probability=likely.get(session.hearing.language or ""),
        language_candidates=candidates[:CANDIDATES],
        speech_seconds=session.speech_samples / SAMPLE_RATE,
        utterances=session.utterance,
        steps=session.steps,
        skipped_steps=session.skipped_steps,
        max_lag_seconds=session.max_lag,
        warnings=(*warnings, *_warnings(session)),
    )


def _parameters(request: LiveRequest) -> dict[str, str]:
    return {
        "language_code": request.language or "",
        "word_times": written(request.word_times),
        "initial_prompt": request.initial_prompt,
        "end_silence_seconds": f"{request.endpointing.end_silence:g}",
        "min_speech_seconds": f"{request.endpointing.min_speech:g}",
        "max_utterance_seconds": f"{request.endpointing.max_utterance:g}",
        "step_seconds": f"{STEP / SAMPLE_RATE:g}",
    }


def _warnings(session: Session) -> Iterator[WarningReport]:
    hearing = session.hearing
    if not hearing.heard_anything:
        yield WarningReport("NO_SPEECH", f"no speech was found in {session.seconds:.1f} s of audio", "final")
    if session.max_lag > LATE_SECONDS:
        message = f"the model was up to {session.max_lag:.1f} s behind and left out {session.skipped_steps} hypotheses"
        yield WarningReport("LIVE_BEHIND", f"{message}; the machine carries fewer streams than it was given", "final")
    if hearing.candidates and hearing.heard_anything and hearing.candidates[0].probability < UNCERTAIN:
        probability = hearing.candidates[0].probability
        message = f"the language {hearing.language} is a guess, probability {probability:.2f}; name it if you know it"
        yield WarningReport("LANGUAGE_UNCERTAIN", message, "language_code")
