"""The steps of a separation, the same for a recording and for a mix that is still coming in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

from chassis.family.loading import Loader, naming
from chassis.family.selection import Selection
from chassis.models import InstalledModel, Store
from chassis.reports import ProgressReport
from services.separation.contract import (
    SUM_BOUNDS_DB,
    Header,
    Plan,
    SeparationEvent,
    SeparationRequest,
    Separator,
    StemBlock,
    Summary,
    Turn,
)
from services.separation.engines import ENGINES
from services.separation.mix.protocol import Mix, Separated
from services.separation.pipeline.evidence import work_facts
from services.separation.settings import SeparationSettings
from services.separation.stems.form import Form, output_rate
from services.separation.stems.gain import find_gain
from services.separation.stems.output import Output
from services.separation.stems.progress import PassProgress
from services.separation.stems.selection import StemSelection, select_stems


class Pipeline:
    """Separates mixes with the models of one worker, of which it keeps one loaded.

    Args:
        settings: The family's.
        models: Those that are installed.
    """

    def __init__(self, settings: SeparationSettings, models: Store) -> None:
        self._settings = settings
        self._models = models
        self._selection = Selection.of("separation", ENGINES, settings, models.manifest)
        self._loader: Loader[Separator] = Loader("separation", ENGINES, settings)

    def warm(self) -> str:
        """Loads the default model where it is installed, and says what was loaded and what will compute."""
        name = self._selection.default()
        if not self._models.installed(name):
            return f"{name} is not installed"
        return f"{name} on {self._loader.load(self._models.require(name)).device}"

    def separate(self, mix: Mix, request: SeparationRequest) -> Iterator[SeparationEvent | Turn]:
        """Splits a mix into stems.

        Yields a Header; then, block by block as they become final, each wanted stem's StemBlocks in the
        Header's order and a ProgressReport; last a Summary. A ProgressReport with ``loading`` comes first
        where a model must be loaded, and those of the pass that looks for the peaks come after the Header
        where stems are to be rescaled. A live mix yields turns besides while it waits for audio, and its
        progress has no fraction.

        Raises:
            AntiphonError: the request names a model or a stem that there is not (``UNKNOWN_MODEL``, ``UNKNOWN_STEM``),
                a stem twice (``DUPLICATE_STEM``), or a rate that the encoding does not have (``OUTPUT_SAMPLE_RATE``);
                the model is not installed or cannot be loaded; the audio is bad, or cannot be had in the way asked for.
        """
        model, stems = self._choose(request)
        with closing(mix), self._loader.in_use(model.name):
            mix.check(request)
            if request.sample_rate:
                output_rate(request.encoding.name, request.sample_rate, request.sample_rate, request.sample_rate)
            if not self._loader.holds(model.name):
                yield ProgressReport(step=model.name, loading=True)
            separator = self._loader.load(model)
            tuning = separator.tuned(request.tuning)

            source = yield from mix.open(separator)
            rate = output_rate(request.encoding.name, request.sample_rate, separator.sample_rate, source.sample_rate)
            tags = mix.tags() if request.encoding.tags else None
            form = Form(request.encoding, separator.sample_rate, rate, separator.channels, tags=tags)
            yield Header(source, stems.sent, form.encoding.name, form.sample_rate, form.channels)

            plan = Plan(stems.computed, tuning, mix.level() if separator.needs_level else None)
            progress = PassProgress(mix.seconds_hint, passes=2 if request.rescale else 1)
            if request.rescale:
                form = replace(form, gain=(yield from find_gain(mix, plan, stems, form, progress)))

            output = Output(stems, form, progress)
            yield from _sent(mix, plan, output)
            yield Summary(
                mix.complete(),
                output.report(),
                work_facts(model, separator, plan, form, self._choices(request, stems)),
                mix.warnings,
                SUM_BOUNDS_DB.get(model.model.engine),
                output.residual_share,
                form.gain if request.rescale else None,
            )

    def _choose(self, request: SeparationRequest) -> tuple[InstalledModel, StemSelection]:
        """Finds the model and the stems that are meant, before anything is loaded."""
        row = self._selection.choose(request.model)
        engine = self._loader.find(row.engine)
        model = self._models.require(row.name)
        with naming(model):
            stems = engine.stems_of(model)
        return model, select_stems(model.name, stems, request.stems)

    def _choices(self, request: SeparationRequest, stems: StemSelection) -> dict[str, str]:
        return {
            "keep_tags": str(request.encoding.tags).lower(),
            "clip_mode": "rescale" if request.rescale else "clamp",
            "stems": ",".join(stems.sent),
            "thread_count": str(self._settings.thread_count),
        }


def _sent(mix: Mix, plan: Plan, output: Output) -> Iterator[StemBlock | ProgressReport | Turn]:
    for step in mix.separated(plan):
        if isinstance(step, Separated):
            yield from output.add(step)
        else:
            yield step
    yield from output.finish()
    if not mix.live:  # of a live mix the Summary is the first to tell that nothing follows
        yield output.end()
