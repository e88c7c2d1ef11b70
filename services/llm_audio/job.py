"""What the worker of the llm_audio service does: it loads a model, reads the audio for it, and interviews it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from importlib.util import find_spec

from antiphon_wire.errors import invalid
from chassis.audio import Source
from chassis.family.loading import Loader
from chassis.family.selection import Selection
from chassis.models import InstalledModel, Store
from chassis.reports import ProgressReport, WarningReport, WorkReport
from services.llm_audio.automatic.choice import automatic
from services.llm_audio.comparison.agreement import judge
from services.llm_audio.comparison.cost import Meter
from services.llm_audio.comparison.request import Agreement, JudgeRequest
from services.llm_audio.contract import (
    SAMPLE_RATE,
    DescriptionEvent,
    DescriptionRequest,
    Header,
    LanguageModel,
    Summary,
    Task,
    Usage,
)
from services.llm_audio.engines import ENGINES
from services.llm_audio.interview import unasked
from services.llm_audio.interview.answerable import check_answerable
from services.llm_audio.interview.clock import WritingClock
from services.llm_audio.interview.facts import Facts
from services.llm_audio.interview.interview import Interview
from services.llm_audio.settings import LlmAudioSettings


class Jobs:
    """The verbs of this family; keeps one model loaded, the last one used."""

    def __init__(self, settings: LlmAudioSettings, models: Store) -> None:
        self._settings = settings
        self._models = models
        own = partial(automatic, models)
        self._selection = Selection.of("llm_audio", ENGINES, settings, models.manifest, own)
        self._loader: Loader[LanguageModel] = Loader("llm_audio", ENGINES, settings)

    def check_device(self) -> None:
        """Raises the AntiphonError DEVICE_NOT_AVAILABLE where a GPU was asked for and this environment sees none."""
        if self._settings.device != "cuda":
            return
        # Which of the two libraries is there says which engines are; each takes seconds to import.
        if find_spec("llama_cpp") is not None:
            from services.llm_audio.on_llama_cpp.loading import gpu_layers

            gpu_layers(self._settings)
        elif find_spec("torch") is not None:
            from services.llm_audio.on_transformers.device import choose

            choose(self._settings)

    def warm(self) -> str:
        """Loads the default model where it is installed, and says what was loaded, or why nothing was."""
        name = self._selection.default()
        if not any(row.name == name for row in self._models.manifest.models) or not self._models.installed(name):
            return f"{name or 'no model'} is not installed"
        model = self._loader.load(self._models.require(name))
        return f"{name} on {model.device} in {model.precision}"

    def describe(self, task: Task, request: DescriptionRequest) -> Iterator[DescriptionEvent]:
        """Yields the header, progress, the pieces of each answer, each answer, and the summary.

        Raises:
            AntiphonError: UNKNOWN_MODEL, UNKNOWN_ENGINE, MODEL_NOT_INSTALLED, LICENCE_REFUSED, ENGINE_NOT_SERVED,
                AUDIO_MISSING, what the request is refused for, and what loading and asking raise.
        """
        facts = Facts.parse(request.facts_json)
        installed = self._models.require(self._selection.choose(request.model, request.engine).name)
        engine: type[LanguageModel] = self._loader.find(installed.model.engine)
        check_answerable(engine, request, facts)
        source = _source(task, engine.hears, installed.name)
        samples = None if source is None else source.read(sample_rate=SAMPLE_RATE, channels=1).samples[0]
        found = unasked.unasked(engine, request, facts, samples)
        if found is not None:
            yield from _by_rule(request, facts, found, installed.name, source)
            return

        if request.cold or not self._loader.holds(installed.name):
            yield ProgressReport(loading=True, step=installed.name)
            # Before the meter is made: the memory of the model before is no cost of this one.
            self._loader.give_up()
        meter = Meter()
        model = self._load(installed, meter)

        clock = WritingClock()
        session = model.open(samples, 0.0 if source is None else source.start_seconds)
        interview = Interview(model, session, request, facts, clock)
        yield Header(None if source is None else source.report, tuple(prompt.name for prompt in request.prompts))
        remarks: list[WarningReport] = []
        for event in interview.run(task.checkpoint):
            if isinstance(event, WarningReport):
                remarks.append(event)
            else:
                yield event

        heard = None if source is None else source.complete()
        warnings = [*([] if source is None else [*source.warnings, *session.warnings]), *remarks]
        work = _work(installed, model, request)
        yield Summary(heard, work, tuple(warnings), interview.usage, meter.measured(clock))

    def judge(self, task: Task, request: JudgeRequest) -> Iterator[Agreement]:
        """Yields how far each two sides of a comparison agree."""
        yield from judge(request, task.checkpoint)

    def _load(self, installed: InstalledModel, meter: Meter) -> LanguageModel:
        if not self._loader.holds(installed.name):
            with meter.loading():
                return self._loader.load(installed)
        return self._loader.load(installed)


def _source(task: Task, hears: bool, model: str) -> Source | None:
    """Gives the audio of a call; None where the model would not hear it."""
    if not hears:
        return None
    if task.source is None:
        raise invalid(
            "AUDIO_MISSING",
            f"{model} listens, and no audio came after the config; send a recording, or choose a text model",
            model=model,
        )
    return task.source


def _by_rule(
    request: DescriptionRequest, facts: Facts, found: unasked.Unasked, model: str, source: Source | None
) -> Iterator[DescriptionEvent]:
    """Yields what is said where there is nothing to ask the model about, which is not loaded then."""
    meter, clock = Meter(), WritingClock()
    yield Header(None if source is None else source.report, tuple(prompt.name for prompt in request.prompts))
    warnings = [] if source is None else [*source.warnings]
    for event in unasked.answer(request, facts, found, model):
        if isinstance(event, WarningReport):
            warnings.append(event)
        else:
            yield event
    heard = None if source is None else source.complete()
    work = unasked.work(request, model)
    yield Summary(heard, work, tuple(warnings), Usage(), meter.measured(clock), asked=False)


def _work(installed: InstalledModel, model: LanguageModel, request: DescriptionRequest) -> WorkReport:
    """Tells how an answer was made."""
    return WorkReport(
        engine=installed.model.engine,
        model=installed.report() if installed.files else None,
        device=model.device,
        precision=model.precision,
        library_versions=model.library_versions,
        parameters={
            "model": installed.name,
            "prompts": ",".join(prompt.name for prompt in request.prompts),
            **({} if model.by_rule else _writing(model, request)),
            "check_claims": str(request.check_claims).lower(),
            **model.parameters,
        },
        seed=request.sampling.seed if request.sampling.do_sample and not model.by_rule else None,
    )


def _writing(model: LanguageModel, request: DescriptionRequest) -> dict[str, str]:
    """Tells how tokens are chosen, of which rules have none."""
    return {
        "repeat_penalty": f"{model.repeat_penalty:g}",
        **request.sampling.parameters(),
        "json_schema": str(bool(request.json_schema)).lower(),
    }
