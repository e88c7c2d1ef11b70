"""What runs in the speech family's worker: it finds a model, has it listen, and tells what comes of it."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING

import numpy as np

from chassis.family.loading import Loader
from chassis.family.selection import Selection
from chassis.models import InstalledModel, Store
from chassis.reports import ProgressReport
from services.speech.contract import (
    SAMPLE_RATE,
    AlignedLine,
    AlignmentFindings,
    AlignmentRequest,
    AlignmentSummary,
    Findings,
    Header,
    LiveTask,
    Reached,
    Recognizer,
    Segment,
    Summary,
    Task,
    TranscriptionRequest,
    Turn,
)
from services.speech.engines import ENGINES
from services.speech.live.contract import LiveEvent, LiveRequest
from services.speech.settings import SpeechSettings
from services.speech.speakers.telling import LISTENING, SpeakerTelling, Told
from services.speech.summaries.alignment import alignment_summary
from services.speech.summaries.transcription import transcription_summary

if TYPE_CHECKING:
    from services.speech.live.worker import LiveWorker


class Jobs:
    """The verbs of this family. Keeps one model loaded, the last one used."""

    def __init__(self, settings: SpeechSettings, models: Store) -> None:
        self._settings = settings
        self._models = models
        self._selection = Selection.of("speech", ENGINES, settings, models.manifest)
        self._loader: Loader[Recognizer] = Loader("speech", ENGINES, settings)
        self._live: LiveWorker | None = None

    def check_device(self) -> None:
        """Raises the AntiphonError DEVICE_NOT_AVAILABLE where the engine of this service sees no GPU to be used."""
        if self._settings.device == "cuda":
            self._loader.find(self._settings.engine).check_device(self._settings)

    def warm(self) -> str:
        """Loads the default model where it is installed; says what it did."""
        name = self._selection.default()
        if not any(row.name == name for row in self._models.manifest.models):
            return "there is no default model"
        if not self._models.installed(name):
            return f"{name} is not installed"
        if not self._models.allowed(name):
            return f"{name} is refused by the licence policy"
        recognizer = self._loader.load(self._models.require(name))
        return f"{name} on {recognizer.device} in {recognizer.precision}"

    def warm_live(self) -> str:
        """Does the same in a worker for live streams."""
        return self._live_worker().warm()

    def listen_live(self, task: LiveTask, request: LiveRequest) -> Iterator[LiveEvent | ProgressReport | Turn]:
        """Follows a live stream; see :meth:`services.speech.live.worker.LiveWorker.listen`."""
        return self._live_worker().listen(task, request)

    def transcribe(
        self, task: Task, request: TranscriptionRequest
    ) -> Iterator[Header | ProgressReport | Segment | Summary]:
        """Yields the header, progress and segments as they are decoded, and the summary.

        Times are from the beginning of the recording, the clip's start being added; progress counts the clip alone.

        Raises:
            AntiphonError: UNKNOWN_MODEL, NO_DEFAULT_MODEL, MODEL_NOT_INSTALLED, ENGINE_NOT_SERVED,
                LANGUAGE_NOT_SUPPORTED, TASK_NOT_SUPPORTED, DEVICE_NOT_AVAILABLE, COMPUTE_TYPE_NOT_AVAILABLE, and what
                the audio is refused for.
        """
        source = task.source
        yield Header(source.report)
        installed, recognizer = yield from self._ready(request)
        yield _progress(0.0, source.seconds_hint)  # the first window may take long to say something
        offset = source.start_seconds
        blocks = source.blocks(sample_rate=SAMPLE_RATE, channels=1)
        listening: Iterator[Segment | Reached | Findings | ProgressReport | Told]
        if request.diarize:
            telling = SpeakerTelling(self._models, request.speaker_count, task.checkpoint)
            listening = telling.through(lambda heard: recognizer.listen(heard, request, task.checkpoint), blocks)
        else:
            listening = recognizer.listen(blocks, request, task.checkpoint)
        told: Told | None = None
        for event in listening:
            if isinstance(event, Segment):
                yield event.moved(lambda start, end: (start + offset, end + offset))
            elif isinstance(event, Findings):
                yield transcription_summary(source, installed, recognizer, request, event, told)
            elif isinstance(event, Told):
                told = event
            elif isinstance(event, ProgressReport):
                yield event
            else:
                yield _progress(event.seconds, source.seconds_hint, LISTENING if request.diarize else 1.0)

    def align_lyrics(
        self, task: Task, request: AlignmentRequest
    ) -> Iterator[Header | ProgressReport | AlignedLine | AlignmentSummary]:
        """Yields the header, progress while it listens, the lines with their times, and the summary.

        Raises:
            AntiphonError: as :meth:`transcribe`.
        """
        source = task.source
        yield Header(source.report)
        installed, recognizer = yield from self._ready(request)
        yield _progress(0.0, source.seconds_hint)

        def read() -> Iterator[np.ndarray]:
            return source.blocks(sample_rate=SAMPLE_RATE, channels=1)

        for event in recognizer.align_lyrics(read, request, task.checkpoint):
            if isinstance(event, AlignedLine):
                yield event.moved(source.start_seconds)
            elif isinstance(event, AlignmentFindings):
                yield alignment_summary(source, installed, recognizer, request, event)
            else:
                yield _progress(event.seconds, source.seconds_hint)

    def _ready(
        self, request: TranscriptionRequest | AlignmentRequest
    ) -> Generator[ProgressReport, None, tuple[InstalledModel, Recognizer]]:
        """Finds the model that a request means, loads it, and checks that it can do what is asked."""
        row = self._selection.choose(request.model)
        self._loader.find(row.engine)
        installed = self._models.require(row.name)
        if not self._loader.holds(installed.name):
            yield ProgressReport(loading=True, step=installed.name)
        recognizer = self._loader.load(installed)
        recognizer.check(request)
        return installed, recognizer

    def _live_worker(self) -> LiveWorker:
        if self._live is None:
            # Only a worker for live streams needs what this imports.
            from services.speech.live.worker import LiveWorker

            self._live = LiveWorker(self._settings, self._models)
        return self._live


def _progress(seconds: float, clip_seconds: float | None, share: float = 1.0) -> ProgressReport:
    fraction = share * min(seconds / clip_seconds, 1.0) if clip_seconds else None
    return ProgressReport(fraction=fraction, audio_seconds=seconds, step="listening")
