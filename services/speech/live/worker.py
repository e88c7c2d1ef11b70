"""What runs in a worker for live streams: decodes what comes in, and keeps the models that streams use."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from typing import Any, Protocol

from antiphon_wire.errors import not_ready
from chassis.audio.live import LiveSource
from chassis.models import InstalledModel, Store
from chassis.reports import ProgressFacts, WarningFacts, WorkFacts
from services.speech.contract import SAMPLE_RATE
from services.speech.live import LIVE_ENGINES
from services.speech.live.contract import LiveHeader, LiveRequest, LiveSummary
from services.speech.live.session import STEP, Due, Session
from services.speech.settings import SpeechSettings

CANDIDATES = 5
UNCERTAIN = 0.5
LATE_SECONDS = 5.0
"""Lag from which on the summary warns: the text came too late to be live."""


class Piece(Protocol):
    """Bytes with the time they came in, on the monotonic clock."""

    data: bytes
    received: float


class LiveTask(Protocol):
    """One live stream as its worker hands it over; see :class:`chassis.worker.live_loop.LiveTask`."""

    raw: Any
    limits: Any

    @property
    def ended(self) -> bool:
        """Whether everything has been taken and nothing follows."""
        ...

    def take(self) -> Piece | None:
        """The next bytes; None where there are none now."""
        ...

    def turn(self, due: float | None = None) -> object:
        """To be yielded: lets others work, and waits for audio where ``due`` is None."""
        ...

    def checkpoint(self) -> None:
        """Raises Cancelled where the stream was given up."""
        ...


class LiveListener:
    """Follows any number of streams in turns. A model is kept while a stream uses it, and after that until another
    one is wanted."""

    def __init__(self, settings: SpeechSettings, models: Store) -> None:
        self._settings = settings
        self._models = models
        self._loaded: dict[str, Any] = {}
        self._voice: Any = None
        self._users: dict[str, int] = {}

    def warm(self) -> str:
        """Loads the default model where it is installed; says what it did."""
        name = self._default_model()
        if self._settings.engine not in LIVE_ENGINES or not self._models.installed(name):
            return f"{name} is not installed" if self._settings.engine in LIVE_ENGINES else "no live engine"
        model = self._load(self._models.require(name))
        return f"{name} on {model.device} in {model.precision}, live"

    def listen(self, task: LiveTask, request: LiveRequest) -> Iterator[object]:
        """Yields the header, speech events, interim and final results as they come about, the summary, and turns.

        Raises:
            AntiphonError: UNKNOWN_MODEL, MODEL_NOT_INSTALLED, ENGINE_NOT_SERVED, LANGUAGE_NOT_SUPPORTED,
                LIVE_NOT_SERVED, and what the audio is refused for.
        """
        installed = self._installed(request.model or self._default_model())
        if installed.name not in self._loaded:
            yield ProgressFacts(loading=True, step=installed.name)
        model = self._load(installed)
        model.check(request.language)
        source = LiveSource(SAMPLE_RATE, task.raw, task.limits)
        self._users[installed.name] = self._users.get(installed.name, 0) + 1
        try:
            session = Session(model, self._detector(), request)
            yield from _follow(task, source, session, model)
            yield self._summary(source, installed, model, request, session)
        finally:
            self._users[installed.name] -= 1
            source.close()

    def _installed(self, name: str) -> InstalledModel:
        engine = self._models.manifest.model(name).engine
        if self._settings.engine not in LIVE_ENGINES:
            raise not_ready(
                "LIVE_NOT_SERVED",
                f"the engine {self._settings.engine} does not listen live; set SPEECH_ENGINE to one of "
                f"{', '.join(LIVE_ENGINES)}",
                engine=self._settings.engine,
            )
        if engine != self._settings.engine:
            raise not_ready(
                "ENGINE_NOT_SERVED",
                f"model {name} is for engine {engine}; this service runs {self._settings.engine} (SPEECH_ENGINE)",
                model=name,
                engine=engine,
                served=self._settings.engine,
            )
        return self._models.require(name)

    def _default_model(self) -> str:
        if self._settings.default_model:
            return self._settings.default_model
        models = [each for each in self._models.manifest.models if each.engine == self._settings.engine]
        return next((each.name for each in models if each.default), models[0].name)

    def _load(self, installed: InstalledModel) -> Any:
        if installed.name not in self._loaded:
            for name in [each for each in self._loaded if not self._users.get(each)]:
                del self._loaded[name]
            module, _, name = LIVE_ENGINES[self._settings.engine].partition(":")
            self._loaded[installed.name] = getattr(importlib.import_module(module), name)(installed, self._settings)
        return self._loaded[installed.name]

    def _detector(self) -> Any:
        if self._voice is None:
            voice = importlib.import_module("services.speech.recording.voice")
            self._voice = voice.VoiceDetector(voice.bundled())
        return self._voice.follow()

    def _summary(
        self, source: LiveSource, installed: InstalledModel, model: Any, request: LiveRequest, session: Session
    ) -> LiveSummary:
        endpointing = request.endpointing
        parameters = {
            "model": installed.name,
            "language_code": request.language or "",
            "word_times": str(request.word_times).lower(),
            "initial_prompt": request.initial_prompt,
            "end_silence_seconds": f"{endpointing.end_silence:g}",
            "min_speech_seconds": f"{endpointing.min_speech:g}",
            "max_utterance_seconds": f"{endpointing.max_utterance:g}",
            "step_seconds": f"{STEP / SAMPLE_RATE:g}",
            **model.parameters,
        }
        work = WorkFacts(
            engine=self._settings.engine,
            model=installed.facts(),
            device=model.device,
            precision=model.precision,
            library_versions=model.library_versions,
            parameters=parameters,
        )
        facts = source.facts
        assert facts is not None
        heard = session.hearing.heard_anything
        candidates = session.hearing.candidates if heard else ()
        likely = {each.language: each.probability for each in candidates}
        return LiveSummary(
            source=facts,
            work=work,
            language=session.hearing.language if heard else None,
            language_probability=likely.get(session.hearing.language or ""),
            language_candidates=candidates[:CANDIDATES],
            speech_seconds=session.speech_samples / SAMPLE_RATE,
            utterances=session.utterance,
            steps=session.steps,
            skipped_steps=session.skipped_steps,
            max_lag_seconds=session.max_lag,
            warnings=(*source.warnings, *_warnings(session)),
        )


def _follow(task: LiveTask, source: LiveSource, session: Session, model: Any) -> Iterator[object]:
    told_header = False
    closed = False
    while not session.finished:
        if (piece := task.take()) is not None:
            session.feed(source.feed(piece.data), piece.received)
        elif task.ended and not closed:
            closed = True
            session.feed(source.finish(), 0.0)
            session.end()
        if not told_header and source.facts is not None:
            told_header = True
            yield LiveHeader(source.facts)
        for event in session.advance():
            if not isinstance(event, Due):
                yield event
                continue
            yield task.turn(event.at)
            model.checkpoint = task.checkpoint
            # What is late already may be skipped where newer audio is there; to know, take it in.
            while session.behind() and (piece := task.take()) is not None:
                session.feed(source.feed(piece.data), piece.received)
        if not session.finished:
            yield task.turn()


def _warnings(session: Session) -> Iterator[WarningFacts]:
    hearing = session.hearing
    if not hearing.heard_anything:
        yield WarningFacts("NO_SPEECH", f"no speech was found in {session.seconds:.1f} s of audio", "final")
    if session.max_lag > LATE_SECONDS:
        message = f"the model was up to {session.max_lag:.1f} s behind and left out {session.skipped_steps} hypotheses"
        yield WarningFacts("LIVE_BEHIND", f"{message}; the machine carries fewer streams than it was given", "final")
    if hearing.candidates and hearing.heard_anything and hearing.candidates[0].probability < UNCERTAIN:
        probability = hearing.candidates[0].probability
        message = f"the language {hearing.language} is a guess, probability {probability:.2f}; name it if you know it"
        yield WarningFacts("LANGUAGE_UNCERTAIN", message, "language_code")
