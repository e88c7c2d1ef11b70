"""What the engines of this family share: what a Whisper model can do, and how it is asked."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from importlib.metadata import version
from typing import ClassVar, Self

import numpy as np

from chassis.models import InstalledModel
from services.speech.contract import (
    AlignedLine,
    AlignmentFindings,
    AlignmentRequest,
    Findings,
    LanguageCandidate,
    Reached,
    Segment,
    TranscriptionRequest,
    Word,
)
from services.speech.lyrics import LyricsAligner
from services.speech.recording.recording import Recording
from services.speech.recording.voice import Voice
from services.speech.settings import SpeechSettings
from services.speech.whisper.refusals import need_language, need_task


class WhisperModel(ABC):
    """A loaded Whisper model; see :class:`services.speech.contract.Recognizer` and :class:`.recording.Model`."""

    libraries: ClassVar[tuple[str, ...]]
    """Distributions whose versions can change the text."""
    device: str
    precision: str
    library_versions: Mapping[str, str]
    parameters: Mapping[str, str]
    seed: int | None = None
    languages: frozenset[str]

    def __init__(self, model: InstalledModel, settings: SpeechSettings) -> None:
        self._name = model.name
        self._window_seconds = settings.window_seconds
        self.library_versions = {name: version(name) for name in self.libraries}
        self.parameters = {
            "patience": "1",
            "window_seconds": f"{settings.window_seconds:g}",
        }

    @classmethod
    def load(cls, model: InstalledModel, settings: SpeechSettings) -> Self:
        """See :meth:`services.speech.contract.Recognizer.load`."""
        return cls(model, settings)

    def check(self, request: TranscriptionRequest | AlignmentRequest) -> None:
        """See :meth:`services.speech.contract.Recognizer.check`."""
        need_language(self._name, request.language, self.languages)
        if isinstance(request, TranscriptionRequest):
            need_task(self._name, request.task, self.languages)

    def listen(
        self, blocks: Iterable[np.ndarray], request: TranscriptionRequest, checkpoint: Callable[[], None]
    ) -> Iterator[Segment | Reached | Findings]:
        """See :meth:`services.speech.contract.Recognizer.listen`."""
        self._prepare(checkpoint)
        return Recording(self, request, checkpoint).listen(blocks, self._window_seconds)

    def align_lyrics(
        self, read: Callable[[], Iterable[np.ndarray]], request: AlignmentRequest, checkpoint: Callable[[], None]
    ) -> Iterator[Reached | AlignedLine | AlignmentFindings]:
        """See :meth:`services.speech.contract.Recognizer.align_lyrics`."""
        self._prepare(checkpoint)
        return LyricsAligner(self, request, checkpoint).align(read)

    @abstractmethod
    def _prepare(self, checkpoint: Callable[[], None]) -> None:
        """Takes the checkpoint of the call that begins, to be called between the model's steps."""

    @abstractmethod
    def find_voice(self, samples: np.ndarray) -> Voice:
        """See :meth:`services.speech.recording.model.Model.find_voice`."""

    @abstractmethod
    def detect_language(self, samples: np.ndarray) -> tuple[LanguageCandidate, ...]:
        """See :meth:`services.speech.recording.model.Model.detect_language`."""

    @abstractmethod
    def transcribe(
        self, samples: np.ndarray, request: TranscriptionRequest, language: str, prompt: str
    ) -> Iterator[Segment]:
        """See :meth:`services.speech.recording.model.Model.transcribe`."""

    @abstractmethod
    def place(self, samples: np.ndarray, words: Sequence[str], language: str) -> tuple[Word, ...]:
        """See :meth:`services.speech.lyrics.Placer.place`."""
