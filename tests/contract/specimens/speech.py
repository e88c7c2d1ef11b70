"""The engines of the speech family, each with the same tiny Whisper."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from services.speech.contract import TranscriptionRequest
from services.speech.settings import SpeechSettings
from tests.contract.signals import music
from tests.contract.specimen import SPECIMEN, Refusal, Specimen


def words(model: str) -> TranscriptionRequest:
    """Everything that is heard in the language given, be it music or made up."""
    return TranscriptionRequest(model, language="en", beam_size=1, vad=False, hallucination_guard=False)


def asked(**changes: Any) -> TranscriptionRequest:
    """The same with other fields."""
    return replace(words(SPECIMEN), **changes)


def faster_whisper(folder: Path) -> Mapping[str, bytes]:
    """A multilingual Whisper in CTranslate2's format."""
    from standins import tiny_whisper

    return tiny_whisper.faster_whisper_files(folder)


def openai_whisper(folder: Path) -> Mapping[str, bytes]:
    """The same, converted, and a voice detector."""
    from standins import tiny_whisper

    return tiny_whisper.openai_whisper_files(folder)


FASTER_WHISPER = Specimen(
    libraries=("ctranslate2", "faster-whisper", "numpy", "onnxruntime", "tokenizers"),
    settings=SpeechSettings(device="cpu", default_model=SPECIMEN),
    verb="transcribe",
    ask=words,
    files=faster_whisper,
    samples=music(65, 16_000, 1),
    sample_rate=16_000,
    checkpoints=3,  # stretches of 30 s
    unreadable="MODEL_INCOMPLETE",
    refusals=(
        # Cantonese came with large-v3.
        Refusal("INVALID_ARGUMENT", "LANGUAGE_NOT_SUPPORTED", lambda: asked(language="yue")),
        Refusal("INVALID_ARGUMENT", "BEAM_SIZE", lambda: asked(beam_size=11)),
        Refusal("FAILED_PRECONDITION", "COMPUTE_TYPE_NOT_AVAILABLE", settings={"compute_type": "float16"}),
    ),
    sampled=lambda: asked(temperatures=(0.4,)),
)

SPECIMENS = {
    "faster-whisper": FASTER_WHISPER,
    "openai-whisper": replace(
        FASTER_WHISPER,
        libraries=("numpy", "onnxruntime", "openai-whisper", "torch"),
        settings=replace(FASTER_WHISPER.settings, engine="openai-whisper"),
        files=openai_whisper,
        samples=music(3, 16_000, 1),
        checkpoints=100,  # tokens
    ),
}
