"""What an engine of this family must do, one Protocol for each kind, and the task that a worker is handed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from services.essentia.contract.requests import AnalysisRequest
from services.essentia.contract.results import Measured, TagEvent

if TYPE_CHECKING:
    from chassis.audio import Audio, Source
    from chassis.models import InstalledModel
    from chassis.reports import ModelReport

SAMPLE_RATE = 44100
"""Rate that features are measured at, Hz."""

MIN_SECONDS = 0.05
"""Shorter audio is refused: the shortest of the algorithms' frames would be mostly padding."""

TAG_SAMPLE_RATE = 16000
"""Rate that tag networks and aesthetics were trained at, Hz."""

TAG_ENGINES = ("onnx", "essentia", "musicnn")
"""Engines whose models tag; the manifest lists models of others too."""


@dataclass(frozen=True)
class StoredFormat:
    """What blocks of samples are, as they are stored.

    Attributes:
        sample_rate: Samples a second of each channel, Hz.
        layout: Loudspeakers of the channels by FFmpeg's names; None where nothing tells.
    """

    sample_rate: int = SAMPLE_RATE
    layout: tuple[str, ...] | None = None


class Task(Protocol):
    """One call as the worker hands it over."""

    source: Source

    def checkpoint(self) -> None:
        """Raises antiphon_wire.errors.Cancelled when nobody wants the answer any more."""


class Engine(Protocol):
    """What every engine tells of itself."""

    device: str
    """Where it computes, such as ``cpu``."""

    precision: str
    """Number format of the computation."""

    library_versions: Mapping[str, str]
    """Versions that can change the numbers, by distribution name."""

    parameters: Mapping[str, str]
    """What of its settings can change the numbers; empty where nothing can."""


def reading(window_seconds: float) -> dict[str, str]:
    """Tells how audio is handed to a FeatureExtractor, as an answer's evidence has it."""
    return {"sample_rate_hertz": str(SAMPLE_RATE), "window_seconds": f"{window_seconds:g}"}


class FeatureExtractor(Engine, Protocol):
    """Measures music.

    Made by ``load(models, settings)`` with the store instead of one model: most of it needs none, and which networks a
    call needs only the call says.
    """

    @property
    def networks_used(self) -> Sequence[ModelReport]:
        """The networks that the last analysis rests on, in the order in which they were asked."""
        ...

    def analyze(
        self, audio: Audio, request: AnalysisRequest, checkpoint: Callable[[], None] = ...
    ) -> Iterator[Measured]:
        """Measures ``audio``: one or two channels at SAMPLE_RATE.

        Yields progress, each wanted group once and as soon as it is finished, and warnings as they are found.
        ``checkpoint`` is called between pieces of work and may raise to end it.

        Raises:
            AntiphonError: AUDIO_NOT_FINITE, AUDIO_TOO_SHORT (below MIN_SECONDS).
            ValueError: another rate or number of channels.
        """
        ...

    def analyze_blocks(
        self,
        blocks: Iterable[np.ndarray],
        request: AnalysisRequest,
        checkpoint: Callable[[], None] = ...,
        seconds_hint: float | None = ...,
        form: StoredFormat | None = ...,
    ) -> Iterator[Measured]:
        """Measures audio that comes as blocks (channels, samples) as stored; memory does not grow with length.

        Loudness, peaks and level are of these samples; all else is of a mix of at most two channels at SAMPLE_RATE.

        Args:
            blocks: Taken as they are needed.
            request: What to measure.
            checkpoint: See analyze.
            seconds_hint: Length as far as it is known, for progress only.
            form: What the blocks are; None for SAMPLE_RATE and the usual layout.
        """
        ...


class Tagger(Engine, Protocol):
    """Says what a recording is called, by networks that were trained on labels.

    Made by ``load(model, settings)`` with the first model that is to run; ``tag`` loads further ones as they come, for
    models that share an extractor run it once.
    """

    def tag(
        self,
        read: Callable[[], Iterable[np.ndarray]],
        models: Sequence[InstalledModel],
        embeddings: bool = ...,
        checkpoint: Callable[[], None] = ...,
    ) -> Iterator[TagEvent]:
        """Runs ``models``, all of this engine, and yields progress, warnings, and one Activations for each.

        Silence gives a warning and no Activations. Memory does not grow with the audio beyond what is yielded.

        Args:
            read: Starts a pass over the recording: float32 blocks (samples,) at TAG_SAMPLE_RATE, full scale 1.
            models: Loaded where they are not yet, and kept.
            embeddings: Whether Activations carry them.
            checkpoint: Called between pieces of work; may raise to end it.

        Raises:
            AntiphonError: AUDIO_TOO_SHORT below 0.05 s; MODEL_METADATA, MODEL_GRAPH where a model's files do not fit.
        """
        ...


class AestheticsScorer(Engine, Protocol):
    """Scores how a recording pleases, as listeners did.

    Made by ``load(model, settings)``; the class method ``check_packages`` says what it lacks before any work.
    """

    def score(self, blocks: Iterable[np.ndarray], checkpoint: Callable[[], None] = ...) -> dict[str, float]:
        """Scores audio, float32 (samples,) a block at TAG_SAMPLE_RATE; by field name of the group, about 1 to 10.

        Raises:
            AntiphonError: AUDIO_TOO_SHORT below MIN_SECONDS.
        """
        ...
