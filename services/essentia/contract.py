"""What an engine of the essentia family must do, and what it is given and gives back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from chassis.audio import Audio
from chassis.models import InstalledModel
from chassis.reports import ModelFacts, ProgressFacts, SourceFacts, WarningFacts, WorkFacts
from services.essentia.request import AnalysisRequest

SAMPLE_RATE = 44100
MIN_SECONDS = 0.05
TAG_SAMPLE_RATE = 16000
TAG_ENGINES = ("onnx", "essentia", "musicnn")
"""Engines whose models tag; the manifest lists models of others too."""


@dataclass(frozen=True)
class Header:
    """First event of an analysis: what the audio is, its length not yet known."""

    source: SourceFacts


@dataclass(frozen=True)
class GroupFeatures:
    """One finished group.

    Attributes:
        group: One of ALL_GROUPS, AESTHETICS or SERIES.
        values: By field name of the group's message in the contract. A value is a finite float, an int (counts), a str,
            a tuple of floats (arrays), or a tuple of mappings (nested messages). What is not known has no entry.
    """

    group: str
    values: Mapping[str, object]


@dataclass(frozen=True)
class Summary:
    """Last event of an analysis: the audio with its length and digest, how it was made, what to know.

    Attributes:
        source: What was read.
        work: How.
        warnings: In the order in which they were found.
        networks: Models that the features rest on; those that tag are in their tag sets.
    """

    source: SourceFacts
    work: WorkFacts
    warnings: tuple[WarningFacts, ...] = ()
    networks: tuple[ModelFacts, ...] = ()


Measured = ProgressFacts | GroupFeatures | WarningFacts


@dataclass(frozen=True)
class Activations:
    """What one tag network said of a recording, patch by patch.

    Attributes:
        model: Name of the model.
        labels: In the order of the scores.
        scores: float32 (patches, labels), 0 to 1.
        embeddings: float32 (patches, width); None where they were not asked for.
        patch_seconds: Length of a patch.
        hop_seconds: Time from the start of a patch to that of the next.
        stand_in: Whether the weights mean nothing.
    """

    model: str
    labels: tuple[str, ...]
    scores: np.ndarray
    embeddings: np.ndarray | None
    patch_seconds: float
    hop_seconds: float
    stand_in: bool


@dataclass(frozen=True)
class Matrix:
    """float32 numbers, little-endian, row by row."""

    shape: tuple[int, ...]
    data: bytes


@dataclass(frozen=True)
class TagScore:
    """A label and its score, 0 to 1."""

    label: str
    score: float


@dataclass(frozen=True)
class TagSet:
    """One model's tags.

    Attributes:
        model: Which model.
        engine: Name in ENGINES.
        device: Where it ran.
        precision: Number format of the computation.
        library_versions: Versions that can change the scores, by distribution name.
        tags: The best first.
        label_count: Labels that the model knows.
        patch_count: Patches that the scores are means over.
        patch_seconds: Length of a patch.
        hop_seconds: Time from the start of a patch to that of the next.
        embeddings: (patches, width); None where not asked for.
        patch_scores: (patches, labels); None where not asked for.
        labels: Labels of the columns of ``patch_scores``; empty where there are none.
        stand_in: Whether the weights mean nothing.
    """

    model: ModelFacts
    engine: str
    device: str
    precision: str
    library_versions: Mapping[str, str]
    tags: tuple[TagScore, ...]
    label_count: int
    patch_count: int
    patch_seconds: float
    hop_seconds: float
    embeddings: Matrix | None
    patch_scores: Matrix | None
    labels: tuple[str, ...]
    stand_in: bool


class FeatureExtractor(Protocol):
    """Measures music."""

    library_versions: Mapping[str, str]
    """Versions that can change the numbers, by distribution name."""

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
    ) -> Iterator[Measured]:
        """The same of audio that comes as blocks (1 or 2, samples) at SAMPLE_RATE; memory does not grow with length.

        Args:
            blocks: Taken as they are needed.
            request: What to measure.
            checkpoint: See analyze.
            seconds_hint: Length as far as it is known, for progress only.
        """
        ...


class Tagger(Protocol):
    """Says what a recording is called, by networks that were trained on labels."""

    device: str
    """Where it computes, such as ``cpu``."""

    precision: str
    """Number format of the computation."""

    library_versions: Mapping[str, str]
    """Versions that can change the scores, by distribution name."""

    def tag(
        self,
        read: Callable[[], Iterable[np.ndarray]],
        models: Sequence[InstalledModel],
        embeddings: bool = ...,
        checkpoint: Callable[[], None] = ...,
    ) -> Iterator[Activations | ProgressFacts | WarningFacts]:
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
