"""What the engines of this family share: what a Whisper model can do, and how it is asked."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

import numpy as np

from antiphon_wire.errors import invalid, not_ready
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
from services.speech.recording.recording import Listener
from services.speech.recording.spans import Span


class WhisperModel(ABC):
    """A loaded Whisper model; see :class:`services.speech.contract.Recognizer` and :class:`.recording.Model`."""

    device: str
    precision: str
    library_versions: Mapping[str, str]
    parameters: Mapping[str, str]
    seed: int | None = None
    languages: frozenset[str]
    _name: str
    _window_seconds: float

    def check(self, request: TranscriptionRequest | AlignmentRequest) -> None:
        """See :meth:`services.speech.contract.Recognizer.check`."""
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
        task = request.task if isinstance(request, TranscriptionRequest) else "transcribe"
        if task == "translate" and len(self.languages) == 1:
            raise invalid(
                "TASK_NOT_SUPPORTED",
                f"the model {self._name!r} knows English only and cannot translate; choose a multilingual one",
                field="config.task",
                model=self._name,
                task=task,
            )

    def listen(
        self, blocks: Iterable[np.ndarray], request: TranscriptionRequest, checkpoint: Callable[[], None]
    ) -> Iterator[Segment | Reached | Findings]:
        """See :meth:`services.speech.contract.Recognizer.listen`."""
        self._prepare(checkpoint)
        return Listener(self, request, checkpoint).listen(blocks, self._window_seconds)

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
    def find_speech(self, samples: np.ndarray) -> tuple[Span, ...]:
        """See :meth:`services.speech.recording.recording.Model.find_speech`."""

    @abstractmethod
    def detect_language(self, samples: np.ndarray) -> tuple[LanguageCandidate, ...]:
        """See :meth:`services.speech.recording.recording.Model.detect_language`."""

    @abstractmethod
    def transcribe(
        self, samples: np.ndarray, request: TranscriptionRequest, language: str, prompt: str
    ) -> Iterator[Segment]:
        """See :meth:`services.speech.recording.recording.Model.transcribe`."""

    @abstractmethod
    def place(self, samples: np.ndarray, words: Sequence[str], language: str) -> tuple[Word, ...]:
        """See :meth:`services.speech.lyrics.Placer.place`."""


def need_files(installed: InstalledModel, names: Iterable[str]) -> None:
    """Checks that a model's folder holds what an engine reads.

    Raises:
        AntiphonError: MODEL_INCOMPLETE.
    """
    missing = [name for name in names if not (installed.directory / name).is_file()]
    if missing:
        raise not_ready(
            "MODEL_INCOMPLETE",
            f"the model {installed.name!r} has no {', '.join(missing)}; its entry in models.toml must list them",
            model=installed.name,
            missing=", ".join(missing),
        )


def no_device(cause: str) -> Exception:
    """The error for a GPU that was asked for and cannot be used."""
    return not_ready(
        "DEVICE_NOT_AVAILABLE",
        f"SPEECH_DEVICE asks for a GPU, and none can be used ({cause}); set it to cpu, or install what is missing",
        device="cuda",
        cause=cause,
    )


def no_compute_type(chosen: str, device: str, known: Iterable[str]) -> Exception:
    """The error for a number format that a device or an engine does not compute in."""
    names = ", ".join(known)
    return not_ready(
        "COMPUTE_TYPE_NOT_AVAILABLE",
        f"SPEECH_COMPUTE_TYPE={chosen} is not for this {device}; choose auto or one of {names}",
        compute_type=chosen,
        device=device,
        known=names,
    )
