"""Whisper in CTranslate2 as a live session uses it: short looks, greedy, the settled words given."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from importlib.metadata import version
from itertools import pairwise
from typing import Any, Self

import huggingface_hub.constants
import numpy as np
from faster_whisper import WhisperModel
from faster_whisper.tokenizer import Tokenizer

from antiphon_renderers.clusters import continues
from chassis.models import InstalledModel
from services.speech.contract import SAMPLE_RATE, LanguageCandidate
from services.speech.engines.faster_whisper import (
    LIBRARIES,
    NEEDED_FILES,
    choose_compute_type,
    choose_device,
    languages_of,
)
from services.speech.live.model import Heard
from services.speech.recording.level import audible
from services.speech.recording.screening import NO_SPEECH, UNLIKELY
from services.speech.settings import SpeechSettings
from services.speech.whisper.context import plain
from services.speech.whisper.refusals import need_files, need_language

huggingface_hub.constants.HF_HUB_OFFLINE = True

MIN_CONTEXT_SECONDS = 6.0
"""What the encoder is given at least. Whisper was trained on 30 s; the cost grows with the length, and below this it
hears worse. See bench/speech_live.py."""
FIRST_CONTEXT_SECONDS = 10.0
"""The same where no settled words lead into the audio: of 18 first words whisper-base hears 13 in 6 s, 16 in 10 s."""
MARGIN_SECONDS = 1.0
"""Silence behind the audio: without any, Whisper takes the end for the middle of a word."""
HOP = 160
PROMPT_TOKENS = 48
TOKENS_PER_SECOND = 10
"""More than anybody speaks: a decoding that goes on beyond has fallen into a loop."""
MIN_SAMPLES = SAMPLE_RATE // 5


def _nothing() -> None:
    return


class LiveWhisper:
    """A loaded model; see :class:`services.speech.live.model.LiveModel`.

    Raises:
        AntiphonError: DEVICE_NOT_AVAILABLE, COMPUTE_TYPE_NOT_AVAILABLE, MODEL_INCOMPLETE.
    """

    library_versions: Mapping[str, str]
    parameters: Mapping[str, str]
    checkpoint: Callable[[], None] = staticmethod(_nothing)

    def __init__(self, model: InstalledModel, settings: SpeechSettings) -> None:
        need_files(model, NEEDED_FILES)
        device = choose_device(settings.device)
        self._whisper = WhisperModel(
            str(model.directory),
            device=device,
            compute_type=choose_compute_type(settings.compute_type, device),
            cpu_threads=settings.thread_count,
            local_files_only=True,
        )
        self._name = model.name
        self.device = device if device == "cpu" else f"{device}:0"
        self.precision = str(self._whisper.model.compute_type)
        self.library_versions = {name: version(name) for name in LIBRARIES}
        self.languages = languages_of(self._whisper)
        self._tokenizers: dict[str, Tokenizer] = {}
        self.parameters = {
            "beam_size": "1",
            "temperature": "0",
            "min_context_seconds": f"{MIN_CONTEXT_SECONDS:g}",
            "first_context_seconds": f"{FIRST_CONTEXT_SECONDS:g}",
            "prompt_tokens": str(PROMPT_TOKENS),
        }

    @classmethod
    def load(cls, model: InstalledModel, settings: SpeechSettings) -> Self:
        """See :meth:`services.speech.live.model.LiveModel.load`."""
        return cls(model, settings)

    def check(self, language: str | None) -> None:
        """See :meth:`services.speech.live.model.LiveModel.check`."""
        need_language(self._name, language, self.languages)

    def hear(self, samples: np.ndarray, language: str, prompt: str, settled: tuple[int, ...]) -> tuple[Heard, ...]:
        """See :meth:`services.speech.live.model.Hearer.hear`."""
        if len(samples) < MIN_SAMPLES:
            return ()
        tokenizer = self._tokenizer(language)
        encoded = self._encode(samples, MIN_CONTEXT_SECONDS if settled else FIRST_CONTEXT_SECONDS)
        self.checkpoint()
        before = [*self._before(tokenizer, prompt), *tokenizer.sot_sequence, tokenizer.no_timestamps, *settled]
        room = 8 + math.ceil(TOKENS_PER_SECOND * len(samples) / SAMPLE_RATE)
        result = self._whisper.model.generate(
            encoded,
            [before],
            beam_size=1,
            max_length=len(before) + room,
            return_scores=True,
            return_no_speech_prob=True,
        )[0]
        tokens = [token for token in result.sequences_ids[0] if token < tokenizer.eot]
        if len(tokens) <= len(settled):
            return ()
        if not settled and result.no_speech_prob > NO_SPEECH and result.scores[0] < UNLIKELY:
            return ()  # Whisper's own bounds for a decoding of nothing
        self.checkpoint()
        return tuple(self._placed(tokenizer, encoded, tokens, len(settled), len(samples)))

    def detect_language(self, samples: np.ndarray) -> tuple[LanguageCandidate, ...]:
        """See :meth:`services.speech.live.model.Hearer.detect_language`."""
        found = self._whisper.model.detect_language(self._encode(samples))[0]
        return tuple(LanguageCandidate(token.strip("<|>"), float(probability)) for token, probability in found)

    def _encode(self, samples: np.ndarray, least_seconds: float = MIN_CONTEXT_SECONDS) -> Any:
        self.checkpoint()
        seconds = max(least_seconds, math.ceil(len(samples) / SAMPLE_RATE + MARGIN_SECONDS))
        # Silence, not zeros of the spectrogram: that is what Whisper was trained with.
        padded = np.zeros(min(round(seconds * SAMPLE_RATE), 30 * SAMPLE_RATE), np.float32)
        padded[: len(samples)] = audible(samples)
        features = self._whisper.feature_extractor(padded)[:, : len(padded) // HOP]
        return self._whisper.encode(np.ascontiguousarray(features))

    def _placed(
        self, tokenizer: Tokenizer, encoded: Any, tokens: list[int], settled: int, samples: int
    ) -> Iterator[Heard]:
        """Yields the words after the settled ones, with their times by cross-attention."""
        aligned = self._whisper.model.align(
            encoded, tokenizer.sot_sequence, [tokens], samples // HOP, median_filter_width=7
        )[0]
        text_index = np.array([pair[0] for pair in aligned.alignments])
        time_index = np.array([pair[1] for pair in aligned.alignments])
        begins = np.concatenate([[True], np.diff(text_index) > 0])
        times = time_index[begins] / self._whisper.tokens_per_second
        # What follows the settled words is split by itself: a piece glued to them is a word of its own.
        _, parts = tokenizer.split_to_word_tokens([*tokens[settled:], tokenizer.eot])
        edges = np.cumsum([settled, *(len(part) for part in parts[:-1])])
        words: list[Heard] = []
        for part, (first, after) in zip(parts[:-1], pairwise(edges), strict=True):
            start, end = (float(times[min(edge, len(times) - 1)]) for edge in (first, after))
            probability = float(np.mean(aligned.text_token_probs[first:after]))
            words.append(Heard(tokenizer.decode(part), start, end, min(max(probability, 0.0), 1.0), tuple(part)))
        return joined(words)

    def _before(self, tokenizer: Tokenizer, prompt: str) -> list[int]:
        text = plain(prompt)
        return [tokenizer.sot_prev, *tokenizer.encode(" " + text)[-PROMPT_TOKENS:]] if text else []

    def _tokenizer(self, language: str) -> Tokenizer:
        if language not in self._tokenizers:
            multilingual = self._whisper.model.is_multilingual
            self._tokenizers[language] = Tokenizer(
                self._whisper.hf_tokenizer, multilingual, task="transcribe", language=language
            )
        return self._tokenizers[language]


def joined(words: list[Heard]) -> Iterator[Heard]:
    """Joins pieces to the word before: those that begin with a hyphen or within a letter, and closing punctuation.

    Other punctuation is dropped.
    """
    held: Heard | None = None
    for word in words:
        spoken = bool(word.letters)
        if held is not None and (_goes_on(word.text, held.text) if spoken else _closes(word.text, held.text)):
            held = _glued(held, word, spoken)
        elif spoken:
            if held is not None:
                yield held
            held = word
    if held is not None:
        yield held


def _goes_on(text: str, before: str) -> bool:
    return text.startswith("-") or continues(before, text)


def _closes(text: str, before: str) -> bool:
    # A run of dots is what Whisper makes of nothing.
    return not text.startswith(" ") and "\ufffd" not in text and before[-3:] != "..." and before[-1:] != text[:1]


def _glued(first: Heard, second: Heard, spoken: bool) -> Heard:
    probability = first.probability
    if spoken and first.probability is not None and second.probability is not None:
        weights = (len(first.tokens), len(second.tokens))
        probability = float(np.average((first.probability, second.probability), weights=weights))
    end = second.end if spoken else first.end
    return Heard(first.text + second.text, first.start, end, probability, first.tokens + second.tokens)
