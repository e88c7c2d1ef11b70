"""What an engine of the speech family must do, and what it is given and gives back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from chassis.errors import invalid
from chassis.facts import SourceFacts, WarningFacts, WorkFacts

SAMPLE_RATE = 16000
TASKS = ("transcribe", "translate")
MAX_BEAM_SIZE = 10
MAX_PROMPT_CHARACTERS = 1000

# fmt: off
LANGUAGE_CODES = (
    "af", "am", "ar", "as", "az", "ba", "be", "bg", "bn", "bo", "br", "bs", "ca", "cs", "cy", "da", "de", "el",
    "en", "es", "et", "eu", "fa", "fi", "fo", "fr", "gl", "gu", "ha", "haw", "he", "hi", "hr", "ht", "hu", "hy",
    "id", "is", "it", "ja", "jw", "ka", "kk", "km", "kn", "ko", "la", "lb", "ln", "lo", "lt", "lv", "mg", "mi",
    "mk", "ml", "mn", "mr", "ms", "mt", "my", "ne", "nl", "nn", "no", "oc", "pa", "pl", "ps", "pt", "ro", "ru",
    "sa", "sd", "si", "sk", "sl", "sn", "so", "sq", "sr", "su", "sv", "sw", "ta", "te", "tg", "th", "tk", "tl",
    "tr", "tt", "uk", "ur", "uz", "vi", "yi", "yo", "yue", "zh",
)
# fmt: on
"""Whisper's own codes, in OpenAI's table of languages; "yue" came with large-v3."""


@dataclass(frozen=True)
class TranscriptionRequest:
    """What to write down.

    Attributes:
        model: Name in models.toml; empty for the service's default.
        language: Language spoken, one of LANGUAGE_CODES; None to detect it.
        task: One of TASKS; ``translate`` gives English.
        beam_size: Hypotheses followed at once, 1 to 10.
        word_times: Whether to find the time of each word.
        vad: Whether to skip parts in which Silero hears no speech; it does not know singing.
        initial_prompt: Text that came before, to prime spelling and style; at most 1000 characters.
        clip_start_seconds: Where the clip starts in the recording; added to every time.

    Raises:
        AntiphonError: UNKNOWN_LANGUAGE, UNKNOWN_TASK, BEAM_SIZE, PROMPT_TOO_LONG.
    """

    model: str = ""
    language: str | None = None
    task: str = "transcribe"
    beam_size: int = 5
    word_times: bool = True
    vad: bool = True
    initial_prompt: str = ""
    clip_start_seconds: float = 0.0

    def __post_init__(self) -> None:
        if self.language is not None and self.language not in LANGUAGE_CODES:
            raise _unknown_language(self.language)
        if self.task not in TASKS:
            raise invalid(
                "UNKNOWN_TASK",
                f"there is no task {self.task!r}; choose one of {', '.join(TASKS)}",
                field="config.task",
                task=self.task,
                known=", ".join(TASKS),
            )
        if not 1 <= self.beam_size <= MAX_BEAM_SIZE:
            raise invalid(
                "BEAM_SIZE",
                f"a beam of {self.beam_size}; give 1 to {MAX_BEAM_SIZE}",
                field="config.beam_size",
                beam_size=self.beam_size,
                max_beam_size=MAX_BEAM_SIZE,
            )
        if len(self.initial_prompt) > MAX_PROMPT_CHARACTERS:
            raise invalid(
                "PROMPT_TOO_LONG",
                f"the prompt has {len(self.initial_prompt)} characters; give at most {MAX_PROMPT_CHARACTERS}",
                field="config.initial_prompt",
                characters=len(self.initial_prompt),
                max_characters=MAX_PROMPT_CHARACTERS,
            )


def _unknown_language(language: str) -> Exception:
    short = language.strip().lower().replace("_", "-").partition("-")[0]
    advice = f"did you mean {short!r}?" if short in LANGUAGE_CODES else "give Whisper's code, such as en, de, fr, hr"
    return invalid(
        "UNKNOWN_LANGUAGE",
        f"there is no language {language!r}; {advice}",
        field="config.language_code",
        language=language,
        known=", ".join(LANGUAGE_CODES),
    )


@dataclass(frozen=True)
class Word:
    """One word: times in seconds, text with its punctuation, mean probability of its tokens (0 to 1)."""

    start: float
    end: float
    text: str
    probability: float | None = None


@dataclass(frozen=True)
class Segment:
    """A line of text with its place in the audio.

    Attributes:
        start: Seconds.
        end: Seconds, not before the start.
        text: Trimmed; its words, put together, are the same letters.
        words: In order, none before the end of the one before; empty where word times were not asked for.
        avg_logprob: Mean log probability of its tokens, at most 0.
        no_speech_probability: That Whisper's 30 s around it hold no speech, 0 to 1.
        compression_ratio: Length of those 30 s' text over its length compressed; above 2.4 hints at repetition.
    """

    start: float
    end: float
    text: str
    words: tuple[Word, ...] = ()
    avg_logprob: float | None = None
    no_speech_probability: float | None = None
    compression_ratio: float | None = None

    def moved(self, place: Callable[[float, float], tuple[float, float]]) -> Segment:
        """The same text with each (start, end) put through ``place``; its own are those of its words if it has any."""
        words = tuple(Word(*place(word.start, word.end), word.text, word.probability) for word in self.words)
        start, end = (words[0].start, words[-1].end) if words else place(self.start, self.end)
        return replace(self, start=start, end=end, words=words)


@dataclass(frozen=True)
class LanguageCandidate:
    """A language that the recording may be in: Whisper's code and a probability, 0 to 1."""

    language: str
    probability: float


@dataclass(frozen=True)
class Header:
    """First event of a transcription: what the audio is, its length not yet known."""

    source: SourceFacts


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
    warnings: tuple[WarningFacts, ...]


@dataclass(frozen=True)
class Summary:
    """Last event of a transcription: the audio with its length and digest, what was found, how it was made."""

    source: SourceFacts
    work: WorkFacts
    language: str | None
    language_probability: float | None
    language_candidates: tuple[LanguageCandidate, ...]
    speech_seconds: float | None
    warnings: tuple[WarningFacts, ...]


class Recognizer(Protocol):
    """A loaded model that turns audio into text."""

    device: str
    """Where it computes, such as ``cpu`` or ``cuda:0``."""
    precision: str
    """Number format it computes in, such as ``int8_float32``."""
    library_versions: Mapping[str, str]
    """Versions that can change the text, by distribution name."""
    parameters: Mapping[str, str]
    """What it decodes with besides the request."""

    def check(self, request: TranscriptionRequest) -> None:
        """Says before any audio is read whether this model can do what is asked.

        Raises:
            AntiphonError: LANGUAGE_NOT_SUPPORTED, TASK_NOT_SUPPORTED.
        """
        ...

    def listen(
        self, blocks: Iterable[np.ndarray], request: TranscriptionRequest, checkpoint: Callable[[], None]
    ) -> Iterator[Segment | Reached | Findings]:
        """Transcribes mono audio at SAMPLE_RATE, given as float32 blocks (1, samples) of any length.

        Yields segments as they are decoded, their times in seconds from the first sample and inside the audio, in
        order and never revised; Reached along the way; Findings last, once. Blocks are taken as they are needed.
        ``checkpoint`` is called between model steps and may raise to end it.
        """
        ...
