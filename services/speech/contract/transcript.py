"""What is told of a recording: words, lines and languages, each with its place or its probability."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Word:
    """One word: times in seconds, text with its punctuation, mean probability of its tokens (0 to 1), its speaker."""

    start: float
    end: float
    text: str
    probability: float | None = None
    speaker: str = ""

    def moved(self, place: Callable[[float, float], tuple[float, float]]) -> Word:
        """Gives the same word with its times put through ``place``."""
        start, end = place(self.start, self.end)
        return replace(self, start=start, end=end)


@dataclass(frozen=True)
class Speaker:
    """A voice of a recording: its label, in the order of appearance, and for how long it speaks, in seconds."""

    label: str
    seconds: float


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
        speaker: Label of who says it, such as ``speaker 1``; empty where that is not known or was not asked for.
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
    speaker: str = ""

    def moved(self, place: Callable[[float, float], tuple[float, float]]) -> Segment:
        """Gives the same text with its times put through ``place``; its own are those of its words if it has any."""
        words = tuple(word.moved(place) for word in self.words)
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
        """Gives the same line so much later."""
        later = (replace(word, start=word.start + seconds, end=word.end + seconds) for word in self.words)
        return replace(self, words=tuple(later))
