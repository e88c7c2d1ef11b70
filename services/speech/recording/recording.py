"""Listens to a recording window by window: what any Whisper engine does around its model."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Protocol

import numpy as np

from chassis.reports import WarningReport
from services.speech.contract import SAMPLE_RATE, Findings, LanguageCandidate, Reached, Segment, TranscriptionRequest
from services.speech.recording.screening import SILENCE, Scene, Screen
from services.speech.recording.spans import Span, Spans
from services.speech.recording.windows import MIN_SAMPLES, Window, loudest, windows

LANGUAGE_SECONDS = 30.0
"""What Whisper looks at to tell a language."""
CANDIDATES = 5
TEXT_BEFORE_CHARACTERS = 1000
"""More than Whisper has room for, of which it takes the end."""
HOLE_SECONDS = 4.0
"""Speech without text, of which at least so much is heard once more if it is in another language: Whisper skips what is
not in the language it was told."""
UNCERTAIN = 0.5
"""Probability below which the other languages together are likelier than the one detected."""


class Model(Protocol):
    """One Whisper model with a voice detector, for audio that fits in memory: float32 samples (n,) at SAMPLE_RATE."""

    languages: frozenset[str]
    """Codes it knows; a single one for a model without language detection."""

    def find_speech(self, samples: np.ndarray) -> tuple[Span, ...]:
        """Finds where there is speech, with some margin; in order and apart from each other."""
        ...

    def detect_language(self, samples: np.ndarray) -> tuple[LanguageCandidate, ...]:
        """Gives every language with its probability, likeliest first, from at most 30 s."""
        ...

    def transcribe(
        self, samples: np.ndarray, request: TranscriptionRequest, language: str, prompt: str
    ) -> Iterator[Segment]:
        """Yields what is said as it is decoded, times in seconds from the first sample, as the model has them."""
        ...


class Recording:
    """One recording, followed through ``model``: cut, searched for speech and language, screened, put in order."""

    def __init__(self, model: Model, request: TranscriptionRequest, checkpoint: Callable[[], None]) -> None:
        self._model = model
        self._request = request
        self._checkpoint = checkpoint
        only = next(iter(model.languages)) if len(model.languages) == 1 else None
        self._language = request.language or only
        self._chosen = self._language is not None
        self._candidates: tuple[LanguageCandidate, ...] = ()
        self._screen = Screen(request.hallucination_guard, request.no_speech_threshold)
        self._before: Segment | None = None
        self._text_before = ""
        self._other_seconds: dict[str, float] = {}
        self._sampled = False
        self._floor = 0.0
        self._speech_seconds = 0.0
        self._seconds = 0.0

    def listen(self, blocks: Iterable[np.ndarray], window_seconds: float) -> Iterator[Segment | Reached | Findings]:
        """See :meth:`services.speech.contract.Recognizer.listen`."""
        for window in windows(blocks, window_seconds):
            self._checkpoint()
            self._seconds = window.start_seconds + window.seconds
            for segment in self._window(window):
                yield segment
                yield Reached(segment.end)
                self._checkpoint()
            yield Reached(self._seconds)
        yield self._findings()

    def _window(self, window: Window) -> Iterator[Segment]:
        samples = window.samples
        if len(samples) < MIN_SAMPLES or float(np.abs(samples).max()) < SILENCE:
            return
        speech = functools.cache(lambda: self._model.find_speech(samples))
        if self._request.vad and not speech():
            return
        spans = Spans(speech() if self._request.vad else ((0, len(samples)),))
        if self._request.vad:
            self._speech_seconds += spans.seconds
        joined = spans.joined(samples)
        detected = () if self._language else self._model.detect_language(loudest(joined, LANGUAGE_SECONDS))
        language = self._language or detected[0].language
        # Text that came before primes the beginning only; later windows have other text before them.
        prompt = self._request.initial_prompt if self._before is None else self._text_before
        scene = Scene(samples, speech, spans.end_seconds, window.last, self._request.word_times)
        before = None if self._before is None else self._before.moved(_shift(-window.start_seconds))
        for raw in self._said(joined, language, prompt):
            placed = raw.moved(spans.place if raw.words else spans.place_line)
            segment = self._screen.passed(placed, before, scene)
            if segment is None:
                self._checkpoint()
                continue
            before = segment
            # Only text proves that a language was spoken: on silence and noise Whisper names one as well.
            if self._language is None:
                self._language, self._candidates = language, detected
            self._before = self._in_order(segment.moved(_shift(window.start_seconds)))
            if self._request.condition_on_previous_text:
                self._text_before = f"{self._text_before} {segment.text}"[-TEXT_BEFORE_CHARACTERS:]
            self._sampled = self._sampled or (segment.temperature or 0.0) > 0.0
            yield self._before

    def _said(self, samples: np.ndarray, language: str, prompt: str) -> Iterator[Segment]:
        """Yields what the model says; where it leaves speech out, what it says in that part's own language."""
        if self._chosen or not self._request.vad:  # without the detector, what is left out may well be no speech
            yield from self._model.transcribe(samples, self._request, language, prompt)
            return
        covered, heard = 0.0, self._language is not None
        for segment in self._model.transcribe(samples, self._request, language, prompt):
            yield from self._another(samples, covered, segment.start, language)
            covered, heard = max(covered, segment.end), True
            yield segment
        if heard:  # otherwise all of it was held to be in this language just now
            yield from self._another(samples, covered, len(samples) / SAMPLE_RATE, language)

    def _another(self, samples: np.ndarray, start: float, end: float, language: str) -> Iterator[Segment]:
        if end - start < HOLE_SECONDS:
            return
        self._checkpoint()
        hole = samples[round(start * SAMPLE_RATE) : round(end * SAMPLE_RATE)]
        found = self._model.detect_language(loudest(hole, LANGUAGE_SECONDS))[0]
        if found.language == language or found.probability < UNCERTAIN:
            return
        for segment in self._model.transcribe(hole, self._request, found.language, ""):
            heard = self._other_seconds.get(found.language, 0.0)
            self._other_seconds[found.language] = heard + segment.end - segment.start
            yield replace(segment.moved(_shift(start)), language=found.language)

    def _in_order(self, segment: Segment) -> Segment:
        def clamp(start: float, end: float) -> tuple[float, float]:
            start = min(max(start, self._floor), self._seconds)
            self._floor = min(max(start, end), self._seconds)
            return start, self._floor

        return segment.moved(clamp)

    def _findings(self) -> Findings:
        heard = self._before is not None
        warnings = list(self._screen.warnings())
        if not heard:
            warnings.insert(0, self._nothing_heard())
        probability = self._candidates[0].probability if self._candidates else None
        if probability is not None and probability < UNCERTAIN:
            message = f"the language {self._language} is a guess, probability {probability:.2f}; name it if you know it"
            warnings.append(WarningReport("LANGUAGE_UNCERTAIN", message, "language_code"))
        if self._other_seconds:
            others = ", ".join(f"{seconds:.0f} s in {code}" for code, seconds in self._other_seconds.items())
            message = f"the recording is in {self._language}, of which the model left out speech that it heard {others}"
            warnings.append(WarningReport("LANGUAGES_MIXED", message, "segments"))
        if self._sampled:
            temperatures = ", ".join(f"{one:g}" for one in self._request.temperatures)
            message = f"decoding failed at temperature 0 and some of the text was sampled (temperatures {temperatures})"
            warnings.append(WarningReport("TEXT_SAMPLED", message, "segments"))
        return Findings(
            language=self._language if heard else None,
            language_probability=probability,
            language_candidates=self._candidates[:CANDIDATES],
            speech_seconds=self._speech_seconds if self._request.vad else None,
            warnings=tuple(warnings),
        )

    def _nothing_heard(self) -> WarningReport:
        shortest = MIN_SAMPLES / SAMPLE_RATE
        if self._seconds < shortest:
            message = f"{self._seconds:g} s of audio cannot hold a word; what is below {shortest:g} s is passed over"
            return WarningReport("AUDIO_SHORT", message, "segments")
        message = f"no speech was found in {self._seconds:.1f} s of audio"
        if self._request.vad:
            message += "; voice activity detection does not know singing, so turn it off for that"
        return WarningReport("NO_SPEECH", message, "segments")


def _shift(seconds: float) -> Callable[[float, float], tuple[float, float]]:
    return lambda start, end: (start + seconds, end + seconds)
