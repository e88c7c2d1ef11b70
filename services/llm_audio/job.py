"""What runs in the llm_audio family's worker: loads a model, reads the audio where it hears, asks, and says how."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from typing import Any, Protocol

import numpy as np

from chassis.audio import Source
from chassis.errors import invalid, not_ready
from chassis.facts import ProgressFacts, SourceFacts, WarningFacts, WorkFacts
from chassis.models import InstalledModel, Store
from services.llm_audio.engine import SAMPLE_RATE, DescriptionRequest, Header, LanguageModel, Summary
from services.llm_audio.engines import ENGINES
from services.llm_audio.engines.asking.facts import Facts
from services.llm_audio.engines.asking.interview import Interview, check_answerable
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
        name = self._default_model("")
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
        installed = self._installed(request)
        if self._loaded != installed.name:
            check_answerable(engine_class(installed.model.engine).hears, request, facts)
            yield ProgressFacts(loading=True, step=installed.name)
        model = self._load(installed)
        source = self._source(task, model)
        session = model.open(None) if source is None else model.open(_samples(source), source.start_seconds)
        interview = Interview(model, session, request, facts)
        yield Header(None if source is None else source.facts, tuple(prompt.name for prompt in request.prompts))
        warnings: list[WarningFacts] = []
        for event in interview.run(task.checkpoint):
            if isinstance(event, WarningFacts):
                warnings.append(event)
            else:
                yield event
        found: SourceFacts | None = None
        if source is not None:
            found = source.complete()
            warnings = [*source.warnings, *session.warnings, *warnings]
        yield Summary(found, self._work(installed, model, request), tuple(warnings), interview.usage)

    def _source(self, task: Task, model: LanguageModel) -> Source | None:
        if not model.hears:
            return None
        if task.source is None:
            raise invalid(
                "AUDIO_MISSING",
                f"{self._loaded} listens, and no audio came after the config; send a recording, or choose a text model",
                model=self._loaded,
            )
        return task.source

    def _default_model(self, engine: str) -> str:
        if self._settings.default_model and not engine:
            return self._settings.default_model
        model = self._models.manifest.default(engine or self._settings.engine)
        return "" if model is None else model.name

    def _installed(self, request: DescriptionRequest) -> InstalledModel:
        if request.engine and request.engine not in ENGINES:
            known = ", ".join(ENGINES)
            raise invalid(
                "UNKNOWN_ENGINE",
                f"there is no engine {request.engine!r}; choose one of {known}",
                field="config.engine",
                engine=request.engine,
                known=known,
            )
        name = request.model or self._default_model(request.engine)
        if not name:
            engine = request.engine or self._settings.engine
            raise not_ready(
                "NO_DEFAULT_MODEL",
                f"the engine {engine} has no default model in the manifest; name a model",
                engine=engine,
            )
        engine = self._models.manifest.model(name).engine
        if request.engine and engine != request.engine:
            raise invalid(
                "ENGINE_OF_MODEL",
                f"the model {name} is for engine {engine}, not {request.engine}; leave one of them out",
                field="config.engine",
                model=name,
                engine=engine,
                asked=request.engine,
            )
        return self._models.require(name)

    def _load(self, installed: InstalledModel) -> LanguageModel:
        if self._model is None or self._loaded != installed.name:
            engine = engine_class(installed.model.engine)
            # The old one goes first: two need not fit in memory.
            self._model, self._loaded = None, ""
            self._model = engine(installed, self._settings)
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
