"""What an engine of the essentia family must do, and what it is given and gives back."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from chassis.audio import Audio
from chassis.errors import invalid
from chassis.facts import ProgressFacts, SourceFacts, WarningFacts, WorkFacts

SAMPLE_RATE = 44100
MIN_SECONDS = 0.05
GROUPS = ("signal", "loudness", "rhythm", "tonal", "pitch", "spectral", "timbre", "structure")
SERIES = "series"


@dataclass(frozen=True)
class AnalysisRequest:
    """What to measure.

    Attributes:
        groups: Names out of GROUPS, in any order.
        include_series: Whether to give the time series of those groups too.
        melody: Whether the pitch group follows the melody, which costs two fifths of all else.
    """

    groups: tuple[str, ...] = GROUPS
    include_series: bool = False
    melody: bool = False

    def __post_init__(self) -> None:
        for name in self.groups:
            if name not in GROUPS:
                raise invalid(
                    "UNKNOWN_GROUP",
                    f"there is no group {name!r}; choose from {', '.join(GROUPS)}",
                    field="config.groups",
                    group=name,
                    known=", ".join(GROUPS),
                )


@dataclass(frozen=True)
class Header:
    """First event of an analysis: what the audio is, its length not yet known."""

    source: SourceFacts


@dataclass(frozen=True)
class GroupFeatures:
    """One finished group.

    Attributes:
        group: One of GROUPS, or SERIES.
        values: By field name of the group's message in the contract. A value is a finite float, an int (counts), a str,
            a tuple of floats (arrays), or a tuple of mappings (nested messages). What is not known has no entry.
    """

    group: str
    values: Mapping[str, object]


@dataclass(frozen=True)
class Summary:
    """Last event of an analysis: the audio with its length and digest, how it was made, what to know."""

    source: SourceFacts
    work: WorkFacts
    warnings: tuple[WarningFacts, ...] = ()


Measured = ProgressFacts | GroupFeatures | WarningFacts


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
