"""What runs in the speech family's worker: decodes, listens, and says how."""

from __future__ import annotations

import importlib
from collections.abc import Generator, Iterator, Mapping
from typing import TYPE_CHECKING, Protocol

import numpy as np

from antiphon_wire.errors import not_ready
from chassis.audio import Source
from chassis.models import InstalledModel, Store
from chassis.reports import ProgressFacts, WorkFacts
from services.speech.contract import (
    SAMPLE_RATE,
    AlignedLine,
    AlignmentFindings,
    AlignmentRequest,
    AlignmentSummary,
    Findings,
    Header,
    Recognizer,
    Segment,
    Summary,
    TranscriptionRequest,
)
from services.speech.engines import ENGINES
from services.speech.live.contract import LiveRequest
from services.speech.settings import SpeechSettings

if TYPE_CHECKING:
    from services.speech.live.worker import LiveListener, LiveTask


class Task(Protocol):
    """One call: its audio, and a checkpoint that raises where nobody wants the answer any more."""

    source: Source

    def checkpoint(self) -> None:
        """Raises Cancelled where the call was given up."""
        ...


class Jobs:
    """The verbs of this family. Keeps one model loaded, the last one used."""

    def __init__(self, settings: SpeechSettings, models: Store) -> None:
        self._settings = settings
        self._models = models
        self._recognizer: Recognizer | None = None
        self._loaded = ""
        self._live: LiveListener | None = None

    def warm(self) -> str:
        """Loads the default model where it is installed; says what it did."""
        name = self._default_model()
        if not self._models.installed(name):
            return f"{name} is not installed"
        recognizer = self._load(self._models.require(name))
        return f"{name} on {recognizer.device} in {recognizer.precision}"

    def warm_live(self) -> str:
        """The same in a worker for live streams."""
        return self._listener().warm()

    def listen_live(self, task: LiveTask, request: LiveRequest) -> Iterator[object]:
        """Follows a live stream; see :meth:`services.speech.live.worker.LiveListener.listen`."""
        return self._listener().listen(task, request)

    def _listener(self) -> LiveListener:
        if self._live is None:
            # Only a worker for live streams needs what this imports.
            from services.speech.live.worker import LiveListener

            self._live = LiveListener(self._settings, self._models)
        return self._live

    def transcribe(
        self, task: Task, request: TranscriptionRequest
    ) -> Iterator[Header | ProgressFacts | Segment | Summary]:
        """Yields the header, progress and segments as they are decoded, and the summary.

        Times are from the beginning of the recording, the clip's start being added; progress counts the clip alone.

        Raises:
            AntiphonError: UNKNOWN_MODEL, MODEL_NOT_INSTALLED, ENGINE_NOT_SERVED, LANGUAGE_NOT_SUPPORTED,
                TASK_NOT_SUPPORTED, DEVICE_NOT_AVAILABLE, COMPUTE_TYPE_NOT_AVAILABLE, and what the audio is refused for.
        """
        source = task.source
        yield Header(source.facts)
        installed, recognizer = yield from self._ready(request)
        yield _progress(0.0, source.seconds_hint)  # the first window may take long to say something
        offset = request.clip_start_seconds
        blocks = source.blocks(sample_rate=SAMPLE_RATE, channels=1)
        for event in recognizer.listen(blocks, request, task.checkpoint):
            if isinstance(event, Segment):
                yield event.moved(lambda start, end: (start + offset, end + offset))
            elif isinstance(event, Findings):
                yield self._summary(source, installed, recognizer, request, event)
            else:
                yield _progress(event.seconds, source.seconds_hint)

    def align_lyrics(
        self, task: Task, request: AlignmentRequest
    ) -> Iterator[Header | ProgressFacts | AlignedLine | AlignmentSummary]:
        """Yields the header, progress while it listens, the lines with their times, and the summary.

        Raises:
            AntiphonError: as :meth:`transcribe`.
        """
        source = task.source
        yield Header(source.facts)
        installed, recognizer = yield from self._ready(request)
        yield _progress(0.0, source.seconds_hint)

        def read() -> Iterator[np.ndarray]:
            return source.blocks(sample_rate=SAMPLE_RATE, channels=1)

        for event in recognizer.align_lyrics(read, request, task.checkpoint):
            if isinstance(event, AlignedLine):
                yield event.moved(request.clip_start_seconds)
            elif isinstance(event, AlignmentFindings):
                parameters = {"language_code": request.language or "", "voice_activity_detection": "false"}
                work = self._work(installed, recognizer, parameters)
                completed = source.complete()
                yield AlignmentSummary(completed, work, event, (*source.warnings, *event.warnings))
            else:
                yield _progress(event.seconds, source.seconds_hint)

    def _default_model(self) -> str:
        if self._settings.default_model:
            return self._settings.default_model
        model = self._models.manifest.default(self._settings.engine)
        return "" if model is None else model.name

    def _ready(
        self, request: TranscriptionRequest | AlignmentRequest
    ) -> Generator[ProgressFacts, None, tuple[InstalledModel, Recognizer]]:
        """The model that a request wants, loaded and able to do it."""
        installed = self._installed(request.model or self._default_model())
        if self._loaded != installed.name:
            yield ProgressFacts(loading=True, step=installed.name)
        recognizer = self._load(installed)
        recognizer.check(request)
        return installed, recognizer

    def _installed(self, name: str) -> InstalledModel:
        engine = self._models.manifest.model(name).engine
        if engine != self._settings.engine:
            raise not_ready(
                "ENGINE_NOT_SERVED",
                f"model {name} is for engine {engine}; this service runs {self._settings.engine} (SPEECH_ENGINE)",
                model=name,
                engine=engine,
                served=self._settings.engine,
            )
        return self._models.require(name)

    def _load(self, installed: InstalledModel) -> Recognizer:
        if self._recognizer is None or self._loaded != installed.name:
            # The old one goes first: two need not fit in memory.
            self._recognizer, self._loaded = None, ""
            module, _, name = ENGINES[self._settings.engine].partition(":")
            self._recognizer = getattr(importlib.import_module(module), name)(installed, self._settings)
            self._loaded = installed.name
        assert self._recognizer is not None
        return self._recognizer

    def _summary(
        self,
        source: Source,
        installed: InstalledModel,
        recognizer: Recognizer,
        request: TranscriptionRequest,
        findings: Findings,
    ) -> Summary:
        parameters = {
            "language_code": request.language or "",
            "task": request.task,
            "beam_size": str(request.beam_size),
            "word_times": str(request.word_times).lower(),
            "voice_activity_detection": str(request.vad).lower(),
            "initial_prompt": request.initial_prompt,
            "hotwords": ", ".join(request.hotwords),
            "temperatures": ", ".join(f"{temperature:g}" for temperature in request.temperatures),
            "condition_on_previous_text": str(request.condition_on_previous_text).lower(),
            "no_speech_threshold": f"{request.no_speech_threshold:g}",
            "hallucination_guard": str(request.hallucination_guard).lower(),
            # What was sampled from an unknown seed comes out otherwise the next time.
            "reproducible": str(not request.may_sample or recognizer.seed is not None).lower(),
        }
        work = self._work(installed, recognizer, parameters, recognizer.seed if request.may_sample else None)
        return Summary(
            # A clip leaves the rest of the recording undecoded; length and digest are those of the whole.
            source=source.complete(),
            work=work,
            language=findings.language,
            language_probability=findings.language_probability,
            language_candidates=findings.language_candidates,
            speech_seconds=findings.speech_seconds,
            warnings=(*source.warnings, *findings.warnings),
        )

    def _work(
        self, installed: InstalledModel, recognizer: Recognizer, parameters: Mapping[str, str], seed: int | None = None
    ) -> WorkFacts:
        return WorkFacts(
            engine=self._settings.engine,
            model=installed.facts(),
            device=recognizer.device,
            precision=recognizer.precision,
            library_versions=recognizer.library_versions,
            parameters={"model": installed.name, **parameters, **recognizer.parameters},
            seed=seed,
        )


def _progress(seconds: float, clip_seconds: float | None) -> ProgressFacts:
    fraction = min(seconds / clip_seconds, 1.0) if clip_seconds else None
    return ProgressFacts(fraction=fraction, audio_seconds=seconds, step="listening")
