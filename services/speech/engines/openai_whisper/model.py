"""The engine: openai-whisper's network and word times behind the family's own listening."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import torch
import whisper.timing
from whisper.audio import HOP_LENGTH, N_FRAMES, N_SAMPLES, log_mel_spectrogram, pad_or_trim
from whisper.tokenizer import Tokenizer, get_tokenizer

from chassis import torch_device
from chassis.models import InstalledModel
from services.speech.contract import (
    LANGUAGE_CODES,
    SAMPLE_RATE,
    LanguageCandidate,
    Segment,
    TranscriptionRequest,
    Word,
)
from services.speech.engines.openai_whisper import weights
from services.speech.engines.openai_whisper.decoding import STEP_FRAMES, advance, cuts, decode, ends_with_single_time
from services.speech.recording.level import audible
from services.speech.recording.screening import UNLIKELY
from services.speech.recording.voice import Voice, VoiceDetector
from services.speech.settings import SpeechSettings
from services.speech.whisper.context import context_tokens, plain, text_tokens
from services.speech.whisper.model import WhisperModel
from services.speech.whisper.refusals import need_files, no_compute_type, no_device, unreadable
from services.speech.whisper.subwords import Piece, grouped, joined, one_spaced

WEIGHTS, VOICE = "model.safetensors", "silero_vad_v6.onnx"
LIBRARIES = ("openai-whisper", "torch", "tiktoken", "onnxruntime", "numpy")
RESET_TEMPERATURE = 0.5
"""Text sampled above it does not prime what follows: Whisper's own bound."""
SEED = 0
FRAMES_PER_SECOND = SAMPLE_RATE // HOP_LENGTH


