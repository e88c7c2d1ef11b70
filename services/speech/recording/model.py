"""What is needed of a model to follow a recording."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import numpy as np

from services.speech.contract import LanguageCandidate, Segment, TranscriptionRequest
from services.speech.recording.voice import Voice


class Model(Protocol):
    """One Whisper model with a voice detector, for audio that fits in memory: float32 samples (n,) at SAMPLE_RATE."""

    languages: frozenset[str]
    """Codes it knows; a single one for a model without language detection."""

    def find_voice(self, samples: np.ndarray) -> Voice:
        """Finds where there is speech."""
        ...

    def detect_language(self, samples: np.ndarray) -> tuple[LanguageCandidate, ...]:
        """Gives every language with its probability, likeliest first, from at most 30 s."""
        ...

    def transcribe(
        self, samples: np.ndarray, request: TranscriptionRequest, language: str, prompt: str
    ) -> Iterator[Segment]:
        """Yields what is said as it is decoded, times in seconds from the first sample, as the model has them.

        All segments of one decoding, of at most 30 s, have the same figures.
        """
        ...
