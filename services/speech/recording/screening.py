"""Tells text that was heard from text that Whisper made up: on silence, noise and music, and after the end."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import groupby

import numpy as np

from services.speech.contract import SAMPLE_RATE, Segment, Word
from services.speech.recording.level import SILENCE
from services.speech.recording.spans import Span, overlap

TAIL_SECONDS = 0.5
"""Text that starts this near to the end is made up: the library's known repeats start in the last 0.3 s."""
REPEAT_SECONDS = 1.0
REPETITIVE = 2.4
UNLIKELY = -1.0
"""These two are Whisper's own bounds for a decoding that failed."""
NO_SPEECH = 0.6
"""Whisper's own bound. Alone it condemns singing (whisper-base: up to 0.68), so it needs a second witness: decoding
that failed, as in Whisper, or the voice detector."""
NO_SPEECH_OF_FAILED = 0.3
"""Less is needed where both are there: whisper-base gives 0.40 on an instrumental, below 0.25 on clear speech."""
PUNCTUATION_RUN = 3

_RUN = re.compile(rf"(?:(?<!\S)[^\w\s]+(?!\S)\s*){{{PUNCTUATION_RUN},}}")


@dataclass(frozen=True)
class Scene:
    """The window a segment was heard in.

    Attributes:
        samples: Its audio (n,).
        speech: Where the voice detector hears speech, whether or not the request wants it to decide; or what finds it,
            which costs 3 % of a transcription and is seldom needed.
        end: Where what was listened to ends, in seconds of the window.
        last: Whether the audio ends with this window.
        word_times: Whether every word should have its time.
    """

    samples: np.ndarray
    speech: tuple[Span, ...] | Callable[[], tuple[Span, ...]]
    end: float
    last: bool
    word_times: bool = True

    def hears(self, start: float, end: float) -> bool:
        """Tells whether the voice detector hears speech between two times, in seconds."""
        return overlap(self.speech() if callable(self.speech) else self.speech, start, end)


class Screen:
    """Keeps what it drops, so that the answer can say so."""

    def __init__(self, guarding: bool = True, no_speech: float = NO_SPEECH) -> None:
        self._guarding = guarding
        self._no_speech = no_speech

    def passed(self, segment: Segment, before: Segment | None, scene: Scene) -> tuple[Segment | None, str]:
        """Gives the segment without runs of punctuation, None where it is held to be made up; and why text is gone.

        ``before`` is the segment heard before it; times are in the window. The reason is empty where all is kept.
        """
        cause = objection(segment, before, scene, self._no_speech) if self._guarding else _unplaced(segment, scene)
        if cause:
            return None, cause
        spoken = without_punctuation_runs(segment) if self._guarding else segment
        return spoken, "runs of punctuation" if len(spoken.text) < len(segment.text) else ""


def objection(segment: Segment, before: Segment | None, scene: Scene, no_speech: float = NO_SPEECH) -> str:
    """Says why a segment is held to be made up; empty where it is not. See :meth:`Screen.passed`."""
    if not _has_letters(segment.text):
        return "only punctuation"
    if unplaced := _unplaced(segment, scene):
        return unplaced
    if segment.start >= scene.end or (scene.last and before is not None and segment.start >= scene.end - TAIL_SECONDS):
        return f"it starts within {TAIL_SECONDS:g} s of the end of the audio, or after it"
    if scene.last and before is not None and segment.end >= scene.end - REPEAT_SECONDS and _echoes(segment, before):
        return "it repeats the line before in less than half its time, at the end of the audio"
    if _peak(scene.samples, segment) < SILENCE:
        return "there is silence where it is said to be"
    doubt = segment.no_speech_probability or 0.0
    # Repetition proves nothing here: prompts and choruses repeat themselves, and Whisper doubts clear speech at 8 kHz.
    if doubt > no_speech and _unlikely(segment):
        return f"the text is unlikely and the model doubts that there is speech (above {no_speech:g})"
    bound = min(NO_SPEECH_OF_FAILED, no_speech) if failed(segment) else no_speech
    if doubt > bound and not scene.hears(segment.start, segment.end):
        return "the voice detector hears no speech there and the model doubts it too"
    return ""


def without_punctuation_runs(segment: Segment) -> Segment:
    """Drops from a segment its runs of three and more words that hold no letter or digit."""
    text = _RUN.sub("", segment.text).strip()
    if text == segment.text:
        return segment
    words: list[Word] = []
    for spoken, group in groupby(segment.words, key=lambda word: _has_letters(word.text)):
        run = list(group)
        if spoken or len(run) < PUNCTUATION_RUN:
            words += run
    return replace(segment, text=text, words=tuple(words))


def _unplaced(segment: Segment, scene: Scene) -> str:
    return "none of its words could be placed in the audio" if scene.word_times and not segment.words else ""


def _has_letters(text: str) -> bool:
    return any(character.isalnum() for character in text)


def _letters(text: str) -> str:
    return "".join(character for character in text.casefold() if character.isalnum())


def _echoes(segment: Segment, before: Segment) -> bool:
    # A line that is really said or sung twice takes about as long the second time.
    hurried = segment.end - segment.start < (before.end - before.start) / 2
    return hurried and _letters(segment.text) == _letters(before.text)


def _unlikely(segment: Segment) -> bool:
    return segment.avg_logprob is not None and segment.avg_logprob < UNLIKELY


def failed(segment: Segment) -> bool:
    """Tells whether a segment's decoding failed by Whisper's own bounds."""
    return _unlikely(segment) or (segment.compression_ratio is not None and segment.compression_ratio > REPETITIVE)


def _peak(samples: np.ndarray, segment: Segment) -> float:
    part = samples[int(segment.start * SAMPLE_RATE) : int(segment.end * SAMPLE_RATE) + 1]
    return float(np.abs(part).max()) if part.size else 0.0
