"""What an engine must do."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Protocol, Self

import numpy as np

from chassis.models import InstalledModel
from services.speech.contract.events import AlignmentFindings, Findings, Reached
from services.speech.contract.requests import AlignmentRequest, TranscriptionRequest
from services.speech.contract.transcript import AlignedLine, Segment
from services.speech.settings import SpeechSettings

SAMPLE_RATE = 16_000
"""Samples per second that every Whisper hears; what comes in otherwise is resampled."""


class Recognizer(Protocol):
    """A loaded model that turns audio into text."""

    device: str
    """Where it computes, such as ``cpu`` or ``cuda:0``."""
    precision: str
    """Number format it computes in, such as ``int8_float32``."""
    library_versions: Mapping[str, str]
    """Versions that can change the text, by distribution name."""
    parameters: Mapping[str, str]
    """What it decodes with besides the request."""
    seed: int | None
    """What sampling begins from, so that the same audio gives the same text; None where it cannot be seeded."""

    @classmethod
    def load(cls, model: InstalledModel, settings: SpeechSettings) -> Self:
        """Loads a model that is installed.

        Raises:
            AntiphonError: DEVICE_NOT_AVAILABLE, COMPUTE_TYPE_NOT_AVAILABLE, MODEL_INCOMPLETE.
        """
        ...

    @staticmethod
    def check_device(settings: SpeechSettings) -> None:
        """Says without a model whether the device of the settings is there.

        Raises:
            AntiphonError: DEVICE_NOT_AVAILABLE.
        """
        ...

    def check(self, request: TranscriptionRequest | AlignmentRequest) -> None:
        """Says before any audio is read whether this model can do what is asked.

        Raises:
            AntiphonError: LANGUAGE_NOT_SUPPORTED, TASK_NOT_SUPPORTED.
        """
        ...

    def listen(
        self, blocks: Iterable[np.ndarray], request: TranscriptionRequest, checkpoint: Callable[[], None]
    ) -> Iterator[Segment | Reached | Findings]:
        """Transcribes mono audio at SAMPLE_RATE, given as float32 blocks (1, samples) of any length.

        Yields segments as they are decoded, their times in seconds from the first sample and inside the audio, in
        order and never revised; Reached along the way; Findings last, once. Blocks are taken as they are needed.
        ``checkpoint`` is called between model steps and may raise to end it.
        """
        ...

    def align_lyrics(
        self, read: Callable[[], Iterable[np.ndarray]], request: AlignmentRequest, checkpoint: Callable[[], None]
    ) -> Iterator[Reached | AlignedLine | AlignmentFindings]:
        """Finds the lyrics' lines and words in mono audio at SAMPLE_RATE.

        ``read`` gives the audio as float32 blocks (1, samples) from the beginning, each time it is called; it is called
        twice. Yields Reached along the way, then every line in order, its times in seconds from the first sample and
        none before those of the line before; AlignmentFindings last, once.
        """
        ...
