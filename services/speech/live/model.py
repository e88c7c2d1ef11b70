"""What a live session needs of a model and of a voice detector."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol, Self

import numpy as np

from chassis.models import InstalledModel
from services.speech.contract import LanguageCandidate
from services.speech.settings import SpeechSettings


@dataclass(frozen=True)
class Heard:
    """One word of a hypothesis: text as written, times in seconds, mean probability of its tokens, the tokens."""

    text: str
    start: float
    end: float
    probability: float | None = None
    tokens: tuple[int, ...] = ()

    @property
    def letters(self) -> str:
        """Its letters and digits without case: what counts when two hypotheses are compared."""
        return "".join(character for character in self.text.casefold() if character.isalnum())


class Hearer(Protocol):
    """A model as a session uses it, on float32 samples (n,) at 16 kHz, at most 28 s."""

    languages: frozenset[str]
    """Codes it knows; a single one for a model without language detection."""

    def hear(self, samples: np.ndarray, language: str, prompt: str, settled: tuple[int, ...]) -> tuple[Heard, ...]:
        """Tells what is said after the settled words, times in seconds from the first sample.

        Args:
            samples: The audio, which begins with the settled words.
            language: Whisper's code.
            prompt: Text before the audio.
            settled: Tokens of the words at the beginning of the audio that are settled.
        """
        ...

    def detect_language(self, samples: np.ndarray) -> tuple[LanguageCandidate, ...]:
        """Gives every language with its probability, likeliest first."""
        ...


class LiveModel(Hearer, Protocol):
    """A loaded model as a worker for live streams keeps it."""

    device: str
    """Where it computes, such as ``cpu`` or ``cuda:0``."""
    precision: str
    """Number format it computes in, such as ``int8_float32``."""
    library_versions: Mapping[str, str]
    """Versions that can change the text, by distribution name."""
    parameters: Mapping[str, str]
    """What it decodes with besides the request."""
    checkpoint: Callable[[], None]
    """Called between model steps; may raise to end them."""

    @classmethod
    def load(cls, model: InstalledModel, settings: SpeechSettings) -> Self:
        """Loads a model that is installed.

        Raises:
            AntiphonError: DEVICE_NOT_AVAILABLE, COMPUTE_TYPE_NOT_AVAILABLE, MODEL_INCOMPLETE.
        """
        ...

    def check(self, language: str | None) -> None:
        """Says before any audio is heard whether the model knows a language.

        Raises:
            AntiphonError: LANGUAGE_NOT_SUPPORTED.
        """
        ...


class Detector(Protocol):
    """Tells speech from the rest, frame by frame; see :class:`services.speech.recording.voice.VoiceStream`."""

    def probability(self, frame: np.ndarray) -> float:
        """Gives the probability of speech in the next FRAME samples."""
        ...
