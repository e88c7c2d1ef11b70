"""What the worker of the essentia family does with one recording: has it measured, tagged and scored, and says how."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import numpy as np

from antiphon_wire.errors import invalid, not_ready
from chassis.family.loading import Loader, engine_class
from chassis.reports import ProgressReport, WarningReport, WorkReport
from services.essentia.contract import (
    AESTHETICS,
    TAG_SAMPLE_RATE,
    AestheticsScorer,
    AnalysisEvent,
    AnalysisRequest,
    FeatureExtractor,
    GroupFeatures,
    Header,
    Measured,
    StoredFormat,
    Summary,
    TagSet,
    Task,
    reading,
)
from services.essentia.engines import ENGINES
from services.essentia.settings import EssentiaSettings
from services.essentia.tags.stage import TagStage

if TYPE_CHECKING:
    from chassis.models import InstalledModel, Store

Told = ProgressReport | GroupFeatures | TagSet
"""What is told while it is found; warnings wait for the summary."""


class Jobs:
    """Runs in the worker process; keeps the engines from call to call.

    Args:
        settings: The family's settings.
        models: The installed models; needed for tags, melody, notes and aesthetics.
    """

    def __init__(self, settings: EssentiaSettings, models: Store) -> None:
        self._settings, self._models = settings, models
        self._extractor: FeatureExtractor | None = None
        self._tags = TagStage(settings, models)
        self._scorers: Loader[AestheticsScorer] = Loader("essentia", ENGINES, settings)

    def check_device(self) -> None:
        """Raises the AntiphonError DEVICE_NOT_AVAILABLE where the device asked for is none that ONNX Runtime has."""
        if self._settings.device not in ("auto", "cpu"):
            # ONNX Runtime is imported for networks alone, and there may be none to run.
            from services.essentia.tags.onnx_sessions import choose_device

            choose_device(self._settings.device)

    def warm(self) -> str:
        """Loads the engine's library, which takes a second or two; says so."""
        self._load()
        return self._settings.engine

    def analyze(self, task: Task, request: AnalysisRequest) -> Iterator[AnalysisEvent]:
        """Yields a Header, then ProgressReport, GroupFeatures and TagSets as they come, then a Summary.

        Raises:
            AntiphonError: AUDIO_TOO_LONG beyond max_seconds, AUDIO_TOO_SHORT below 0.05 s, what reading raises, and for
                tag models UNKNOWN_MODEL, NOT_A_TAG_MODEL, MODEL_NOT_INSTALLED and LICENCE_REFUSED; for aesthetics
                MODEL_NOT_INSTALLED, PACKAGE_MISSING and MODEL_METADATA.
        """
        # What is missing for any part is told before any work is done on another.
        tags = self._tags.plan(request.tags)
        aesthetics = self._aesthetics_model() if AESTHETICS in request.groups else None
        yield Header(task.source.report)
        warnings: list[WarningReport] = []
        if request.measures:
            yield from _without_warnings(self._measure(task, request), warnings)
        if tags is not None:
            yield from _without_warnings(self._tags.run(tags, task.source, task.checkpoint), warnings)
        if aesthetics is not None:
            yield from self._score(task, aesthetics)
        used = [*self._load().networks_used] if request.measures else []
        used += [aesthetics.report()] if aesthetics is not None else []
        yield Summary(
            task.source.complete(),
            self._describe(request, None if aesthetics is None else self._scorers.load(aesthetics)),
            (*task.source.warnings, *warnings),
            tuple(used),
        )

    def _measure(self, task: Task, request: AnalysisRequest) -> Iterator[Measured]:
        if self._extractor is None:
            yield ProgressReport(step=self._settings.engine, loading=True)
        source = task.source
        # As stored: loudness and peaks are of the channels that there are, and the engine mixes for all else.
        form = StoredFormat(source.report.sample_rate, source.layout)
        limited = _limited(source.blocks(), self._settings.max_seconds, form.sample_rate)
        yield from self._load().analyze_blocks(limited, request, task.checkpoint, source.seconds_hint, form)

    def _score(self, task: Task, model: InstalledModel) -> Iterator[ProgressReport | GroupFeatures]:
        if not self._scorers.holds(model.name):
            yield ProgressReport(step=model.name, loading=True)
        scorer = self._scorers.load(model)
        yield ProgressReport(step=AESTHETICS)
        blocks = (block[0] for block in task.source.blocks(sample_rate=TAG_SAMPLE_RATE, channels=1))
        scores = scorer.score(blocks, task.checkpoint)
        yield GroupFeatures(AESTHETICS, {**scores, "model": f"{model.name} {model.revision}"})

    def _load(self) -> FeatureExtractor:
        if self._extractor is None:
            found = engine_class("essentia", ENGINES, self._settings.engine)
            extractor: FeatureExtractor = found.load(self._models, self._settings)
            self._extractor = extractor
        return self._extractor

    def _aesthetics_model(self) -> InstalledModel:
        rows = [model.name for model in self._models.manifest.models if model.engine == AESTHETICS]
        if not rows:
            raise not_ready(
                "MODEL_NOT_INSTALLED",
                "no model scores aesthetics; name one in a manifest of your own (ESSENTIA_MODELS_EXTRA)",
                field="config.groups",
            )
        model = self._models.require(rows[0])
        self._scorers.find(AESTHETICS).check_packages()
        return model

    def _describe(self, request: AnalysisRequest, scorer: AestheticsScorer | None) -> WorkReport:
        """Tells how features and aesthetics were made; networks that tag say it in their tag sets."""
        extractor = self._extractor if request.measures else None
        used = [engine for engine in (extractor, scorer) if engine is not None]
        scored = {} if scorer is None else {"aesthetics_device": scorer.device}
        return WorkReport(
            engine=AESTHETICS if used == [scorer] else self._settings.engine,
            model=None,
            device=used[0].device if used else "cpu",
            precision=used[0].precision if used else "float32",
            library_versions={name: version for engine in used for name, version in engine.library_versions.items()},
            parameters={**request.described(), **reading(self._settings.window_seconds), **scored},
        )


def _without_warnings(events: Iterable[Told | WarningReport], warnings: list[WarningReport]) -> Iterator[Told]:
    """Yields the events but for warnings, which are put aside for the summary."""
    for event in events:
        if isinstance(event, WarningReport):
            warnings.append(event)
        else:
            yield event


def _limited(blocks: Iterable[np.ndarray], max_seconds: float, rate: int) -> Iterator[np.ndarray]:
    """Yields the blocks (channels, samples) and refuses the one that goes beyond ``max_seconds``."""
    frames = 0
    for block in blocks:
        frames += block.shape[1]
        if frames > max_seconds * rate:
            raise invalid(
                "AUDIO_TOO_LONG",
                f"the clip is longer than the {max_seconds:g} s that are analysed at once; choose a part of it",
                field="config.clip",
                max_seconds=max_seconds,
            )
        yield block
