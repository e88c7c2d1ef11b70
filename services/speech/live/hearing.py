"""What a live session asks its model, and what of the answer it believes."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from services.speech.contract import SAMPLE_RATE, LanguageCandidate
from services.speech.live.contract import LiveRequest
from services.speech.live.model import Heard, Hearer

PROMPT_CHARACTERS = 300
SURE = 0.5
"""Probability of a language from which on it is kept."""
LANGUAGE_SECONDS = 1.5
SHORTEST_WORD_SECONDS = 0.02
"""One step of Whisper's clock."""
MAX_WORDS_PER_SECOND = 8


@dataclass(frozen=True)
class Look:
    """A piece of the stream to be heard.

    Attributes:
        samples: The audio, float32 (n,), which begins with the settled words.
        start: Seconds from the stream's start to its first sample.
        anchor: Settled words that are in it.
        floor: Seconds before which nothing that is heard can begin.
        speech_end: Seconds up to which somebody speaks.
    """

    samples: np.ndarray
    start: float
    anchor: tuple[Heard, ...]
    floor: float
    speech_end: float

    @property
    def end(self) -> float:
        """Seconds from the stream's start to the end of the audio."""
        return self.start + len(self.samples) / SAMPLE_RATE


class Hearing:
    """The hypotheses about one stream: its language, what primes them, and what is told of them.

    Attributes:
        language: The stream's; None as long as it is not known.
        candidates: The languages at the last detection, likeliest first.
        heard_anything: Whether a word has been settled.
    """

    def __init__(self, model: Hearer, request: LiveRequest) -> None:
        self._model = model
        self._initial_prompt = request.initial_prompt
        self._text = ""
        only = next(iter(model.languages)) if len(model.languages) == 1 else None
        self.language = request.language or only
        self.candidates: tuple[LanguageCandidate, ...] = ()
        self.heard_anything = False

    def hear(self, look: Look) -> tuple[Heard, ...]:
        """Gives the words that follow the settled ones, with times from the stream's start."""
        language = self.language or self._detected(look.samples)
        settled = tuple(token for word in look.anchor for token in word.tokens)
        written = self._text[: len(self._text) - sum(len(word.text) for word in look.anchor)]
        prompt = written[-PROMPT_CHARACTERS:] or self._initial_prompt

        def placed(seconds: float) -> float:
            return min(max(seconds + look.start, look.floor), look.end)

        heard = tuple(
            replace(word, start=placed(word.start), end=placed(word.end))
            for word in self._model.hear(look.samples, language, prompt, settled)
        )
        return plausible(heard, min(look.end, look.speech_end))

    def settle(self, words: tuple[Heard, ...]) -> str:
        """Keeps what is settled, to prime what follows; returns its text."""
        if words:
            self.heard_anything = True
            self.language = self.language or self.candidates[0].language
        text = "".join(word.text for word in words)
        self._text = (self._text + text)[-4 * PROMPT_CHARACTERS :]
        return text

    def _detected(self, samples: np.ndarray) -> str:
        self.candidates = self._model.detect_language(samples)
        first = self.candidates[0]
        if first.probability >= SURE and len(samples) >= LANGUAGE_SECONDS * SAMPLE_RATE:
            self.language = first.language
        return first.language


def plausible(words: tuple[Heard, ...], limit: float) -> tuple[Heard, ...]:
    """Drops the words at the end that take no time: what Whisper says again after everything was said.

    None at all where they are more than anybody can say before ``limit``, in seconds, where the speech ends.
    """
    count = len(words)
    while count and words[count - 1].end - words[count - 1].start < SHORTEST_WORD_SECONDS:
        count -= 1
    if count > 2 and count > MAX_WORDS_PER_SECOND * (limit - words[0].start):
        return ()
    return words[:count]