class OpenAIWhisper(WhisperModel):
    """A loaded model; see :class:`services.speech.contract.Recognizer` and :class:`.recording.Model`.

    Sampling starts from the same seed in every call, so the same audio gives the same text on the same device.

    Raises:
        AntiphonError: DEVICE_NOT_AVAILABLE, COMPUTE_TYPE_NOT_AVAILABLE, MODEL_INCOMPLETE.
    """

    libraries = LIBRARIES
    seed = SEED

    def __init__(self, model: InstalledModel, settings: SpeechSettings) -> None:
        need_files(model, (WEIGHTS, VOICE))
        super().__init__(model, settings)
        device = choose_device(settings.device)
        dtype = choose_dtype(settings.compute_type, device)
        torch.set_num_threads(settings.thread_count)
        self._network = weights.load(model.directory / WEIGHTS, device, dtype)
        try:
            self._voice = VoiceDetector(model.directory / VOICE)
        except Exception as error:  # ONNX Runtime's own exception types are not public
            raise unreadable(model, error) from error
        self._dtype = dtype
        self.device = torch_device.describe(torch.device("cpu" if device == "cpu" else f"{device}:0"))
        self.precision = str(dtype).removeprefix("torch.")
        tokenizer = self._tokenizer("en", "transcribe")
        # Whisper's languages are in the order of its table; a model with fewer knows the first ones of them.
        codes = frozenset(tokenizer.all_language_codes) if self._network.is_multilingual else frozenset({"en"})
        self.languages = codes & frozenset(LANGUAGE_CODES)
        self._checkpoint: Callable[[], None] = lambda: None
        self._network.decoder.register_forward_pre_hook(lambda *_: self._checkpoint())
        self._network.encoder.register_forward_pre_hook(lambda *_: self._checkpoint())
        # numba compiles at the first use, which would otherwise be a caller's.
        whisper.timing.dtw(torch.zeros(2, 2))

    @staticmethod
    def check_device(settings: SpeechSettings) -> None:
        """See :meth:`services.speech.contract.Recognizer.check_device`."""
        choose_device(settings.device)

    def _prepare(self, checkpoint: Callable[[], None]) -> None:
        self._checkpoint = checkpoint
        torch.manual_seed(SEED)

    def find_voice(self, samples: np.ndarray) -> Voice:
        """See :meth:`services.speech.recording.model.Model.find_voice`."""
        return self._voice.find_voice(samples)

    def detect_language(self, samples: np.ndarray) -> tuple[LanguageCandidate, ...]:
        """See :meth:`services.speech.recording.model.Model.detect_language`."""
        encoded = self._encode(self._spectrogram(samples)[:, :N_FRAMES])
        with torch.no_grad():
            _, (probabilities,) = self._network.detect_language(encoded)
        ordered = sorted(probabilities.items(), key=lambda item: -item[1])
        return tuple(LanguageCandidate(code, float(probability)) for code, probability in ordered)

    def transcribe(
        self, samples: np.ndarray, request: TranscriptionRequest, language: str, prompt: str
    ) -> Iterator[Segment]:
        """See :meth:`services.speech.recording.model.Model.transcribe`."""
        tokenizer = self._tokenizer(language, request.task)
        spectrogram = self._spectrogram(samples)
        hotwords = plain(", ".join(request.hotwords))
        hot = tokenizer.encode(f" {hotwords}") if hotwords else []
        before = tokenizer.encode(f" {plain(prompt)}") if plain(prompt) else []
        room = text_tokens(len(samples) / SAMPLE_RATE) or self._network.dims.n_text_ctx
        total, seek, last_end = spectrogram.shape[-1] - N_FRAMES, 0, 0.0
        while seek < total:
            frames = min(N_FRAMES, total - seek)
            encoded = self._encode(spectrogram[:, seek : seek + frames])
            result = decode(self._network, encoded, request, language, context_tokens(hot, before), room)
            if result.no_speech_prob > request.no_speech_threshold and result.avg_logprob <= UNLIKELY:
                seek += frames
                continue
            offset = seek / FRAMES_PER_SECOND
            lines = [_line(cut, seek, offset, tokenizer) for cut in cuts(result.tokens, tokenizer, frames)]
            step = advance(result.tokens, tokenizer.timestamp_begin, frames)
            if request.word_times:
                last_end = self._time_words(lines, tokenizer, encoded[0], frames, last_end)
                single = ends_with_single_time(result.tokens, tokenizer.timestamp_begin)
                heard = [line["words"][-1]["end"] for line in lines if line["words"]]
                if not single and heard and heard[-1] > offset:
                    step = round(heard[-1] * FRAMES_PER_SECOND) - seek
            if not request.condition_on_previous_text or result.temperature > RESET_TEMPERATURE:
                before = []
            for line in lines:
                if line["start"] == line["end"] or not line["text"].strip():
                    continue
                if request.condition_on_previous_text and result.temperature <= RESET_TEMPERATURE:
                    before += line["tokens"]
                yield self._segment(line, result, tokenizer)
            # Times may stand still; the audio must not.
            seek += step if step > 0 else frames

    def place(self, samples: np.ndarray, words: Sequence[str], language: str) -> tuple[Word, ...]:
        """See :meth:`services.speech.lyrics.Placer.place`."""
        tokenizer = self._tokenizer(language, "transcribe")
        tokens = [tokenizer.encode(word) for word in words]
        frames = min(self._spectrogram_frames(samples), N_FRAMES)
        if frames < STEP_FRAMES:
            return ()
        encoded = self._encode(self._spectrogram(audible(samples))[:, :frames])
        flat = [token for word in tokens for token in word]
        found = whisper.timing.find_alignment(self._network, tokenizer, flat, encoded[0], frames)
        placed = [
            Piece(float(one.start), float(one.end), one.word, float(one.probability), len(one.tokens)) for one in found
        ]
        return tuple(grouped(placed, [len(word) for word in tokens], words))

    def _time_words(
        self, lines: list[dict[str, Any]], tokenizer: Tokenizer, encoded: torch.Tensor, frames: int, last_end: float
    ) -> float:
        """Gives each line its words by Whisper's own alignment; says where the last of them ends."""
        if frames < STEP_FRAMES:
            return last_end
        whisper.timing.add_word_timestamps(
            segments=lines,
            model=self._network,
            tokenizer=tokenizer,
            mel=encoded,
            num_frames=frames,
            last_speech_timestamp=last_end,
        )
        ends = [line["words"][-1]["end"] for line in lines if line["words"]]
        return float(ends[-1]) if ends else last_end

    def _segment(self, line: dict[str, Any], result: Any, tokenizer: Tokenizer) -> Segment:
        words = (
            Piece(
                float(word["start"]),
                float(word["end"]),
                word["word"],
                float(word["probability"]),
                len(tokenizer.encode(word["word"])),
            )
            for word in line["words"]
        )
        return Segment(
            start=float(line["start"]),
            end=float(line["end"]),
            text=one_spaced(line["text"]),
            words=tuple(joined(words)),
            avg_logprob=min(float(result.avg_logprob), 0.0),
            no_speech_probability=float(result.no_speech_prob),
            compression_ratio=float(result.compression_ratio),
            temperature=float(result.temperature),
        )

    def _tokenizer(self, language: str, task: str) -> Tokenizer:
        network = self._network
        return get_tokenizer(network.is_multilingual, num_languages=network.num_languages, language=language, task=task)

    def _spectrogram(self, samples: np.ndarray) -> torch.Tensor:
        """Computes log-mel frames of ``samples`` (n,), with 30 s of silence after them."""
        audio = torch.from_numpy(np.ascontiguousarray(samples))
        return log_mel_spectrogram(audio, self._network.dims.n_mels, padding=N_SAMPLES)

    @staticmethod
    def _spectrogram_frames(samples: np.ndarray) -> int:
        return len(samples) // int(HOP_LENGTH)

    def _encode(self, spectrogram: torch.Tensor) -> torch.Tensor:
        frames = pad_or_trim(spectrogram, N_FRAMES).to(self._network.device, self._dtype)
        with torch.no_grad():
            encoded: torch.Tensor = self._network.encoder(frames[None])
        return encoded


def choose_device(wanted: str) -> str:
    """Chooses ``cpu`` or ``cuda`` (which is also ROCm's name in torch) for ``auto``, ``cpu`` or ``cuda``.

    Raises:
        AntiphonError: DEVICE_NOT_AVAILABLE where a GPU is wanted and there is none.
    """
    there = torch.cuda.is_available()
    if wanted == "cuda" and not there:
        raise no_device("torch sees none")
    return "cuda" if there and wanted != "cpu" else "cpu"


def choose_dtype(wanted: str, device: str) -> torch.dtype:
    """Chooses the number format; float32 on a CPU and float16 on a GPU for ``auto``.

    Raises:
        AntiphonError: COMPUTE_TYPE_NOT_AVAILABLE for what openai-whisper does not compute in.
    """
    known = {"cpu": {"float32": torch.float32}, "cuda": {"float16": torch.float16, "float32": torch.float32}}[device]
    chosen = next(iter(known)) if wanted == "auto" else wanted
    if chosen not in known:
        raise no_compute_type(chosen, device, sorted(known))
    return known[chosen]


def _line(cut: Any, seek: int, offset: float, tokenizer: Tokenizer) -> dict[str, Any]:
    """Makes a line as openai-whisper's functions want it."""
    text = [token for token in cut.tokens if token < tokenizer.eot]
    return {
        "seek": seek,
        "start": offset + cut.start,
        "end": offset + cut.end,
        "text": tokenizer.decode(text),
        "tokens": list(cut.tokens),
        "words": [],
    }
