"""What an analysis gives back, event by event."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from chassis.reports import ModelReport, ProgressReport, SourceReport, WarningReport, WorkReport


@dataclass(frozen=True)
class Header:
    """First event of an analysis: what the audio is, its length not yet known."""

    source: SourceReport


@dataclass(frozen=True)
class GroupFeatures:
    """One finished group.

    Attributes:
        group: One of ALL_GROUPS, AESTHETICS or SERIES.
        values: By field name of the group's message in the contract. A value is a finite float, an int (counts), a str,
            a tuple of floats (arrays), bytes, or a tuple of mappings (nested messages). What is not known has no entry.
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

    source: SourceReport
    work: WorkReport
    warnings: tuple[WarningReport, ...] = ()
    networks: tuple[ModelReport, ...] = ()


Measured = ProgressReport | GroupFeatures | WarningReport
"""What a FeatureExtractor yields."""


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


TagEvent = Activations | ProgressReport | WarningReport
"""What a Tagger yields."""


@dataclass(frozen=True)
class Matrix:
    """float32 numbers, little-endian, row by row."""

    shape: tuple[int, ...]
    data: bytes

    def __post_init__(self) -> None:
        """Raises ValueError where the shape is not that of the numbers."""
        if any(length < 0 for length in self.shape) or 4 * math.prod(self.shape) != len(self.data):
            raise ValueError(f"{len(self.data)} bytes are no float32 numbers of shape {self.shape}")


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
        gain_db: Gain by which the recording was brought to a common loudness; None where it was heard as it is.
    """

    model: ModelReport
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
    gain_db: float | None = None


AnalysisEvent = Header | ProgressReport | GroupFeatures | TagSet | Summary
"""What the job yields."""
