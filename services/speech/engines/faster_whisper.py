"""Whisper in CTranslate2, by faster-whisper, with the Silero voice detector that comes inside it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator
from importlib.metadata import version
from typing import Any

import ctranslate2
import huggingface_hub.constants
import numpy as np
from faster_whisper import WhisperModel
from faster_whisper.vad import VadOptions, get_speech_timestamps

from chassis.errors import invalid, not_ready
from chassis.models import InstalledModel
from services.speech.engine import (
    LANGUAGE_CODES,
    Findings,
    LanguageCandidate,
    Reached,
    Segment,
    TranscriptionRequest,
    Word,
)
from services.speech.engines.listening import Listener
from services.speech.engines.screening import REPETITIVE
from services.speech.engines.spans import Span
from services.speech.settings import SpeechSettings

# Models are loaded by path; should the library ever want more than is there, it must fail and not fetch.
huggingface_hub.constants.HF_HUB_OFFLINE = True

MAX_NEW_TOKENS = 220
"""Whisper's own limit for 30 s is 224; 220 leaves room for the longest prompt in its 448 positions."""
LOOP_BREAKING_NGRAM = 3
NEEDED_FILES = ("model.bin", "config.json", "tokenizer.json")
LIBRARIES = ("faster-whisper", "ctranslate2", "onnxruntime", "tokenizers", "numpy")


class FasterWhisper:
    """A loaded model; see :class:`services.speech.engine.Recognizer` and :class:`.listening.Model`.

    Decoding is by beam search at temperature 0 and without the text before, so the same audio gives the same text:
    CTranslate2's sampler, which the library falls back to, cannot be seeded again within a process.

    Raises:
        AntiphonError: DEVICE_NOT_AVAILABLE, COMPUTE_TYPE_NOT_AVAILABLE, MODEL_INCOMPLETE.
    """

    def __init__(self, installed: InstalledModel, settings: SpeechSettings) -> None:
        missing = [name for name in NEEDED_FILES if not (installed.directory / name).is_file()]
        if missing:
            raise not_ready(
                "MODEL_INCOMPLETE",
                f"the model {installed.name!r} has no {', '.join(missing)}; its entry in models.toml must list them",
                model=installed.name,
                missing=", ".join(missing),
            )
        device = choose_device(settings.device)
        self._whisper = _Whisper(
            str(installed.directory),
            device=device,
            compute_type=choose_compute_type(settings.compute_type, device),
            cpu_threads=settings.thread_count,
            local_files_only=True,
        )
        self._name = installed.name
        self._window_seconds = settings.window_seconds
        self.device = device if device == "cpu" else f"{device}:0"
        self.precision = str(self._whisper.model.compute_type)
        self.library_versions = {name: version(name) for name in LIBRARIES}
        self.languages = _languages(self._whisper)
        self.parameters = {
            "temperature": "0",
            "patience": "1",
            "condition_on_previous_text": "false",
            "max_new_tokens": str(MAX_NEW_TOKENS),
            "window_seconds": f"{settings.window_seconds:g}",
        }
        if device != "cpu":
            self._prove_device()

    def check(self, request: TranscriptionRequest) -> None:
        """See :meth:`services.speech.engine.Recognizer.check`."""
        if request.language is not None and request.language not in self.languages:
            known = ", ".join(sorted(self.languages))
            advice = "it knows English only" if len(self.languages) == 1 else "choose a larger model"
            raise invalid(
                "LANGUAGE_NOT_SUPPORTED",
                f"the model {self._name!r} does not know the language {request.language!r}; {advice}",
                field="config.language_code",
                model=self._name,
                language=request.language,
                known=known,
            )
        if request.task == "translate" and len(self.languages) == 1:
            raise invalid(
                "TASK_NOT_SUPPORTED",
                f"the model {self._name!r} knows English only and cannot translate; choose a multilingual one",
                field="config.task",
                model=self._name,
                task=request.task,
            )

    def listen(
        self, blocks: Iterable[np.ndarray], request: TranscriptionRequest, checkpoint: Callable[[], None]
    ) -> Iterator[Segment | Reached | Findings]:
        """See :meth:`services.speech.engine.Recognizer.listen`."""
        self._whisper.checkpoint = checkpoint
        return Listener(self, request, checkpoint).listen(blocks, self._window_seconds)

    def find_speech(self, samples: np.ndarray) -> tuple[Span, ...]:
        """See :meth:`services.speech.engines.listening.Model.find_speech`."""
        return tuple((int(span["start"]), int(span["end"])) for span in get_speech_timestamps(samples, VadOptions()))

    def detect_language(self, samples: np.ndarray) -> tuple[LanguageCandidate, ...]:
        """See :meth:`services.speech.engines.listening.Model.detect_language`."""
        _, _, every = self._whisper.detect_language(audio=samples)
        return tuple(LanguageCandidate(code, float(probability)) for code, probability in every)

    def transcribe(
        self, samples: np.ndarray, request: TranscriptionRequest, language: str, prompt: str
    ) -> Iterator[Segment]:
        """See :meth:`services.speech.engines.listening.Model.transcribe`."""
        segments, _ = self._whisper.transcribe(
            samples,
            language=language,
            task=request.task,
            beam_size=request.beam_size,
            word_timestamps=request.word_times,
            # "<|" begins Whisper's control tokens, which are no business of a caller.
            initial_prompt=prompt.replace("<|", "< |").strip() or None,
            condition_on_previous_text=False,
            temperature=[0.0],
            max_new_tokens=MAX_NEW_TOKENS,
            vad_filter=False,
        )
        for segment in segments:
            yield Segment(
                start=float(segment.start),
                end=float(segment.end),
                text=" ".join(segment.text.split()),
                words=tuple(self._words(segment.words or ())),
                avg_logprob=min(float(segment.avg_logprob), 0.0),
                no_speech_probability=float(segment.no_speech_prob),
                compression_ratio=float(segment.compression_ratio),
            )

    def _words(self, pieces: Iterable[Any]) -> Iterator[Word]:
        """Joins pieces such as " ill" and "-disposed"; the probability of the whole is the mean over its tokens."""
        group: list[Any] = []
        for piece in pieces:
            if group and not piece.word.startswith("-"):
                yield self._word(group)
                group = []
            group.append(piece)
        if group:
            yield self._word(group)

    def _word(self, pieces: list[Any]) -> Word:
        encode = self._whisper.hf_tokenizer.encode
        weights = [len(encode(piece.word, add_special_tokens=False).ids) for piece in pieces]
        probability = float(np.average([float(piece.probability) for piece in pieces], weights=weights))
        text = "".join(piece.word for piece in pieces).strip()
        return Word(float(pieces[0].start), float(pieces[-1].end), text, min(max(probability, 0.0), 1.0))

    def _prove_device(self) -> None:
        # CTranslate2 opens cuBLAS at its first computation; a GPU without it must be found out now.
        try:
            self._whisper.detect_language(audio=np.zeros(16000, np.float32))
        except RuntimeError as error:
            raise _no_device(str(error)) from error


