"""What a live session is asked, and what it tells."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from antiphon_wire.errors import invalid
from chassis.reports import SourceReport, WarningReport, WorkReport
from services.speech.contract import LanguageCandidate, Word, check_language, check_prompt


@dataclass(frozen=True)
class Endpointing:
    """What begins and ends an utterance.

    Attributes:
        end_silence: Seconds without speech that end it, 0.2 to 5.
        min_speech: Seconds of speech that begin it, 0 to 2; what is shorter is a click or a cough.
        max_utterance: Seconds after which it is ended without silence, at the next settled word, 5 to 300.

    Raises:
        AntiphonError: ENDPOINTING.
    """

    end_silence: float = 0.6
    min_speech: float = 0.1
    max_utterance: float = 30.0

    def __post_init__(self) -> None:
        for name, low, high in (("end_silence", 0.2, 5.0), ("min_speech", 0.0, 2.0), ("max_utterance", 5.0, 300.0)):
            value = getattr(self, name)
            if not low <= value <= high:
                raise invalid(
                    "ENDPOINTING",
                    f"{name} is {value:g} s; give {low:g} to {high:g} s",
                    field=f"config.endpointing.{name}",
                    value=f"{value:g}",
                    lowest=f"{low:g}",
                    highest=f"{high:g}",
                )


@dataclass(frozen=True)
class LiveRequest:
    """What to listen for.

    Attributes:
        model: Name in models.toml; empty for the service's default.
        language: Language spoken, one of LANGUAGE_CODES; None to detect it.
        interim_results: Whether to tell words before they are settled.
        word_times: Whether to tell the time of each word.
        initial_prompt: Text that came before, at most 1000 characters.
        endpointing: What begins and ends an utterance.

    Raises:
        AntiphonError: UNKNOWN_LANGUAGE, PROMPT_TOO_LONG.
    """

    model: str = ""
    language: str | None = None
    interim_results: bool = True
    word_times: bool = True
    initial_prompt: str = ""
    endpointing: Endpointing = Endpointing()

    def __post_init__(self) -> None:
        check_language(self.language)
        check_prompt(self.initial_prompt)


@dataclass(frozen=True)
class Position:
    """How far a session is.

    Attributes:
        audio_seconds: Audio worked through, from the stream's start.
        lag_seconds: Time since that audio came in, or since it would have been spoken where it was sent faster.
    """

    audio_seconds: float
    lag_seconds: float


@dataclass(frozen=True)
class LiveHeader:
    """The stream has been understood: container and codec; length and digest not yet known."""

    source: SourceReport


class Placed:
    """What every event of a session has: how far the session is."""

    at: Position

    @property
    def lag_seconds(self) -> float:
        """How late the session is; the service admits no further stream where one is very late."""
        return self.at.lag_seconds


@dataclass(frozen=True)
class SpeechBegan(Placed):
    """Somebody speaks from ``offset`` seconds on."""

    offset: float
    at: Position


@dataclass(frozen=True)
class SpeechEnded(Placed):
    """Speech ended at ``offset`` seconds; all of its words have been told."""

    offset: float
    at: Position


@dataclass(frozen=True)
class Interim(Placed):
    """Words that follow the settled ones and may still change.

    Attributes:
        text: As written, a leading space where the language has one.
        words: In order; empty where word times were not asked for.
        stability: Length of the longest common subsequence of these words and the unsettled words before, over the
            number of these; None where nothing was heard before.
        utterance: Counts utterances from 0.
        at: How far the session is.
    """

    droppable: ClassVar[bool] = True
    """A caller who reads slowly gets only the newest."""
    text: str
    words: tuple[Word, ...]
    stability: float | None
    utterance: int
    at: Position


@dataclass(frozen=True)
class Final(Placed):
    """Words that are settled: never changed, never repeated. All these texts, put together, are the transcript.

    Attributes:
        text: As written, a leading space where the language has one.
        words: In order, none before the end of the one before; empty where word times were not asked for.
        start: Of its first word, in seconds from the stream's start.
        end: Of its last word.
        utterance: Counts utterances from 0.
        ends_utterance: Whether the utterance ends with it; its text may then be empty.
        at: How far the session is.
    """

    text: str
    words: tuple[Word, ...]
    start: float
    end: float
    utterance: int
    ends_utterance: bool
    at: Position


@dataclass(frozen=True)
class Reached(Placed):
    """Nothing was said; the session is alive and this far."""

    droppable: ClassVar[bool] = True
    at: Position


Told = SpeechBegan | SpeechEnded | Interim | Final | Reached
"""What a session tells while it goes on."""


@dataclass(frozen=True)
class LiveSummary:
    """Last event of a stream.

    Attributes:
        source: The audio with its length and digest.
        work: How it was recognised.
        language: Whisper's code; None where nothing was heard.
        language_probability: 0 to 1; None where it was chosen, or where the model knows one only.
        language_candidates: The likeliest five; empty where there was nothing to detect.
        speech_seconds: Length of all utterances.
        utterances: How many there were.
        steps: Hypotheses that were made.
        skipped_steps: Hypotheses left out because the machine was behind.
        max_lag_seconds: The largest lag of any step.
        warnings: Things to know.
    """

    source: SourceReport
    work: WorkReport
    language: str | None
    language_probability: float | None
    language_candidates: tuple[LanguageCandidate, ...]
    speech_seconds: float
    utterances: int
    steps: int
    skipped_steps: int
    max_lag_seconds: float
    warnings: tuple[WarningReport, ...]


LiveEvent = LiveHeader | Told | LiveSummary
"""Everything that a stream is answered with."""
