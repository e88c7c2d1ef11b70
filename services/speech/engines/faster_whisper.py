"""Whisper in CTranslate2, by faster-whisper, with the Silero voice detector that comes inside it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import ctranslate2
import huggingface_hub.constants
import numpy as np
from faster_whisper import WhisperModel as LibraryModel
from faster_whisper.audio import pad_or_trim
from faster_whisper.tokenizer import Tokenizer

from chassis.models import InstalledModel
from services.speech.contract import LANGUAGE_CODES, SAMPLE_RATE, LanguageCandidate, Segment, TranscriptionRequest, Word
from services.speech.recording.level import audible
from services.speech.recording.voice import Voice, VoiceDetector, bundled
from services.speech.settings import SpeechSettings
from services.speech.whisper.configuration import need_configuration
from services.speech.whisper.context import context_tokens, plain, text_tokens
from services.speech.whisper.model import WhisperModel
from services.speech.whisper.refusals import need_files, no_compute_type, no_device, unreadable
from services.speech.whisper.subwords import Piece, grouped, joined, one_spaced

# Models are loaded by path; should the library ever want more than is there, it must fail and not fetch.
huggingface_hub.constants.HF_HUB_OFFLINE = True

NEEDED_FILES = ("model.bin", "config.json", "tokenizer.json")
START = b"<|startoftranscript|>"
"""Token that every transcript begins with."""
LIBRARIES = ("faster-whisper", "ctranslate2", "onnxruntime", "tokenizers", "numpy")


class FasterWhisper(WhisperModel):
    """A loaded model; see :class:`services.speech.contract.Recognizer` and :class:`.recording.Model`.

    Decoding is by beam search at temperature 0 and without the text before, so the same audio gives the same text:
    CTranslate2's sampler, which the library falls back to, cannot be seeded again within a process.

    Raises:
        AntiphonError: DEVICE_NOT_AVAILABLE, COMPUTE_TYPE_NOT_AVAILABLE, MODEL_INCOMPLETE.
    """

    libraries = LIBRARIES

    def __init__(self, model: InstalledModel, settings: SpeechSettings) -> None:
        need_files(model, NEEDED_FILES)
        _need_vocabulary(model)
        need_configuration(model)
        super().__init__(model, settings)
        device = choose_device(settings.device)
        self._whisper = _load(model, device, choose_compute_type(settings.compute_type, device), settings.thread_count)
        self.device = device if device == "cpu" else f"{device}:0"
        self.precision = str(self._whisper.model.compute_type)
        self._voice = VoiceDetector(bundled())
        self.languages = languages_of(self._whisper)
        if device != "cpu":
            self._prove_device()

    @staticmethod
    def check_device(settings: SpeechSettings) -> None:
        """See :meth:`services.speech.contract.Recognizer.check_device`."""
        choose_device(settings.device)

    def _prepare(self, checkpoint: Callable[[], None]) -> None:
        self._whisper.checkpoint = checkpoint

    def find_voice(self, samples: np.ndarray) -> Voice:
        """See :meth:`services.speech.recording.model.Model.find_voice`."""
        return self._voice.find_voice(samples)

    def detect_language(self, samples: np.ndarray) -> tuple[LanguageCandidate, ...]:
        """See :meth:`services.speech.recording.model.Model.detect_language`."""
        _, _, every = self._whisper.detect_language(audio=samples)
        return tuple(LanguageCandidate(code, float(probability)) for code, probability in every)

    def transcribe(
        self, samples: np.ndarray, request: TranscriptionRequest, language: str, prompt: str
    ) -> Iterator[Segment]:
        """See :meth:`services.speech.recording.model.Model.transcribe`."""
        segments, _ = self._whisper.transcribe(
            samples,
            language=language,
            task=request.task,
            beam_size=request.beam_size,
            word_timestamps=request.word_times,
            initial_prompt=plain(prompt) or None,
            hotwords=plain(", ".join(request.hotwords)) or None,
            condition_on_previous_text=request.condition_on_previous_text,
            temperature=list(request.temperatures),
            no_speech_threshold=request.no_speech_threshold,
            max_new_tokens=text_tokens(len(samples) / SAMPLE_RATE),
            vad_filter=False,
        )
        for segment in segments:
            yield Segment(
                start=float(segment.start),
                end=float(segment.end),
                text=one_spaced(segment.text),
                words=tuple(joined(self._piece(word) for word in segment.words or ())),
                avg_logprob=min(float(segment.avg_logprob), 0.0),
                no_speech_probability=float(segment.no_speech_prob),
                compression_ratio=float(segment.compression_ratio),
                temperature=float(segment.temperature),
            )

    def place(self, samples: np.ndarray, words: Sequence[str], language: str) -> tuple[Word, ...]:
        """See :meth:`services.speech.lyrics.Placer.place`."""
        whisper = self._whisper
        tokenizer = Tokenizer(whisper.hf_tokenizer, whisper.model.is_multilingual, task="transcribe", language=language)
        tokens = [tokenizer.encode(word) for word in words]
        features = whisper.feature_extractor(audible(samples))
        frames = min(features.shape[-1] - 1, whisper.feature_extractor.nb_max_frames)
        encoded = whisper.encode(pad_or_trim(features[:, :frames]))
        (found,) = whisper.find_alignment(tokenizer, [[token for word in tokens for token in word]], encoded, frames)
        placed = [
            Piece(float(one["start"]), float(one["end"]), one["word"], float(one["probability"]), len(one["tokens"]))
            for one in found
        ]
        return tuple(grouped(placed, [len(word) for word in tokens], words))

    def _piece(self, word: Any) -> Piece:
        count = len(self._whisper.hf_tokenizer.encode(word.word, add_special_tokens=False).ids)
        return Piece(float(word.start), float(word.end), word.word, float(word.probability), count)

    def _prove_device(self) -> None:
        # CTranslate2 opens cuBLAS at its first computation; a GPU without it must be found out now.
        try:
            self._whisper.detect_language(audio=np.zeros(16000, np.float32))
        except RuntimeError as error:
            raise no_device(str(error)) from error


def choose_device(wanted: str) -> str:
    """Chooses ``cpu`` or ``cuda`` for ``auto``, ``cpu`` or ``cuda``.

    Raises:
        AntiphonError: DEVICE_NOT_AVAILABLE where a GPU is wanted and there is none.
    """
    count = ctranslate2.get_cuda_device_count()
    if wanted == "cuda" and not count:
        raise no_device("CTranslate2 sees none")
    return "cuda" if count and wanted != "cpu" else "cpu"


def choose_compute_type(wanted: str, device: str) -> str:
    """Chooses the number format for ``wanted``; ``auto`` is int8 on a CPU and float16 on a GPU.

    Raises:
        AntiphonError: COMPUTE_TYPE_NOT_AVAILABLE where the device cannot compute in it.
    """
    chosen = {"cpu": "int8", "cuda": "float16"}[device] if wanted == "auto" else wanted
    known = sorted(ctranslate2.get_supported_compute_types(device))
    if chosen not in known:
        raise no_compute_type(chosen, device, known)
    return chosen


def languages_of(whisper: LibraryModel) -> frozenset[str]:
    """Gives the codes of the languages that a loaded model knows."""
    if not whisper.model.is_multilingual:
        return frozenset({"en"})
    # Older models lack the languages that came later; a code without a token fails deep inside the library.
    return frozenset(code for code in LANGUAGE_CODES if whisper.hf_tokenizer.token_to_id(f"<|{code}|>") is not None)


def _need_vocabulary(model: InstalledModel) -> None:
    """Checks that the vocabulary is one of Whisper's, which CTranslate2 finds out only while it decodes.

    Raises:
        AntiphonError: MODEL_INCOMPLETE.
    """
    for name in ("vocabulary.json", "vocabulary.txt"):
        if name in model.files and START not in model.files[name].read_bytes():
            raise unreadable(model, ValueError(f"{name} has no {START.decode()}"))


def _load(model: InstalledModel, device: str, compute_type: str, threads: int) -> _Whisper:
    """Has the library read a model's files.

    Raises:
        AntiphonError: MODEL_INCOMPLETE where they are not what it reads.
    """
    try:
        return _Whisper(
            str(model.directory), device=device, compute_type=compute_type, cpu_threads=threads, local_files_only=True
        )
    except MemoryError:
        raise
    except Exception as error:  # tokenizers raises nothing more special
        if "CUDA" in str(error):
            raise  # the GPU's fault, not that of the files
        raise unreadable(model, error) from error


def _nothing() -> None:
    return


class _Whisper(LibraryModel):
    """faster-whisper's model with changes: it can be interrupted, bears a short end and long primers."""

    checkpoint: Callable[[], None] = staticmethod(_nothing)

    def encode(self, features: np.ndarray) -> Any:
        self.checkpoint()
        return super().encode(features)

    def get_prompt(
        self,
        tokenizer: Any,
        previous_tokens: Any,
        without_timestamps: bool = False,
        prefix: Any = None,
        hotwords: str | None = None,
    ) -> Any:
        # The library gives hotwords and the text before the same room each, and fails where both use it.
        primer = context_tokens(tokenizer.encode(f" {hotwords}") if hotwords else (), previous_tokens)
        return super().get_prompt(tokenizer, primer, without_timestamps, prefix)

    def find_alignment(
        self, tokenizer: Any, text_tokens: Any, encoder_output: Any, num_frames: int, *args: Any, **kwargs: Any
    ) -> Any:
        # The library raises IndexError where the last stretch is shorter than one step of the encoder (2 frames).
        if num_frames < self.input_stride:
            return [[] for _ in text_tokens]
        return super().find_alignment(tokenizer, text_tokens, encoder_output, num_frames, *args, **kwargs)
