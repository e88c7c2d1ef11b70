"""The speech job from an uploaded file to the summary."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from antiphon_wire.errors import AntiphonError, Cancelled
from bench.speech_material import recordings
from chassis.audio import Source
from chassis.models import Manifest, Store
from chassis.reports import ProgressReport
from services.speech.contract import Header, RecordingEvent, Segment, Summary, TranscriptionRequest
from services.speech.job import Jobs
from services.speech.settings import SpeechSettings
from tests.fixtures.pipe import passed

TINY = TranscriptionRequest(model="whisper-tiny.en")
MANIFEST = Path(__file__).parents[3] / "services" / "speech" / "models.toml"


@dataclass
class Clip:
    """A task as the worker hands it over, with a checkpoint of the test's choosing."""

    source: Source
    stop: Callable[[], None] = lambda: None

    def checkpoint(self) -> None:
        self.stop()


@pytest.fixture
def clip(tmp_path: Path) -> Callable[..., Clip]:
    """Makes a task of samples (n,)."""

    def make(samples: np.ndarray, stop: Callable[[], None] = lambda: None, **range_: float) -> Clip:
        return Clip(Source(recordings.write_wav(tmp_path / "clip.wav", samples), **range_), stop)  # type: ignore[arg-type]

    return make


@pytest.fixture(scope="module")
def jobs(store: Store) -> Jobs:
    for name in ("whisper-tiny.en", "whisper-base"):
        if not store.installed(name):
            pytest.skip(f"{name} is not installed in {store.root}: antiphon models pull {name}")
    return Jobs(SpeechSettings(device="cpu", default_model="whisper-tiny.en"), store)


@pytest.mark.weights
def test_header_comes_first_and_summary_last_with_progress_between(jobs: Jobs, clip: Callable[..., Clip]) -> None:
    events: list[Any] = list(jobs.transcribe(clip(recordings.line("0880")), TranscriptionRequest()))
    assert isinstance(events[0], Header)
    assert isinstance(events[-1], Summary)
    assert sum(isinstance(event, Summary) for event in events) == 1
    told = [event for event in events if isinstance(event, ProgressReport)]
    assert told[0].loading
    assert told[0].step == "whisper-tiny.en"
    fractions = [event.fraction for event in told[1:] if event.fraction is not None]
    assert fractions[0] == 0.0, "that it began is told before anything is heard"
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0
    assert all(passed(event, RecordingEvent) == event for event in events)
    again = [
        event for event in jobs.transcribe(clip(recordings.line("0880")), TINY) if isinstance(event, ProgressReport)
    ]
    assert not any(event.loading for event in again)


@pytest.mark.weights
def test_the_summary_says_what_was_heard_and_how(jobs: Jobs, clip: Callable[..., Clip]) -> None:
    samples = recordings.line("0880")
    summary: Any = list(jobs.transcribe(clip(samples), TINY))[-1]
    assert (summary.language, summary.language_probability) == ("en", None)
    assert summary.source.frames == len(samples)
    stored = ((samples * 32767).astype("<i2").astype(np.float32) / 32768).astype("<f4")
    assert summary.source.pcm_sha256 == hashlib.sha256(stored.tobytes()).digest()
    work = summary.work
    assert (work.engine, work.device) == ("faster-whisper", "cpu")
    assert work.model.name == "whisper-tiny.en"
    assert len(work.model.weights_sha256["model.bin"]) == 64
    assert work.parameters["beam_size"] == "5"
    assert work.parameters["voice_activity_detection"] == "true"
    assert work.seed is None


@pytest.mark.weights
def test_times_of_a_clip_are_those_of_the_recording(jobs: Jobs, clip: Callable[..., Clip]) -> None:
    line = recordings.line("0930")
    samples = np.concatenate([recordings.line("0890"), line, recordings.line("0880")])
    start = len(recordings.line("0890")) / 16000
    end = start + len(line) / 16000
    events = list(jobs.transcribe(clip(samples, start_seconds=start, end_seconds=end), TINY))
    said = [event for event in events if isinstance(event, Segment)]
    assert recordings.word_errors(recordings.LINES["0930"], " ".join(segment.text for segment in said)) <= 1
    assert start <= said[0].start
    assert said[-1].end <= end + 1e-6
    told = [event for event in events if isinstance(event, ProgressReport)]
    assert told[-1].audio_seconds == pytest.approx(end - start, abs=1e-3)
    assert told[-1].fraction == pytest.approx(1.0)
    # The digest is that of the whole recording.
    summary: Any = events[-1]
    assert summary.source.frames == len(samples)


