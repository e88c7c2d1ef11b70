"""What runs in the llm_audio family's worker: loads a model, reads the audio where it hears, asks, and says how."""

from __future__ import annotations

import gc
import importlib
import sys
from collections.abc import Iterator
from typing import Any, Protocol

import numpy as np

from antiphon_wire.errors import invalid, not_ready
from chassis.audio import Source
from chassis.models import InstalledModel, Store
from chassis.reports import ProgressFacts, SourceFacts, WarningFacts, WorkFacts
from services.llm_audio.choosing import chosen_model, default_model
from services.llm_audio.comparison import Agreement, JudgeRequest
from services.llm_audio.contract import (
    SAMPLE_RATE,
    Answer,
    DescriptionRequest,
    Header,
    LanguageModel,
    Summary,
)
from services.llm_audio.engines import ENGINES
from services.llm_audio.engines.asking.agreement import judge
from services.llm_audio.engines.asking.facts import Facts
from services.llm_audio.engines.asking.interview import Interview, check_answerable
from services.llm_audio.measuring import Meter
from services.llm_audio.settings import LlmAudioSettings


class Task(Protocol):
    """One call: its audio, None where it has none, and a checkpoint that raises where nobody wants the answer."""

    source: Source | None

    def checkpoint(self) -> None:
        """Raises Cancelled where the call was given up."""
        ...


class Jobs:
    """The verbs of this family. Keeps one model loaded, the last one used."""

    def __init__(self, settings: LlmAudioSettings, models: Store) -> None:
        self._settings = settings
        self._models = models
        self._model: LanguageModel | None = None
        self._loaded = ""

    def warm(self) -> str:
        """Loads the default model where it is installed; says what it did."""
        name = default_model("", self._models.manifest, self._settings)
        if not name or not self._models.installed(name):
            return f"{name or 'no model'} is not installed"
        model = self._load(self._models.require(name))
        return f"{name} on {model.device} in {model.precision}"

    def describe(self, task: Task, request: DescriptionRequest) -> Iterator[object]:
        """Yields the header, progress, the pieces of each answer, each answer, and the summary.

        Raises:
            AntiphonError: UNKNOWN_MODEL, UNKNOWN_ENGINE, MODEL_NOT_INSTALLED, LICENCE_REFUSED, ENGINE_NOT_SERVED,
                AUDIO_MISSING, what the request is refused for, and what loading and asking raise.
        """
        facts = Facts.parse(request.facts_json)
        chosen = chosen_model(request.engine, request.model, self._models.manifest, self._settings)
        installed = self._models.require(chosen.name)
        loaded = self._loaded == installed.name and not request.cold
        if not loaded:
            hears = engine_class(installed.model.engine).hears
            check_answerable(hears, request, facts)
            self._source(task, hears, installed.name)
            yield ProgressFacts(loading=True, step=installed.name)
            self._give_up_model()
        meter = Meter()
        if not loaded:
            with meter.loading():
                self._load(installed)
        model = self._load(installed)
        source = self._source(task, model.hears, installed.name)
        samples = None if source is None else _samples(source)
        meter.ask()
        session = model.open(None) if source is None else model.open(samples, source.start_seconds)
        interview = Interview(model, session, request, facts)
        yield Header(None if source is None else source.facts, tuple(prompt.name for prompt in request.prompts))
        warnings: list[WarningFacts] = []
        for event in interview.run(task.checkpoint):
            if isinstance(event, WarningFacts):
                warnings.append(event)
            else:
                if isinstance(event, Answer):
                    meter.answered(event)
                yield event
        found: SourceFacts | None = None
        if source is not None:
            found = source.complete()
            warnings = [*source.warnings, *session.warnings, *warnings]
        work = self._work(installed, model, request)
        yield Summary(found, work, tuple(warnings), interview.usage, meter.measured())

    def judge(self, task: Task, request: JudgeRequest) -> Iterator[Agreement]:
        """Yields how far each two sides of a comparison agree."""
        yield from judge(request, task.checkpoint)

    def _source(self, task: Task, hears: bool, model: str) -> Source | None:
        if not hears:
            return None
        if task.source is None:
            raise invalid(
                "AUDIO_MISSING",
                f"{model} listens, and no audio came after the config; send a recording, or choose a text model",
                model=model,
            )
        return task.source

    def _give_up_model(self) -> None:
        """Forgets the model, so that the next one finds its memory: two need not fit."""
        self._model, self._loaded = None, ""
        gc.collect()
        if (torch := sys.modules.get("torch")) is not None and torch.cuda.is_available():
            torch.cuda.empty_cache()  # what torch keeps for itself is lost to llama.cpp

    def _load(self, installed: InstalledModel) -> LanguageModel:
        if self._model is None or self._loaded != installed.name:
            self._give_up_model()
            self._model = engine_class(installed.model.engine)(installed, self._settings)
            self._loaded = installed.name
        assert self._model is not None
        return self._model

    def _work(self, installed: InstalledModel, model: LanguageModel, request: DescriptionRequest) -> WorkFacts:
        return WorkFacts(
            engine=installed.model.engine,
            model=installed.facts(),
            device=model.device,
            precision=model.precision,
            library_versions=model.library_versions,
            parameters={
                "model": installed.name,
                "prompts": ",".join(prompt.name for prompt in request.prompts),
                "repeat_penalty": f"{model.repeat_penalty:g}",
                **request.sampling.parameters(),
                "json_schema": str(bool(request.json_schema)).lower(),
                "check_claims": str(request.check_claims).lower(),
                **model.parameters,
            },
            seed=request.sampling.seed if request.sampling.do_sample else None,
        )


def engine_class(name: str) -> Any:
    """The class of an engine.

    Raises:
        AntiphonError: ENGINE_NOT_SERVED where its libraries are not in this environment.
    """
    module, _, attribute = ENGINES[name].partition(":")
    try:
        return getattr(importlib.import_module(module), attribute)
    except ModuleNotFoundError as error:
        raise not_ready(
            "ENGINE_NOT_SERVED",
            f"the engine {name} needs {error.name}, which is not in this service's environment; start it with "
            f"LLM_AUDIO_ENGINE={name}",
            engine=name,
            missing=error.name,
        ) from error


def _samples(source: Source) -> np.ndarray:
    return source.read(sample_rate=SAMPLE_RATE, channels=1).samples[0]
