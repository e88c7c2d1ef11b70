"""A model and a detector that hear what a script says, so that a session can be followed to the sample."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any

import numpy as np

from services.speech.contract import SAMPLE_RATE, LanguageCandidate
from services.speech.live.contract import Endpointing, Final, LiveRequest
from services.speech.live.model import Heard
from services.speech.live.session import Due, Session

WORD = SAMPLE_RATE // 2
"""Each word of a spoken script lasts half a second; its samples all hold its number, over a thousand."""


def spoken(*numbers: int) -> np.ndarray:
    """Audio of words by number, 1 and up; 0 is half a second of silence."""
    return np.concatenate([np.full(WORD, number / 1000, np.float32) for number in numbers])


class Loudness:
    """Hears speech in every frame that is not silence."""

    def probability(self, frame: np.ndarray) -> float:
        """1 or 0."""
        return float(np.abs(frame).max() > 0)


class Reader:
    """Reads the words off the audio; one that is cut off at the end is heard as another."""

    device = "cpu"
    precision = "exact"
    languages = frozenset({"en"})

    def __init__(self, costs: Callable[[], None] = lambda: None) -> None:
        self.library_versions: Mapping[str, str] = {}
        self.parameters: Mapping[str, str] = {}
        self.checkpoint: Callable[[], None] = lambda: None
        self.looks: list[int] = []
        self.prompts: list[str] = []
        self.probability = 1.0
        self._costs = costs

    def hear(self, samples: np.ndarray, language: str, prompt: str, settled: tuple[int, ...]) -> tuple[Heard, ...]:
        """Words after the settled ones."""
        self._costs()
        self.looks.append(len(samples))
        self.prompts.append(prompt)
        words: list[Heard] = []
        edges = [0, *(np.flatnonzero(np.diff(samples)) + 1), len(samples)]
        for start, end in pairwise(edges):
            number = round(float(samples[start]) * 1000)
            if number:
                text = f" w{number}" if end < len(samples) or end - start == WORD else f" part{number}"
                words.append(Heard(text, start / SAMPLE_RATE, end / SAMPLE_RATE, self.probability, (number,)))
        tokens = tuple(word.tokens[0] for word in words)
        assert tokens[: len(settled)] == settled, "the audio begins with the settled words"
        return tuple(words[len(settled) :])

    def detect_language(self, samples: np.ndarray) -> tuple[LanguageCandidate, ...]:
        """Always English."""
        return (LanguageCandidate("en", 1.0),)


def follow(
    audio: np.ndarray,
    cuts: list[int],
    request: LiveRequest | None = None,
    model: Any = None,
    clock: Callable[[], float] = lambda: 0.0,
    received: float = 0.0,
) -> tuple[list[Any], Session]:
    """Feeds the audio cut at the places given; returns what was told, and the session."""
    session = Session(model or Reader(), Loudness(), request or LiveRequest(), clock)
    told: list[Any] = []
    edges = [0, *sorted({cut % (len(audio) + 1) for cut in cuts}), len(audio)]
    for start, end in pairwise(edges):
        session.feed(audio[start:end], received)
        told += [event for event in session.advance() if not isinstance(event, Due)]
    session.end()
    told += [event for event in session.advance() if not isinstance(event, Due)]
    assert session.finished
    return told, session


def text(told: list[Any]) -> str:
    """All finals, put together."""
    return "".join(event.text for event in told if isinstance(event, Final))


def endpointing(**values: float) -> LiveRequest:
    """A request with other endpoints."""
    return LiveRequest(endpointing=Endpointing(**values))
