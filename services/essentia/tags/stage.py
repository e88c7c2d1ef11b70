"""The part of an analysis that tags: models to engines, engines over the recording, scores to tags."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from chassis.family.loading import engine_class, naming
from chassis.load_times import timed
from chassis.models import InstalledModel, Store
from chassis.reports import ProgressReport, WarningReport
from services.essentia.contract import TAG_SAMPLE_RATE, Activations, Tagger, TagRequest, TagSet
from services.essentia.engines import ENGINES
from services.essentia.settings import EssentiaSettings
from services.essentia.tags import gain
from services.essentia.tags.gain import Listening
from services.essentia.tags.score_selection import select
from services.essentia.tags.tag_models import choose

if TYPE_CHECKING:
    from chassis.audio import Source


@dataclass(frozen=True)
class TagPlan:
    """Models that will tag, all of them installed, and what to know of the choice."""

    request: TagRequest
    models: tuple[InstalledModel, ...]
    warnings: tuple[WarningReport, ...]


class TagStage:
    """Keeps the engines, and in them the networks, from call to call: all of them, for they are small.

    Args:
        settings: The family's settings.
        models: The installed models.
    """

    def __init__(self, settings: EssentiaSettings, models: Store) -> None:
        self._settings = settings
        self._store = models
        self._taggers: dict[str, Tagger] = {}

    def plan(self, request: TagRequest | None) -> TagPlan | None:
        """Finds the models, so that one that is missing is told before any work; None where no tags are wanted.

        Raises:
            AntiphonError: see :func:`choose`.
        """
        if request is None:
            return None
        models, warnings = choose(self._store, request.models, self._settings.tag_models)
        return TagPlan(request, tuple(models), tuple(warnings))

    def run(
        self, plan: TagPlan, source: Source, checkpoint: Callable[[], None]
    ) -> Iterator[TagSet | ProgressReport | WarningReport]:
        """Yields progress, warnings, and a TagSet for each model; one pass over ``source`` for each engine.

        Raises:
            AntiphonError: ENGINE_NOT_SERVED, DEVICE_NOT_AVAILABLE, and what Tagger.tag raises.
        """
        yield from plan.warnings
        listening, applied = Listening(), None
        if plan.request.normalise_gain:
            for _ in listening.through(_mono(source)):
                checkpoint()
            applied = gain.gain_db(listening.lufs())
        heard = False
        by_name = {model.name: model for model in plan.models}
        told: set[WarningReport] = set()
        # Engine by engine, so that models of one engine share a pass over the recording and what extractors they have
        # in common; what two engines have to say of the audio, such as that it is silent, is told once.
        for engine in dict.fromkeys(model.model.engine for model in plan.models):
            models = [model for model in plan.models if model.model.engine == engine]
            if engine not in self._taggers:
                yield ProgressReport(step=models[0].name, loading=True)
                found = engine_class("essentia", ENGINES, engine)
                with naming(models[0]), timed(models[0].name):
                    self._taggers[engine] = found.load(models[0], self._settings)
            tagger = self._taggers[engine]
            read = partial(_read, source, applied, listening)
            for event in tagger.tag(read, models, plan.request.embeddings, checkpoint):
                if isinstance(event, Activations):
                    if not heard and applied is None:
                        yield from listening.warnings()
                    heard = True
                    report = by_name[event.model].report()
                    for told_of in select(event, plan.request, report, engine, tagger):
                        yield replace(told_of, gain_db=applied) if isinstance(told_of, TagSet) else told_of
                elif not isinstance(event, WarningReport) or event not in told:
                    told |= {event} if isinstance(event, WarningReport) else set()
                    yield event


def _read(source: Source, applied: float | None, listening: Listening) -> Iterator[np.ndarray]:
    """One pass over the recording, with a gain (dB) where there is one, or measured on its way."""
    blocks = _mono(source)
    if applied is not None:
        return gain.raised(blocks, applied)
    return listening.through(blocks)


def _mono(source: Source) -> Iterator[np.ndarray]:
    return (block[0] for block in source.blocks(sample_rate=TAG_SAMPLE_RATE, channels=1))
