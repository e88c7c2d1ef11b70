"""The installed models, loaded once, and a transcript as a test wants it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from chassis.models import Store
from services.speech.contract import Findings, Reached, Segment, TranscriptionRequest, Word
from services.speech.settings import SpeechSettings
from services.speech.whisper.model import WhisperModel

MANIFEST = Path(__file__).parents[3] / "services" / "speech" / "models.toml"
BLOCK = 50_000


def blocks_of(samples: np.ndarray) -> Iterator[np.ndarray]:
    """``samples`` (n,) as an engine gets them."""
    return (samples[None, start : start + BLOCK] for start in range(0, len(samples), BLOCK))


@dataclass(frozen=True)
class Transcript:
    """What an engine yielded, sorted."""

    segments: tuple[Segment, ...]
    reached: tuple[float, ...]
    findings: Findings

    @property
    def text(self) -> str:
        """All segments' text."""
        return " ".join(segment.text for segment in self.segments)

    @property
    def words(self) -> tuple[Word, ...]:
        """All segments' words."""
        return tuple(word for segment in self.segments for word in segment.words)

    @property
    def reasons(self) -> set[str]:
        """The reasons of the warnings."""
        return {warning.reason for warning in self.findings.warnings}


Transcribe = Callable[..., Transcript]


def transcribe(engine: WhisperModel, samples: np.ndarray, **request: object) -> Transcript:
    """Has ``samples`` (n,) transcribed; the request's fields by name."""
    events = list(engine.listen(blocks_of(samples), TranscriptionRequest(**request), lambda: None))  # type: ignore[arg-type]
    assert isinstance(events[-1], Findings)
    return Transcript(
        segments=tuple(event for event in events if isinstance(event, Segment)),
        reached=tuple(event.seconds for event in events if isinstance(event, Reached)),
        findings=events[-1],
    )


@pytest.fixture(scope="session")
def store() -> Store:
    """The store with the real weights, installed or not."""
    return Store(None, MANIFEST)


@pytest.fixture(scope="session")
def load(store: Store) -> Callable[..., WhisperModel]:
    """Loads a model of faster-whisper on the CPU; the test is skipped where it, or the library, is not installed."""

    def make(name: str = "whisper-base", **settings: object) -> WhisperModel:
        if not store.installed(name):
            pytest.skip(f"{name} is not installed in {store.root}: antiphon models pull {name}")
        pytest.importorskip("faster_whisper", reason="the engine faster-whisper is in the environment .venvs/speech")
        from services.speech.engines.faster_whisper import FasterWhisper

        return FasterWhisper.load(store.require(name), SpeechSettings(device="cpu", **settings))  # type: ignore[arg-type]

    return make


@pytest.fixture(scope="session")
def base(load: Callable[..., WhisperModel]) -> WhisperModel:
    """whisper-base."""
    return load("whisper-base")


@pytest.fixture(scope="session")
def tiny(load: Callable[..., WhisperModel]) -> WhisperModel:
    """whisper-tiny.en, which is the quicker one."""
    return load("whisper-tiny.en")


@pytest.fixture(scope="session")
def load_openai(store: Store) -> Callable[..., WhisperModel]:
    """Loads a model of openai-whisper on the CPU; skipped like :func:`load`."""

    def make(name: str = "whisper-tiny.en.openai", **settings: object) -> WhisperModel:
        if not store.installed(name):
            pytest.skip(f"{name} is not installed in {store.root}: antiphon models pull {name}")
        pytest.importorskip("whisper", reason="openai-whisper is in the environment .venvs/speech-openai-whisper")
        from services.speech.engines.openai_whisper import OpenAIWhisper

        return OpenAIWhisper.load(store.require(name), SpeechSettings("openai-whisper", device="cpu", **settings))  # type: ignore[arg-type]

    return make


@pytest.fixture(scope="session")
def listen() -> Transcribe:
    """Has samples (n,) transcribed by an engine; the request's fields by name."""
    return transcribe
