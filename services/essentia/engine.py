"""What an engine of the essentia family must do, and what it is given and gives back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from chassis.audio import Audio
from chassis.errors import invalid
from chassis.facts import ModelFacts, ProgressFacts, SourceFacts, WarningFacts, WorkFacts
from chassis.models import InstalledModel

SAMPLE_RATE = 44100
MIN_SECONDS = 0.05
GROUPS = ("signal", "loudness", "rhythm", "tonal", "pitch", "spectral", "timbre", "structure", "timbral")
STEM = "stem"
ALL_GROUPS = (*GROUPS, STEM)
SERIES = "series"
AESTHETICS = "aesthetics"
SERIES_WINDOW_SECONDS = (1.0, 600.0)
KEY_PROFILES = ("edma", "bgate", "temperley", "krumhansl", "shaath")
# One of each origin: electronic music, listening tests. shaath, made for popular music, is nearly krumhansl again (they
# correlate by 0.99 in major, 0.97 in minor, closer than any other two): both would count that one twice.
USUAL_KEY_PROFILES = ("edma", "krumhansl")
SWIFT_F0, BASIC_PITCH = "swift-f0", "basic-pitch"
MELODY_ENGINES = (SWIFT_F0, "melodia")
TEMPO_LIMITS_BPM = (20.0, 400.0)

TAGS = "tags"
TAG_SAMPLE_RATE = 16000
TAG_ENGINES = ("onnx", "essentia", "musicnn")
"""Engines whose models tag; the manifest lists models of others too."""


@dataclass(frozen=True)
class TagRequest:
    """Which tags to give.

    Attributes:
        models: Names of models; empty for the service's own choice, as far as they are installed.
        threshold: Least score of a tag, 0 to 1.
        top_k: Most tags of a model, the best first.
        all_scores: Whether to give every label's score; threshold and top_k say nothing then.
        embeddings: Whether to give the embeddings of the patches.
        patch_scores: Whether to give the scores of each patch.
    """

    models: tuple[str, ...] = ()
    threshold: float = 0.1
    top_k: int = 10
    all_scores: bool = False
    embeddings: bool = False
    patch_scores: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.threshold <= 1:
            raise invalid(
                "TAG_THRESHOLD",
                f"threshold is {self.threshold:g}; give a score from 0 to 1",
                field="config.tags.threshold",
                threshold=self.threshold,
            )
        if self.top_k < 1:
            raise invalid(
                "TAG_TOP_K", f"top_k is {self.top_k}; give 1 or more", field="config.tags.top_k", top_k=self.top_k
            )


@dataclass(frozen=True)
class AnalysisRequest:
    """What to measure.

    Attributes:
        groups: Names out of ALL_GROUPS and AESTHETICS, in any order.
        include_series: Whether to give the time series of those groups too.
        melody: Whether the pitch group follows the melody.
        tags: Which tags to give; None for none.
        tags_only: Whether to measure nothing else.
        stem: Name of the stem that the recording is; empty where it is none. The group "stem" needs it.
        beat_seconds: Beats of the mix that the stem comes from, ascending; empty for the stem's own.
        series_window_seconds: Step of the series of windows.
        key_profiles: Profiles that vote on the key, out of KEY_PROFILES; empty for USUAL_KEY_PROFILES.
        min_bpm: Slowest tempo to give.
        max_bpm: Fastest tempo to give.
        melody_engine: What follows the melody, one of MELODY_ENGINES.
        notes: Whether the pitch group finds the notes of all voices.
    """

    groups: tuple[str, ...] = GROUPS
    include_series: bool = False
    melody: bool = False
    tags: TagRequest | None = None
    tags_only: bool = False
    stem: str = ""
    beat_seconds: tuple[float, ...] = ()
    series_window_seconds: float = 10.0
    key_profiles: tuple[str, ...] = ()
    min_bpm: float = 30.0
    max_bpm: float = 300.0
    melody_engine: str = MELODY_ENGINES[0]
    notes: bool = False

    def __post_init__(self) -> None:
        self._check_music()
        for name in self.groups:
            if name not in (*ALL_GROUPS, AESTHETICS):
                known = ", ".join((*ALL_GROUPS, AESTHETICS))
                raise invalid(
                    "UNKNOWN_GROUP",
                    f"there is no group {name!r}; choose from {known}",
                    field="config.groups",
                    group=name,
                    known=known,
                )
        if STEM in self.groups and not self.stem:
            raise invalid(
                "STEM_UNNAMED", 'the group "stem" was asked for; name the stem that the audio is', field="config.stem"
            )
        shortest, longest = SERIES_WINDOW_SECONDS
        if not shortest <= self.series_window_seconds <= longest:
            raise invalid(
                "SERIES_WINDOW",
                f"series_window_seconds is {self.series_window_seconds:g}; give {shortest:g} to {longest:g}",
                field="config.series_window_seconds",
                seconds=self.series_window_seconds,
            )
        if any(not 0 <= time < float("inf") for time in self.beat_seconds) or list(self.beat_seconds) != sorted(
            self.beat_seconds
        ):
            raise invalid("BEAT_SECONDS", "beat_seconds must be 0 or more and ascending", field="config.beat_seconds")

    def networks(self) -> tuple[str, ...]:
        """Names of the models that the features need, in the order in which they run."""
        if "pitch" not in self.groups:
            return ()
        follows = self.melody and self.melody_engine == SWIFT_F0
        return (*((SWIFT_F0,) if follows else ()), *((BASIC_PITCH,) if self.notes else ()))

    def _check_music(self) -> None:
        for name in self.key_profiles:
            if name not in KEY_PROFILES:
                known = ", ".join(KEY_PROFILES)
                raise invalid(
                    "UNKNOWN_KEY_PROFILE",
                    f"there is no key profile {name!r}; choose from {known}",
                    field="config.key_profiles",
                    profile=name,
                    known=known,
                )
        slowest, fastest = TEMPO_LIMITS_BPM
        if not slowest <= self.min_bpm < self.max_bpm <= fastest:
            raise invalid(
                "TEMPO_RANGE",
                f"tempos from {self.min_bpm:g} to {self.max_bpm:g} were asked for; give min_bpm below max_bpm, both "
                f"from {slowest:g} to {fastest:g}",
                field="config.min_bpm",
                min_bpm=self.min_bpm,
                max_bpm=self.max_bpm,
            )
        if self.melody_engine not in MELODY_ENGINES:
            known = ", ".join(MELODY_ENGINES)
            raise invalid(
                "UNKNOWN_MELODY_ENGINE",
                f"there is no melody engine {self.melody_engine!r}; choose from {known}",
                field="config.melody_engine",
                engine=self.melody_engine,
                known=known,
            )


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
