"""What an engine of the speech family must do, and what it is given and gives back.

What a live stream is asked and tells is in :mod:`services.speech.live.contract`.
"""

from __future__ import annotations

from services.speech.contract.events import (
    AlignmentFindings,
    AlignmentSummary,
    Findings,
    Header,
    Reached,
    RecordingEvent,
    Summary,
)
from services.speech.contract.languages import LANGUAGE_CODES, check_language
from services.speech.contract.recognizer import SAMPLE_RATE, Recognizer
from services.speech.contract.requests import AlignmentRequest, TranscriptionRequest, check_prompt
from services.speech.contract.task import LiveTask, Task, Turn
from services.speech.contract.transcript import AlignedLine, LanguageCandidate, Segment, Speaker, Word

__all__ = [
    "LANGUAGE_CODES",
    "SAMPLE_RATE",
    "AlignedLine",
    "AlignmentFindings",
    "AlignmentRequest",
    "AlignmentSummary",
    "Findings",
    "Header",
    "LanguageCandidate",
    "LiveTask",
    "Reached",
    "Recognizer",
    "RecordingEvent",
    "Segment",
    "Speaker",
    "Summary",
    "Task",
    "TranscriptionRequest",
    "Turn",
    "Word",
    "check_language",
    "check_prompt",
]
