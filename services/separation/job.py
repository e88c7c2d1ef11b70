"""Separates one clip in the worker process: decode, split, encode, block by block."""

from __future__ import annotations

import importlib
import importlib.metadata
from collections.abc import Callable, Generator, Iterator
from dataclasses import replace
from itertools import chain

import numpy as np

from antiphon_wire.errors import invalid, not_ready
from chassis.audio.live import LiveSource
from chassis.bridge import Bridge
from chassis.models import Store
from chassis.reports import ProgressFacts, WorkFacts
from services.separation.contract import (
    Header,
    Plan,
    SeparatedBlock,
    SeparationRequest,
    Separator,
    StemBlock,
    StemFacts,
    Summary,
    Task,
)
from services.separation.engines import ENGINES, SUM_BOUNDS_DB
from services.separation.live import LiveTask, pieces
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
        output = _Output(selection, form)
        for block, mix in _blocks(task, separator, plan):
            yield from output.add(block, mix)
            yield steps.progress("separating", block.end / model_rate)
        yield from output.finish()
        yield steps.end("separating", output.seconds)
        yield Summary(
            source.complete(),
            output.facts(),
            self._work(name, separator, request, plan, selection, rate),
            tuple(source.warnings),
            SUM_BOUNDS_DB.get(self._models.manifest.model(name).engine),
            output.levels.residual_share,
            form.gain if request.rescale else None,
        )

    def warm_live(self) -> str:
        """What :meth:`warm` does, in a worker for live streams."""
        return self.warm()

    def separate_live(
        self, task: LiveTask, request: SeparationRequest
    ) -> Iterator[ProgressFacts | Header | StemBlock | Summary | object]:
        """Splits a clip while it is being sent; yields what :meth:`separate` does, and turns while it waits for audio.

        The level of the whole mix is not known; a model that computes with it goes by the level so far, and the
        summary's parameter ``mode`` says ``live``. How much there is left is not known either: progress has no
        fraction.

        Raises:
            AntiphonError: as :meth:`separate`; ``CLIP_MODE`` for rescaling, which needs the whole clip.
        """
        name = request.model or self._settings.default_model
        selection = select(name, self._engine(name).stems_of(self._models.require(name)), request.stems)
        if request.rescale:
            message = "rescaling needs the peaks of the whole clip, which a live one does not have; ask for CLAMP"
            raise invalid("CLIP_MODE", message, field="config.clip_mode")
        if self._loaded is None or self._loaded[0] != name:
            yield ProgressFacts(step=name, loading=True)
        separator = self._separator(name)
        plan = Plan(selection.computed, separator.tuned(request.tuning))
        source = LiveSource(separator.sample_rate, task.raw, task.limits, separator.channels)
        line, output, rate = DelayLine(), None, separator.sample_rate

        def work(mix: Iterator[np.ndarray], give: Callable[[SeparatedBlock], None]) -> None:
            for block in separator.separate(line.through(mix), task.checkpoint, plan):
                give(block)

        bridge = Bridge(work, "separator")
        try:
            for piece in chain(pieces(task, source), [None]):
                if piece is not None and not isinstance(piece, np.ndarray):
                    yield piece
                    continue
                if output is None and (stored := source.facts) is not None:
                    rate = output_rate(request.encoding, request.sample_rate, rate, stored.sample_rate)
                    output = _Output(selection, Form(request.encoding, separator.sample_rate, rate, separator.channels))
                    yield Header(stored, selection.sent, request.encoding, rate, separator.channels)
                for block in bridge.finish() if piece is None else bridge.push(piece):
                    assert output is not None, "no samples before the source is known"
                    yield from output.add(block, line.take(block.frame_count))
                    yield ProgressFacts(None, block.end / separator.sample_rate, "separating")
        finally:
            bridge.close()
            source.close()
        completed = source.facts
        assert output is not None, "a stream without samples was refused"
        assert completed is not None, "it has ended"
        yield from output.finish()
        yield Summary(
            completed,
            output.facts(),
            self._work(name, separator, request, plan, selection, rate),
            source.warnings,
            SUM_BOUNDS_DB.get(self._models.manifest.model(name).engine),
            output.levels.residual_share,
        )

    def _gain(
        self, task: Task, separator: Separator, plan: Plan, selection: Selection, form: Form, steps: Steps
    ) -> Generator[ProgressFacts, None, float]:
        """Separates once to see how far the stems reach; returns the gain that keeps them within full scale."""
        peaks = {stem: Peak(form) for stem in selection.sent}
        for block, mix in _blocks(task, separator, plan):
            for stem, samples in selection.derive(block.stems, mix).items() if block.frame_count else ():
                peaks[stem].add(samples)
            yield steps.progress("looking for the peaks", block.end / form.model_rate)
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
                "mode": "live" if separator.needs_level and plan.level is None else "exact",
                "model": name,
                "output_sample_rate": str(rate),
                "sample_rate": str(separator.sample_rate),
                "stems": ",".join(selection.sent),
                "thread_count": str(self._settings.thread_count),
            },
            seed=tuning.seed if tuning.shifts else None,
        )


class _Output:
    """The stems on their way out, and what is counted of them."""

    def __init__(self, selection: Selection, form: Form) -> None:
        self.levels = Levels(selection.known)
        self._selection, self._form = selection, form
        self._tracks = {stem: Track(stem, form) for stem in selection.sent}
        self._frames = 0

    @property
    def seconds(self) -> float:
        """Audio that went out (s)."""
        return self._frames / self._form.model_rate

    def add(self, block: SeparatedBlock, mix: np.ndarray) -> Iterator[StemBlock]:
        """Takes a block and the same stretch of the mix."""
        if not block.frame_count:
            return
        self._frames = block.first_frame + block.frame_count
        self.levels.add(block.stems, mix)
        for stem, samples in self._selection.derive(block.stems, mix).items():
            yield from self._tracks[stem].add(samples, block.first_frame)

    def finish(self) -> Iterator[StemBlock]:
        """Gives the rest of every stem."""
        for track in self._tracks.values():
            yield from track.finish(self._frames)

    def facts(self) -> tuple[StemFacts, ...]:
        """What the stems have become; to be asked once, after :meth:`finish`."""
        return tuple(track.facts(self.levels.share(stem)) for stem, track in self._tracks.items())


def _mix(task: Task, separator: Separator) -> Iterator[np.ndarray]:
    return task.source.blocks(sample_rate=separator.sample_rate, channels=separator.channels)


def _blocks(task: Task, separator: Separator, plan: Plan) -> Iterator[tuple[SeparatedBlock, np.ndarray]]:
    """Every block of the stems, with the same stretch of the mix."""
    line = DelayLine()
    for block in separator.separate(line.through(_mix(task, separator)), task.checkpoint, plan):
        yield block, line.take(block.frame_count)
