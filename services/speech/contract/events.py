"""What a job yields beside the text, and what an engine found besides it."""

from __future__ import annotations

from dataclasses import dataclass

from chassis.reports import ModelReport, ProgressReport, SourceReport, WarningReport, WorkReport
from services.speech.contract.transcript import AlignedLine, LanguageCandidate, Segment, Speaker


@dataclass(frozen=True)
class Header:
    """First event of a transcription: what the audio is, its length not yet known."""

    source: SourceReport


@dataclass(frozen=True)
class Reached:
    """How many seconds of the clip have been listened to; never falls."""

    seconds: float


@dataclass(frozen=True)
class Findings:
    """What an engine found besides the text.

    Attributes:
        language: Whisper's code; None where no text was heard.
        language_probability: Of that language, 0 to 1; None where it was chosen, or where the model knows one only.
        language_candidates: The likeliest five, likeliest first; empty where there was nothing to detect.
        speech_seconds: Audio left after voice activity detection; None where that was off.
        warnings: Things to know.
    """

    language: str | None
    language_probability: float | None
    language_candidates: tuple[LanguageCandidate, ...]
    speech_seconds: float | None
    warnings: tuple[WarningReport, ...]


@dataclass(frozen=True)
class Summary:
    """Last event of a transcription: the audio with its length and digest, what was found, how it was made.

    The model that told the speakers apart is beside the one that heard the words; None where that was not asked for.
    """

    source: SourceReport
    work: WorkReport
    language: str | None
    language_probability: float | None
    language_candidates: tuple[LanguageCandidate, ...]
    speech_seconds: float | None
    warnings: tuple[WarningReport, ...]
    speakers: tuple[Speaker, ...] = ()
    speaker_model: ModelReport | None = None


@dataclass(frozen=True)
class AlignmentFindings:
    """What aligning found besides the lines; see :class:`Findings`."""

    language: str | None
    language_probability: float | None
    aligned: int
    unmatched: int
    warnings: tuple[WarningReport, ...]


@dataclass(frozen=True)
class AlignmentSummary:
    """Last event of an alignment: the audio with its length and digest, what was found, how it was made."""

    source: SourceReport
    work: WorkReport
    findings: AlignmentFindings
    warnings: tuple[WarningReport, ...]


RecordingEvent = ProgressReport | Header | Segment | Summary | AlignedLine | AlignmentSummary
"""What a job yields about a recording; a live stream is answered with a ``LiveEvent``."""