@pytest.mark.weights
def test_what_a_model_cannot_do_is_refused_before_any_audio_is_decoded(jobs: Jobs, clip: Callable[..., Clip]) -> None:
    task = clip(recordings.noise(1.0))
    with pytest.raises(AntiphonError, match="TASK_NOT_SUPPORTED"):
        list(jobs.transcribe(task, TranscriptionRequest(task="translate")))
    assert task.source.report.frames is None


@pytest.mark.weights
def test_a_cancelled_job_stops(jobs: Jobs, clip: Callable[..., Clip]) -> None:
    def stop() -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        list(jobs.transcribe(clip(recordings.noise(1.0), stop), TINY))


@pytest.mark.weights
def test_warming_loads_the_default_model(store: Store, jobs: Jobs) -> None:
    assert (
        Jobs(SpeechSettings(device="cpu", default_model="whisper-tiny.en"), store)
        .warm()
        .startswith("whisper-tiny.en on")
    )


def test_a_model_that_is_not_installed_is_named_with_its_command(tmp_path: Path, clip: Callable[..., Clip]) -> None:
    jobs = Jobs(SpeechSettings(), Store(tmp_path / "empty", Manifest.load(MANIFEST)))
    with pytest.raises(AntiphonError) as caught:
        list(jobs.transcribe(clip(recordings.noise(1.0)), TranscriptionRequest()))
    assert caught.value.reason == "MODEL_NOT_INSTALLED"
    assert "antiphon models pull whisper-base" in caught.value.message
    assert jobs.warm() == "whisper-base is not installed"


def test_an_unknown_model_is_refused(tmp_path: Path, clip: Callable[..., Clip]) -> None:
    jobs = Jobs(SpeechSettings(), Store(tmp_path / "empty", Manifest.load(MANIFEST)))
    with pytest.raises(AntiphonError, match="UNKNOWN_MODEL"):
        list(jobs.transcribe(clip(recordings.noise(1.0)), TranscriptionRequest(model="whisper-huge")))


def test_a_model_whose_engine_has_no_library_here_is_refused(
    tmp_path: Path, clip: Callable[..., Clip], monkeypatch: pytest.MonkeyPatch
) -> None:
    # As in the environment of the other engine.
    for name in [name for name in sys.modules if name.startswith("services.speech.engines.faster_whisper")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "ctranslate2", None)
    jobs = Jobs(SpeechSettings(), Store(tmp_path / "empty", Manifest.load(MANIFEST)))
    with pytest.raises(AntiphonError) as caught:
        list(jobs.transcribe(clip(recordings.noise(1.0)), TINY))
    assert (caught.value.code, caught.value.reason) == ("FAILED_PRECONDITION", "ENGINE_NOT_SERVED")
    assert caught.value.metadata["missing"] == "ctranslate2"


@pytest.mark.weights
def test_a_model_of_another_engine_than_the_settings_name_is_served(store: Store, clip: Callable[..., Clip]) -> None:
    if not store.installed("whisper-tiny.en"):
        pytest.skip(f"whisper-tiny.en is not installed in {store.root}: antiphon models pull whisper-tiny.en")
    jobs = Jobs(SpeechSettings(engine="openai-whisper", device="cpu"), store)
    summary: Any = list(jobs.transcribe(clip(recordings.noise(1.0)), TINY))[-1]
    assert summary.work.engine == "faster-whisper"


def test_without_a_default_model_the_operator_is_told(tmp_path: Path, clip: Callable[..., Clip]) -> None:
    jobs = Jobs(SpeechSettings(), Store(tmp_path / "empty", Manifest("speech", ())))
    with pytest.raises(AntiphonError, match="NO_DEFAULT_MODEL"):
        list(jobs.transcribe(clip(recordings.noise(1.0)), TranscriptionRequest()))
    assert jobs.warm() == jobs.warm_live() == "there is no default model"


def test_neither_the_job_nor_its_engine_sees_the_wire() -> None:
    code = (
        "import sys, services.speech.job, services.speech.engines.faster_whisper\n"
        "print([name for name in sys.modules if name.split('.')[0] in ('grpc', 'antiphon')])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def test_the_job_imports_no_model_library_by_itself() -> None:
    code = "import sys, services.speech.job\nprint('ctranslate2' in sys.modules, 'faster_whisper' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.split() == ["False", "False"]
