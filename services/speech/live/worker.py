"""What runs in a worker for live streams: decodes what comes in, and keeps the models that streams use."""

from __future__ import annotations

from collections.abc import Iterator

from antiphon_wire.errors import not_ready
from chassis.audio.live import LiveSource
from chassis.family.loading import Loader
from chassis.family.selection import Selection
from chassis.models import InstalledModel, Store
from chassis.reports import ProgressReport
from services.speech.contract import SAMPLE_RATE, LiveTask, Turn
from services.speech.engines import ENGINES
from services.speech.live import LIVE_ENGINES
from services.speech.live.contract import LiveEvent, LiveHeader, LiveRequest, Told
from services.speech.live.ear import Ear
from services.speech.live.model import LiveModel
from services.speech.live.session import Due, Session
from services.speech.live.summary import live_summary
from services.speech.recording.voice import VoiceDetector, bundled
from services.speech.settings import SpeechSettings


class LiveWorker:
    """Follows any number of streams in turns.

    A model is kept while a stream uses it, and after that until another one is wanted.
    """

    def __init__(self, settings: SpeechSettings, models: Store) -> None:
        self._models = models
        self._selection = Selection.of("speech", ENGINES, settings, models.manifest)
        self._loader: Loader[LiveModel] = Loader("speech", LIVE_ENGINES, settings)
        self._voice: VoiceDetector | None = None

    def warm(self) -> str:
        """Loads the default model where it is installed and can listen live; says what it did."""
        name = self._selection.default()
        row = next((row for row in self._models.manifest.models if row.name == name), None)
        if row is None:
            return "there is no default model"
        if row.engine not in LIVE_ENGINES:
            return f"the engine {row.engine} does not listen live"
        if not self._models.installed(name):
            return f"{name} is not installed"
        if not self._models.allowed(name):
            return f"{name} is refused by the licence policy"
        model = self._loader.load(self._models.require(name))
        return f"{name} on {model.device} in {model.precision}, live"

    def listen(self, task: LiveTask, request: LiveRequest) -> Iterator[LiveEvent | ProgressReport | Turn]:
        """Yields the header, speech events, interim and final results as they come about, the summary, and turns.

        Raises:
            AntiphonError: UNKNOWN_MODEL, NO_DEFAULT_MODEL, MODEL_NOT_INSTALLED, ENGINE_NOT_SERVED, LIVE_NOT_SERVED,
                LANGUAGE_NOT_SUPPORTED, and what the audio is refused for.
        """
        installed = self._installed(request.model)
        if not self._loader.holds(installed.name):
            yield ProgressReport(loading=True, step=installed.name)
        model = self._loader.load(installed)
        model.check(request.language)
        source = LiveSource(SAMPLE_RATE, task.raw, task.limits, track=task.track)
        with self._loader.in_use(installed.name):
            try:
                session = Session(model, self._detector(), request)
                yield from _follow(task, source, session, model)
                assert source.report is not None  # a stream that cannot be read has raised by now
                yield live_summary(source.report, tuple(source.warnings), installed, model, request, session)
            finally:
                source.close()

    def _installed(self, name: str) -> InstalledModel:
        """Finds the model that a request means, empty for the default one, and whether it can listen live here."""
        row = self._selection.choose(name)
        if row.engine not in LIVE_ENGINES:
            raise not_ready(
                "LIVE_NOT_SERVED",
                f"the model {row.name} is for engine {row.engine}, which does not listen live; name a model of "
                f"{', '.join(LIVE_ENGINES)}",
                model=row.name,
                engine=row.engine,
            )
        self._loader.find(row.engine)
        return self._models.require(row.name)

    def _detector(self) -> Ear:
        if self._voice is None:
            self._voice = VoiceDetector(bundled())
        return Ear(self._voice.follow())


def _follow(
    task: LiveTask, source: LiveSource, session: Session, model: LiveModel
) -> Iterator[LiveHeader | Told | Turn]:
    """Feeds a session until it has gone to the end of its stream."""
    told_header = False
    closed = False
    while not session.finished:
        if (fed := task.take()) is not None:
            session.feed(source.feed(fed.data), fed.received)
        elif task.ended and not closed:
            closed = True
            session.feed(source.finish(), 0.0)
            session.end()
        if not told_header and source.report is not None:
            told_header = True
            yield LiveHeader(source.report)
        for event in session.advance():
            if not isinstance(event, Due):
                yield event
                continue
            yield task.turn(event.at)
            # Another stream of this worker had the model meanwhile, with a checkpoint of its own.
            model.checkpoint = task.checkpoint
            # What is late already may be skipped where newer audio is there; to know, take it in.
            while session.behind() and (fed := task.take()) is not None:
                session.feed(source.feed(fed.data), fed.received)
        if not session.finished:
            yield task.turn()
