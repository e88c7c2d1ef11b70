"""Separates one clip in the worker process: decode, split, encode, block by block."""

from __future__ import annotations

import importlib
import importlib.metadata
from collections.abc import Generator, Iterator
from dataclasses import replace

import numpy as np

from chassis.errors import not_ready
from chassis.facts import ProgressFacts, WorkFacts
from chassis.models import Store
from services.separation.engine import (
    Header,
    Plan,
    SeparatedBlock,
    SeparationRequest,
    Separator,
    StemBlock,
    Summary,
    Task,
)
from services.separation.engines import ENGINES, SUM_BOUNDS_DB
from services.separation.settings import SeparationSettings
from services.separation.stems import DelayLine, Selection, select
from services.separation.tally import Levels, Steps, mix_level
from services.separation.tracks import LARGEST, Form, Peak, Track, output_rate

_READING_LIBRARIES = ("av", "soxr")
"""Distributions that decode and resample the mix, and so can change the numbers."""


class Jobs:
    """What the worker of the separation service can do; keeps one model loaded."""

    def __init__(self, settings: SeparationSettings, models: Store) -> None:
        self._settings = settings
        self._models = models
        self._loaded: tuple[str, Separator] | None = None

    def warm(self) -> str:
        """Loads the default model where it is installed, and says what was loaded and what will compute."""
        name = self._settings.default_model
        if not self._models.installed(name):
            return f"{name} is not installed"
        return f"{name} on {self._separator(name).device}"

    def separate(
        self, task: Task, request: SeparationRequest
    ) -> Iterator[ProgressFacts | Header | StemBlock | Summary]:
        """Splits the task's clip into stems.

        Yields a Header; then, block by block as they become final, each wanted stem's StemBlocks in the Header's order
        and a ProgressFacts; last a Summary. A ProgressFacts with ``loading`` comes first where a model must be loaded,
        and those of the pass that looks for the peaks come after the Header where stems are to be rescaled.
        The clip is resampled to the model's rate and channels; a mono clip is repeated.

        Raises:
            AntiphonError: the request names a model or a stem that there is not (``UNKNOWN_MODEL``, ``UNKNOWN_STEM``),
                a stem twice (``DUPLICATE_STEM``), or a rate that the encoding does not have (``OUTPUT_SAMPLE_RATE``);
                the model is not installed or cannot be loaded; the audio is bad.
        """
        name = request.model or self._settings.default_model
        selection = select(name, self._engine(name).stems_of(self._models.require(name)), request.stems)
        source = task.source
        stored = source.facts  # a file that nothing can read is refused before a model is loaded for it
        if request.sample_rate:
            output_rate(request.encoding, request.sample_rate, request.sample_rate, stored.sample_rate)
        if self._loaded is None or self._loaded[0] != name:
            yield ProgressFacts(step=name, loading=True)
        separator = self._separator(name)
        tuning = separator.tuned(request.tuning)
        model_rate, channels = separator.sample_rate, separator.channels
        rate = output_rate(request.encoding, request.sample_rate, model_rate, stored.sample_rate)
        form = Form(request.encoding, model_rate, rate, channels)
        yield Header(stored, selection.sent, request.encoding, rate, channels)

        level = mix_level(_mix(task, separator)) if separator.needs_level else None
        plan = Plan(selection.computed, tuning, level)
        steps = Steps(source.seconds_hint, passes=2 if request.rescale else 1)
        if request.rescale:
            form = replace(form, gain=(yield from self._gain(task, separator, plan, selection, form, steps)))
        tracks = {stem: Track(stem, form) for stem in selection.sent}
        levels, frames = Levels(selection.known), 0
        for block, mix in _blocks(task, separator, plan):
            frames = block.first_frame + block.frame_count
            levels.add(block.stems, mix)
            for stem, samples in selection.derive(block.stems, mix).items():
                yield from tracks[stem].add(samples, block.first_frame)
            yield steps.progress("separating", frames / model_rate)
        for track in tracks.values():
            yield from track.finish(frames)
        yield steps.end("separating", frames / model_rate)
        completed = source.complete()
        yield Summary(
            completed,
            tuple(track.facts(levels.share(stem)) for stem, track in tracks.items()),
            self._work(name, separator, request, plan, selection, rate),
            tuple(source.warnings),
            SUM_BOUNDS_DB.get(self._models.manifest.model(name).engine),
            levels.residual_share,
            form.gain if request.rescale else None,
        )

    def _gain(
        self, task: Task, separator: Separator, plan: Plan, selection: Selection, form: Form, steps: Steps
    ) -> Generator[ProgressFacts, None, float]:
        """Separates once to see how far the stems reach; returns the gain that keeps them within full scale."""
        peaks = {stem: Peak(form) for stem in selection.sent}
        for block, mix in _blocks(task, separator, plan):
            for stem, samples in selection.derive(block.stems, mix).items():
                peaks[stem].add(samples)
            yield steps.progress("looking for the peaks", (block.first_frame + block.frame_count) / form.model_rate)
        for peak in peaks.values():
            peak.finish()
        yield steps.end("looking for the peaks", None)
        highest = max((peak.value or 0.0 for peak in peaks.values()), default=0.0)
        return min(1.0, LARGEST / highest) if highest else 1.0

    def _engine(self, name: str) -> type[Separator]:
        engine = self._models.manifest.model(name).engine
        if engine not in ENGINES:
            known = ", ".join(ENGINES)
            raise not_ready(
                "ENGINE_NOT_SERVED",
                f"model {name} is for engine {engine!r}; this service has {known}",
                model=name,
                engine=engine,
                known=known,
            )
        module, _, cls = ENGINES[engine].partition(":")
        found: type[Separator] = getattr(importlib.import_module(module), cls)
        return found

    def _separator(self, name: str) -> Separator:
        if self._loaded is None or self._loaded[0] != name:
            self._loaded = None  # the old weights go before the new ones come
            self._loaded = name, self._engine(name).load(self._models.require(name), self._settings)
        return self._loaded[1]

    def _work(
        self,
        name: str,
        separator: Separator,
        request: SeparationRequest,
        plan: Plan,
        selection: Selection,
        rate: int,
    ) -> WorkFacts:
        tuning, model = plan.tuning, self._models.require(name)
        return WorkFacts(
            engine=self._models.manifest.model(name).engine,
            model=model.facts() if model.files else None,
            device=separator.device,
            precision=separator.precision,
            library_versions={
                **{library: importlib.metadata.version(library) for library in _READING_LIBRARIES},
                **separator.library_versions,
            },
            parameters={
                **separator.parameters,
                **{option: str(value) for option, value in tuning.given().items()},
                "clip_mode": "rescale" if request.rescale else "clamp",
                "encoding": request.encoding,
                "model": name,
                "output_sample_rate": str(rate),
                "sample_rate": str(separator.sample_rate),
                "stems": ",".join(selection.sent),
                "thread_count": str(self._settings.thread_count),
            },
            seed=tuning.seed if tuning.shifts else None,
        )


def _mix(task: Task, separator: Separator) -> Iterator[np.ndarray]:
    return task.source.blocks(sample_rate=separator.sample_rate, channels=separator.channels)


def _blocks(task: Task, separator: Separator, plan: Plan) -> Iterator[tuple[SeparatedBlock, np.ndarray]]:
    """Every block of the stems, with the same stretch of the mix."""
    line = DelayLine()
    for block in separator.separate(line.through(_mix(task, separator)), task.checkpoint, plan):
        yield block, line.take(block.frame_count)
