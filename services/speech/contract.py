"""What an engine of the speech family must do, and what it is given and gives back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Protocol

import numpy as np

from antiphon_wire.errors import invalid
from chassis.reports import SourceFacts, WarningFacts, WorkFacts

SAMPLE_RATE = 16000
TASKS = ("transcribe", "translate")
MAX_BEAM_SIZE = 10
MAX_PROMPT_CHARACTERS = 1000
MAX_TEMPERATURES = 6
MAX_LYRICS_CHARACTERS = 20_000
MAX_LYRICS_LINES = 2_000

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
        hotwords: Words and names to prime spelling throughout; at most 1000 characters together.
        temperatures: Tried in order where decoding failed: rising, 0 to 1, one to six. Above 0 the text is sampled.
        condition_on_previous_text: Whether each 30 s are primed with the text before them.
        no_speech_threshold: Doubt that there is speech, 0 to 1, above which unlikely text is dropped.
        hallucination_guard: Whether text that Whisper made up is dropped.

    Raises:
        AntiphonError: UNKNOWN_LANGUAGE, UNKNOWN_TASK, BEAM_SIZE, PROMPT_TOO_LONG, HOTWORDS_TOO_LONG, TEMPERATURES,
            NO_SPEECH_THRESHOLD.
    """

    model: str = ""
    language: str | None = None
    task: str = "transcribe"
    beam_size: int = 5
    word_times: bool = True
    vad: bool = True
    initial_prompt: str = ""
    clip_start_seconds: float = 0.0
    hotwords: tuple[str, ...] = ()
    temperatures: tuple[float, ...] = (0.0,)
    condition_on_previous_text: bool = False
    no_speech_threshold: float = 0.6
    hallucination_guard: bool = True

    @property
    def may_sample(self) -> bool:
        """Whether any of the temperatures would have the text sampled."""
        return any(temperature > 0.0 for temperature in self.temperatures)

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
        length = len(", ".join(self.hotwords))
        if length > MAX_PROMPT_CHARACTERS:
            raise invalid(
                "HOTWORDS_TOO_LONG",
                f"the hotwords have {length} characters together; give at most {MAX_PROMPT_CHARACTERS}",
                field="config.hotwords",
                characters=length,
                max_characters=MAX_PROMPT_CHARACTERS,
            )
        rising = all(low < high for low, high in pairwise(self.temperatures))
        inside = all(0.0 <= temperature <= 1.0 for temperature in self.temperatures)
        if not (rising and inside and 1 <= len(self.temperatures) <= MAX_TEMPERATURES):
            given = ", ".join(f"{temperature:g}" for temperature in self.temperatures)
            raise invalid(
                "TEMPERATURES",
                f"the temperatures are {given or 'none'}; give one to {MAX_TEMPERATURES}, rising, each from 0 to 1",
                field="config.temperatures",
                temperatures=given,
            )
        if not 0.0 <= self.no_speech_threshold <= 1.0:
            raise invalid(
                "NO_SPEECH_THRESHOLD",
                f"the threshold is {self.no_speech_threshold:g}; give 0 to 1",
                field="config.no_speech_threshold",
                threshold=self.no_speech_threshold,
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
class AlignmentRequest:
    """Words known to be sung or said, to be found in the audio.

    Attributes:
        lyrics: One line to a line; at most 20,000 characters and 2,000 lines.
        model: Name in models.toml; empty for the service's default.
        language: One of LANGUAGE_CODES; None to detect it.
        clip_start_seconds: Where the clip starts in the recording; added to every time.

    Raises:
        AntiphonError: LYRICS_EMPTY, LYRICS_TOO_LONG, UNKNOWN_LANGUAGE.
    """

    lyrics: str
    model: str = ""
    language: str | None = None
    clip_start_seconds: float = 0.0

    def __post_init__(self) -> None:
        if self.language is not None and self.language not in LANGUAGE_CODES:
            raise _unknown_language(self.language)
        lines = self.lyrics.splitlines()
        if not any(character.isalnum() for character in self.lyrics):
            raise invalid("LYRICS_EMPTY", "the lyrics hold no word; give one line to a line", field="config.lyrics")
        if len(self.lyrics) > MAX_LYRICS_CHARACTERS or len(lines) > MAX_LYRICS_LINES:
            raise invalid(
                "LYRICS_TOO_LONG",
                f"the lyrics have {len(self.lyrics)} characters in {len(lines)} lines; give at most "
                f"{MAX_LYRICS_CHARACTERS} in {MAX_LYRICS_LINES}",
                field="config.lyrics",
                characters=len(self.lyrics),
                lines=len(lines),
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
        temperature: At which it was decoded; above 0 it was sampled.
        language: Its language where that is another than the recording's; None where it is the same.
    """

    start: float
    end: float
    text: str
    words: tuple[Word, ...] = ()
    avg_logprob: float | None = None
    no_speech_probability: float | None = None
    compression_ratio: float | None = None
    temperature: float | None = None
    language: str | None = None

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
class AlignedLine:
    """A line of lyrics with its place in the audio.

    Attributes:
        number: In the lyrics given, from 1, blank lines counted.
        text: As given, trimmed.
        words: With their times; empty where the line was not found. A probability is the model's for the word, all
            words before it being taken for granted.
        heard: How many of its words recognition heard too, without knowing them.
    """

    number: int
    text: str
    words: tuple[Word, ...] = ()
    heard: int = 0

    def moved(self, seconds: float) -> AlignedLine:
        """The same line so much later."""
        later = (replace(word, start=word.start + seconds, end=word.end + seconds) for word in self.words)
        return replace(self, words=tuple(later))


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


@dataclass(frozen=True)
class AlignmentFindings:
    """What aligning found besides the lines; see :class:`Findings`."""

    language: str | None
    language_probability: float | None
    aligned: int
    unmatched: int
    warnings: tuple[WarningFacts, ...]


@dataclass(frozen=True)
class AlignmentSummary:
    """Last event of an alignment: the audio with its length and digest, what was found, how it was made."""

    source: SourceFacts
    work: WorkFacts
    findings: AlignmentFindings
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
    seed: int | None
    """What sampling begins from, so that the same audio gives the same text; None where it cannot be seeded."""

    def check(self, request: TranscriptionRequest | AlignmentRequest) -> None:
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

    def align_lyrics(
        self, read: Callable[[], Iterable[np.ndarray]], request: AlignmentRequest, checkpoint: Callable[[], None]
    ) -> Iterator[Reached | AlignedLine | AlignmentFindings]:
        """Finds the lyrics' lines and words in mono audio at SAMPLE_RATE.

        ``read`` gives the audio as float32 blocks (1, samples) from the beginning, each time it is called; it is called
        twice. Yields Reached along the way, then every line in order, its times in seconds from the first sample and
        none before those of the line before; AlignmentFindings last, once.
        """
        ...
