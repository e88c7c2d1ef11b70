"""Listens to a recording window by window: what any Whisper engine does around its model."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

import numpy as np

from chassis.reports import WarningReport
from services.speech.contract import SAMPLE_RATE, Findings, LanguageCandidate, Reached, Segment, TranscriptionRequest
from services.speech.recording.hearing import again
from services.speech.recording.level import SILENCE, centred, gain, level
from services.speech.recording.model import Model
from services.speech.recording.placing import Voiced
from services.speech.recording.remarks import Remark, Remarks
from services.speech.recording.screening import Scene, Screen
from services.speech.recording.spans import Spans
from services.speech.recording.windows import MIN_SAMPLES, Window, loudest, windows

LANGUAGE_SECONDS = 30.0
"""What Whisper looks at to tell a language."""
CANDIDATES = 5
TEXT_BEFORE_CHARACTERS = 1000
"""More than Whisper has room for, of which it takes the end."""
OTHER_LANGUAGE_SECONDS = 4.0
"""Speech without text, of which at least so much is heard in its own language: Whisper skips what is not in the one it
was told."""
UNCERTAIN = 0.5
"""Probability below which the other languages together are likelier than the one detected."""


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
        self._remarks = Remarks()
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
        samples = centred(window.samples)
        if len(samples) < MIN_SAMPLES or float(np.abs(samples).max()) < SILENCE:
            return
        sound = samples * np.float32(gain(level(samples)))
        voice = self._model.find_voice(sound)
        if self._request.vad and not voice.spans:
            return
        spans = Spans(voice.spans if self._request.vad else ((0, len(samples)),))
        if self._request.vad:
            self._speech_seconds += spans.seconds
        joined, voiced = spans.joined(sound), Voiced(spans.inside(voice.runs))
        detected = () if self._language else self._model.detect_language(loudest(joined, LANGUAGE_SECONDS))
        language = self._language or detected[0].language
        # Text that came before primes the beginning only; later windows have other text before them.
        prompt = self._request.initial_prompt if self._before is None else self._text_before
        scene = Scene(samples, voice.spans, spans.end_seconds, window.last, self._request.word_times)
        before = None if self._before is None else self._before.moved(_shift(-window.start_seconds))
        for raw in self._said(joined, voiced, language, prompt):
            if isinstance(raw, Remark):
                self._remark(raw, spans, window)
                continue
            heard = voiced.placed(raw) if self._request.vad else raw
            placed = heard.moved(spans.place if raw.words else spans.place_line)
            segment, cause = self._screen.passed(placed, before, scene)
            if cause:
                dropped = len(placed.text) - (0 if segment is None else len(segment.text))
                self._remark(Remark("HALLUCINATION_DROPPED", cause, raw.start, raw.end, dropped), spans, window)
            if segment is None:
                self._checkpoint()
                continue
            before = segment
            # Only text proves that a language was spoken: on silence and noise Whisper names one as well.
            if self._language is None:
                self._language, self._candidates = language, detected
            yield self._kept(segment.moved(_shift(window.start_seconds)))

    def _kept(self, segment: Segment) -> Segment:
        self._before = self._in_order(segment)
        if self._request.condition_on_previous_text:
            self._text_before = f"{self._text_before} {segment.text}"[-TEXT_BEFORE_CHARACTERS:]
        self._sampled = self._sampled or (segment.temperature or 0.0) > 0.0
        return self._before

    def _remark(self, remark: Remark, spans: Spans, window: Window) -> None:
        start, end = _shift(window.start_seconds)(*spans.place_line(remark.start, remark.end))
        self._remarks.add(replace(remark, start=start, end=max(start, end)))

    def _said(self, samples: np.ndarray, voiced: Voiced, language: str, prompt: str) -> Iterator[Segment | Remark]:
        """Yields what the model says; where it leaves speech out, what it says when that part is heard by itself."""
        languages: dict[tuple[float, float], str] = {}

        def hear(piece: np.ndarray, start: float, end: float) -> Iterator[Segment]:
            self._checkpoint()
            known = (found for (first, last), found in languages.items() if first <= start and end <= last)
            if not (other := next(known, "")):
                part = samples[round(start * SAMPLE_RATE) : round(end * SAMPLE_RATE)]
                other = languages[start, end] = self._spoken(part, language)
            for segment in self._model.transcribe(piece, self._request, other, ""):
                if other == language:
                    yield segment
                    continue
                heard = self._other_seconds.get(other, 0.0)
                self._other_seconds[other] = heard + segment.end - segment.start
                yield replace(segment, language=other)

        heard = self._model.transcribe(samples, self._request, language, prompt)
        return again(heard, samples, voiced, hear, trusted=self._request.vad)

    def _spoken(self, part: np.ndarray, language: str) -> str:
        """Finds the language of a part of which the model said nothing in ``language``; that one where in doubt."""
        # Without the detector, what is left out may well be no speech.
        if self._chosen or not self._request.vad or len(part) < OTHER_LANGUAGE_SECONDS * SAMPLE_RATE:
            return language
        found = self._model.detect_language(loudest(part, LANGUAGE_SECONDS))[0]
        return language if found.probability < UNCERTAIN else found.language

    def _in_order(self, segment: Segment) -> Segment:
        def clamp(start: float, end: float) -> tuple[float, float]:
            start = min(max(start, self._floor), self._seconds)
            self._floor = min(max(start, end), self._seconds)
            return start, self._floor

        return segment.moved(clamp)

    def _findings(self) -> Findings:
        heard = self._before is not None
        warnings = list(self._remarks.warnings())
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
