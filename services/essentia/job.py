"""What the worker of the essentia family does with one recording: reads it at 44.1 kHz and has it measured."""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Protocol

import numpy as np

from antiphon_wire.errors import invalid, not_ready
from chassis.reports import ProgressFacts, WarningFacts, WorkFacts
from services.essentia.contract import (
    AESTHETICS,
    SAMPLE_RATE,
    USUAL_KEY_PROFILES,
    AnalysisRequest,
    FeatureExtractor,
    GroupFeatures,
    Header,
    Summary,
)
from services.essentia.engines import ENGINES
from services.essentia.engines.aesthetics import SAMPLE_RATE as AESTHETICS_RATE
from services.essentia.engines.aesthetics import Aesthetics, check_packages
from services.essentia.settings import EssentiaSettings
from services.essentia.tags.stage import TagStage

if TYPE_CHECKING:
    from chassis.audio import Source
    from chassis.models import InstalledModel, Store


class Task(Protocol):
    """One call as the worker hands it over."""

    source: Source

    def checkpoint(self) -> None:
        """Raises antiphon_wire.errors.Cancelled when nobody wants the answer any more."""


class Jobs:
    """Runs in the worker process; keeps the engine from call to call.

    Args:
        settings: The family's settings.
        models: The installed models; needed for tags, melody, notes and aesthetics.
    """

    def __init__(self, settings: EssentiaSettings, models: Store) -> None:
        self._settings, self._models = settings, models
        self._extractor: FeatureExtractor | None = None
        self._tags = TagStage(settings, models)
        self._aesthetics: Aesthetics | None = None

    def warm(self) -> str:
        """Loads the engine's library, which takes a second or two; says so."""
        self._load()
        return self._settings.engine

    def analyze(self, task: Task, request: AnalysisRequest) -> Iterator[object]:
        """Yields a Header, then ProgressFacts, GroupFeatures and TagSets as they come, then a Summary.

        Raises:
            AntiphonError: AUDIO_TOO_LONG beyond max_seconds, AUDIO_TOO_SHORT below 0.05 s, what reading raises, and for
                tag models UNKNOWN_MODEL, NOT_A_TAG_MODEL, MODEL_NOT_INSTALLED and LICENCE_REFUSED; for aesthetics
                MODEL_NOT_INSTALLED, PACKAGE_MISSING and MODEL_METADATA.
        """
        source = task.source
        tags = self._tags.plan(request.tags)
        scorer = self._scorer() if AESTHETICS in request.groups else None
        yield Header(source.facts)
        warnings: list[WarningFacts] = []
        extractor = None
        if not request.tags_only and set(request.groups) != {AESTHETICS}:
            if self._extractor is None:
                yield ProgressFacts(step=self._settings.engine, loading=True)
            extractor = self._load()
            channels = min(source.facts.channels, 2)
            blocks = self._limited(source.blocks(sample_rate=SAMPLE_RATE, channels=channels))
            for found in extractor.analyze_blocks(blocks, request, task.checkpoint, source.seconds_hint):
                if isinstance(found, WarningFacts):
                    warnings.append(found)
                else:
                    yield found
        for event in self._tags.run(tags, source, task.checkpoint) if tags is not None else ():
            if isinstance(event, WarningFacts):
                warnings.append(event)
            else:
                yield event
        if scorer is not None:
            yield ProgressFacts(step="aesthetics")
            yield from self._score(*scorer, task)
        used = [self._models.require(name) for name in request.networks()] if extractor is not None else []
        used += [scorer[1]] if scorer is not None else []
        yield Summary(
            source.complete(),
            self._describe(extractor, request),
            (*source.warnings, *warnings),
            tuple(model.facts() for model in used),
        )

    def _load(self) -> FeatureExtractor:
        if self._extractor is None:
            module, name = ENGINES[self._settings.engine].split(":")
            engine = getattr(importlib.import_module(module), name)
            self._extractor = engine(
                window_seconds=self._settings.window_seconds,
                models=self._models,
                threads=self._settings.thread_count,
            )
        return self._extractor

    def _scorer(self) -> tuple[Aesthetics, InstalledModel]:
        """The engine and its model, so that what is missing is told before any work."""
        rows = [model.name for model in self._models.manifest.models if model.engine == AESTHETICS]
        if not rows:
            raise not_ready(
                "MODEL_NOT_INSTALLED",
                "no model scores aesthetics; name one in a manifest of your own (ESSENTIA_MODELS_EXTRA)",
                field="config.groups",
            )
        model = self._models.require(rows[0])
        check_packages()
        if self._aesthetics is None:
            self._aesthetics = Aesthetics(self._settings.device, self._settings.thread_count)
        return self._aesthetics, model

    def _score(self, engine: Aesthetics, model: InstalledModel, task: Task) -> Iterator[GroupFeatures]:
        blocks = (block[0] for block in task.source.blocks(sample_rate=AESTHETICS_RATE, channels=1))
        scores: dict[str, object] = dict(engine.score(blocks, model, task.checkpoint))
        yield GroupFeatures(AESTHETICS, {**scores, "model": f"{model.name} {model.revision}"})

    def _limited(self, blocks: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
        frames = 0
        for block in blocks:
            frames += block.shape[1]
            if frames > self._settings.max_seconds * SAMPLE_RATE:
                raise invalid(
                    "AUDIO_TOO_LONG",
                    f"the clip is longer than the {self._settings.max_seconds:g} s that are analysed at once; "
                    "choose a part of it",
                    field="config.clip",
                    max_seconds=self._settings.max_seconds,
                )
            yield block

    def _describe(self, extractor: FeatureExtractor | None, request: AnalysisRequest) -> WorkFacts:
        return WorkFacts(
            engine=self._settings.engine,
            model=None,
            device="cpu",
            precision="float32",
            library_versions=dict(extractor.library_versions) if extractor is not None else {},
            parameters={
                "groups": "" if request.tags_only else ",".join(request.groups),
                "include_series": str(request.include_series).lower(),
                "melody": str(request.melody).lower(),
                "melody_engine": request.melody_engine if request.melody else "",
                "notes": str(request.notes).lower(),
                "key_profiles": ",".join(request.key_profiles or USUAL_KEY_PROFILES),
                "min_bpm": f"{request.min_bpm:g}",
                "max_bpm": f"{request.max_bpm:g}",
                "stem": request.stem,
                "beats_given": str(len(request.beat_seconds)),
                "series_window_seconds": f"{request.series_window_seconds:g}",
                "sample_rate_hertz": str(SAMPLE_RATE),
                "window_seconds": f"{self._settings.window_seconds:g}",
            },
        )