def choose_device(wanted: str) -> str:
    """``cpu`` or ``cuda`` for ``auto``, ``cpu`` or ``cuda``.

    Raises:
        AntiphonError: DEVICE_NOT_AVAILABLE where a GPU is wanted and there is none.
    """
    count = ctranslate2.get_cuda_device_count()
    if wanted == "cuda" and not count:
        raise _no_device("CTranslate2 sees none")
    return "cuda" if count and wanted != "cpu" else "cpu"


def choose_compute_type(wanted: str, device: str) -> str:
    """The number format for ``wanted``; ``auto`` is int8 on a CPU and float16 on a GPU.

    Raises:
        AntiphonError: COMPUTE_TYPE_NOT_AVAILABLE where the device cannot compute in it.
    """
    chosen = {"cpu": "int8", "cuda": "float16"}[device] if wanted == "auto" else wanted
    known = sorted(ctranslate2.get_supported_compute_types(device))
    if chosen not in known:
        raise not_ready(
            "COMPUTE_TYPE_NOT_AVAILABLE",
            f"SPEECH_COMPUTE_TYPE={chosen} is not for this {device}; choose auto or one of {', '.join(known)}",
            compute_type=chosen,
            device=device,
            known=", ".join(known),
        )
    return chosen


def _no_device(cause: str) -> Exception:
    return not_ready(
        "DEVICE_NOT_AVAILABLE",
        f"SPEECH_DEVICE asks for a GPU, and none can be used ({cause}); set it to cpu, or install what is missing",
        device="cuda",
        cause=cause,
    )


def _languages(whisper: WhisperModel) -> frozenset[str]:
    if not whisper.model.is_multilingual:
        return frozenset({"en"})
    # Older models lack the languages that came later; a code without a token fails deep inside the library.
    return frozenset(code for code in LANGUAGE_CODES if whisper.hf_tokenizer.token_to_id(f"<|{code}|>") is not None)


def _nothing() -> None:
    return


class _Whisper(WhisperModel):
    """faster-whisper's model with three changes: it can be interrupted, needs no sampling, and bears a short end."""

    checkpoint: Callable[[], None] = staticmethod(_nothing)

    def encode(self, features: np.ndarray) -> Any:
        self.checkpoint()
        return super().encode(features)

    def generate_with_fallback(self, encoder_output: Any, prompt: Any, tokenizer: Any, options: Any) -> Any:
        decoded = super().generate_with_fallback(encoder_output, prompt, tokenizer, options)
        result, _, _, compression_ratio = decoded
        # Repetition that fills all room is a loop; what is shorter may be a chorus, which must not be broken up.
        looped = len(result.sequences_ids[0]) >= MAX_NEW_TOKENS - 1 and compression_ratio > REPETITIVE
        if not looped:
            return decoded
        self.checkpoint()
        broken = dataclasses.replace(options, no_repeat_ngram_size=LOOP_BREAKING_NGRAM)
        return super().generate_with_fallback(encoder_output, prompt, tokenizer, broken)

    def find_alignment(
        self, tokenizer: Any, text_tokens: Any, encoder_output: Any, num_frames: int, *args: Any, **kwargs: Any
    ) -> Any:
        # The library raises IndexError where the last stretch is shorter than one step of the encoder (2 frames).
        if num_frames < self.input_stride:
            return [[] for _ in text_tokens]
        return super().find_alignment(tokenizer, text_tokens, encoder_output, num_frames, *args, **kwargs)
