"""Whisper in CTranslate2 as a live session uses it: short looks, greedy, the settled words given."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from importlib.metadata import version
from itertools import pairwise
from typing import Any

import huggingface_hub.constants
import numpy as np
from faster_whisper import WhisperModel
from faster_whisper.tokenizer import Tokenizer

from antiphon_wire.errors import invalid
from chassis.models import InstalledModel
from services.speech.contract import LANGUAGE_CODES, SAMPLE_RATE, LanguageCandidate
from services.speech.engines.faster_whisper import LIBRARIES, choose_compute_type, choose_device
from services.speech.live.contract import Heard
from services.speech.settings import SpeechSettings

huggingface_hub.constants.HF_HUB_OFFLINE = True

MIN_CONTEXT_SECONDS = 6.0
"""What the encoder is given at least. Whisper was trained on 30 s; the cost grows with the length, and below this it
hears worse. See bench/speech_live.py."""
MARGIN_SECONDS = 1.0
"""Silence behind the audio: without any, Whisper takes the end for the middle of a word."""
HOP = 160
PROMPT_TOKENS = 48
TOKENS_PER_SECOND = 10
"""More than anybody speaks: a decoding that goes on beyond has fallen into a loop."""
NO_SPEECH = 0.6
UNLIKELY = -1.0
"""Whisper's own bounds for a decoding of nothing."""
MIN_SAMPLES = SAMPLE_RATE // 5


def _nothing() -> None:
    return


class LiveWhisper:
    """A loaded model; see :class:`services.speech.live.contract.LiveModel`.

    Raises:
        AntiphonError: DEVICE_NOT_AVAILABLE, COMPUTE_TYPE_NOT_AVAILABLE.
    """

    checkpoint: Callable[[], None] = staticmethod(_nothing)

    def __init__(self, installed: InstalledModel, settings: SpeechSettings) -> None:
        device = choose_device(settings.device)
        self._whisper = WhisperModel(
            str(installed.directory),
            device=device,
            compute_type=choose_compute_type(settings.compute_type, device),
            cpu_threads=settings.thread_count,
            local_files_only=True,
        )
        self._name = installed.name
        self.device = device if device == "cpu" else f"{device}:0"
        self.precision = str(self._whisper.model.compute_type)
        self.library_versions = {name: version(name) for name in LIBRARIES}
        self.languages = self._languages()
        self._tokenizers: dict[str, Tokenizer] = {}
        self.parameters = {
            "beam_size": "1",
            "temperature": "0",
            "min_context_seconds": f"{MIN_CONTEXT_SECONDS:g}",
            "prompt_tokens": str(PROMPT_TOKENS),
        }

    def check(self, language: str | None) -> None:
        """Says whether the model knows a language.

        Raises:
            AntiphonError: LANGUAGE_NOT_SUPPORTED.
        """
        if language is not None and language not in self.languages:
            advice = "it knows English only" if len(self.languages) == 1 else "choose a larger model"
            raise invalid(
                "LANGUAGE_NOT_SUPPORTED",
                f"the model {self._name!r} does not know the language {language!r}; {advice}",
                field="config.language_code",
                model=self._name,
                language=language,
                known=", ".join(sorted(self.languages)),
            )

    def hear(self, samples: np.ndarray, language: str, prompt: str, settled: tuple[int, ...]) -> tuple[Heard, ...]:
        """See :meth:`services.speech.live.contract.LiveModel.hear`."""
        if len(samples) < MIN_SAMPLES:
            return ()
        tokenizer = self._tokenizer(language)
        encoded = self._encode(samples)
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
            return ()
        self.checkpoint()
        return tuple(self._placed(tokenizer, encoded, tokens, len(settled), len(samples)))

    def detect_language(self, samples: np.ndarray) -> tuple[LanguageCandidate, ...]:
        """See :meth:`services.speech.live.contract.LiveModel.detect_language`."""
        found = self._whisper.model.detect_language(self._encode(samples))[0]
        return tuple(LanguageCandidate(token.strip("<|>"), float(probability)) for token, probability in found)

    def _encode(self, samples: np.ndarray) -> Any:
        self.checkpoint()
        seconds = max(MIN_CONTEXT_SECONDS, math.ceil(len(samples) / SAMPLE_RATE + MARGIN_SECONDS))
        # Silence, not zeros of the spectrogram: that is what Whisper was trained with.
        padded = np.zeros(min(round(seconds * SAMPLE_RATE), 30 * SAMPLE_RATE), np.float32)
        padded[: len(samples)] = samples
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
        # "<|" begins Whisper's control tokens, which are no business of a caller.
        text = prompt.replace("<|", "< |").strip()
        return [tokenizer.sot_prev, *tokenizer.encode(" " + text)[-PROMPT_TOKENS:]] if text else []

    def _tokenizer(self, language: str) -> Tokenizer:
        if language not in self._tokenizers:
            multilingual = self._whisper.model.is_multilingual
            self._tokenizers[language] = Tokenizer(
                self._whisper.hf_tokenizer, multilingual, task="transcribe", language=language
            )
        return self._tokenizers[language]

    def _languages(self) -> frozenset[str]:
        if not self._whisper.model.is_multilingual:
            return frozenset({"en"})
        known = self._whisper.hf_tokenizer.token_to_id
        return frozenset(code for code in LANGUAGE_CODES if known(f"<|{code}|>") is not None)


def joined(words: list[Heard]) -> Iterator[Heard]:
    """Joins pieces that begin with a hyphen, and closing punctuation, to the word before; drops other punctuation."""
    held: Heard | None = None
    for word in words:
        spoken = bool(word.letters)
        if held is not None and (word.text.startswith("-") if spoken else _closes(word.text, held.text)):
            held = _glued(held, word, spoken)
        elif spoken:
            if held is not None:
                yield held
            held = word
    if held is not None:
        yield held


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
