"""The speech job where speakers are to be told apart: recordings that hold nobody, hardly anybody, or one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from antiphon_wire.errors import Cancelled
from bench.speech_material import recordings
from chassis.audio import Source
from chassis.models import Store
from chassis.reports import ProgressReport
from services.speech import speakers
from services.speech.contract import Segment, Summary, TranscriptionRequest
from services.speech.job import Jobs
from services.speech.settings import SpeechSettings
from tests.services.speech.running_service import TINY, require_tiny

pytestmark = pytest.mark.weights


@dataclass
class Clip:
    """A task as the worker hands it over, with a checkpoint of the test's choosing."""

    source: Source
    stop: Callable[[], None] = lambda: None

    def checkpoint(self) -> None:
        self.stop()


Tell = Callable[..., tuple[list[Segment], Any]]


@pytest.fixture(scope="module")
def jobs(store: Store) -> Jobs:
    require_tiny(store)
    if not store.installed(speakers.MODEL):
        pytest.skip(f"{speakers.MODEL} is not installed in {store.root}: antiphon models pull {speakers.MODEL}")
    return Jobs(SpeechSettings(device="cpu", default_model=TINY), store)


@pytest.fixture
def tell(jobs: Jobs, tmp_path: Path) -> Tell:
    """Has the speakers of samples (n,) told apart; the clip's range and the request's fields by name."""

    def run(samples: np.ndarray, range_: dict[str, float] | None = None, **asked: Any) -> tuple[list[Segment], Any]:
        source = Source(recordings.write_wav(tmp_path / "clip.wav", samples), **(range_ or {}))
        events = list(jobs.transcribe(Clip(source), TranscriptionRequest(diarize=True, **asked)))  # type: ignore[arg-type]
        assert isinstance(events[-1], Summary)
        return [event for event in events if isinstance(event, Segment)], events[-1]

    return run


def chord(seconds: float) -> np.ndarray:
    """Music without a voice: three tones that fade."""
    time = np.arange(int(seconds * recordings.SAMPLE_RATE)) / recordings.SAMPLE_RATE
    tones = sum((np.sin(2 * np.pi * hertz * time) for hertz in (220.0, 277.2, 329.6)), np.zeros(len(time)))
    return np.asarray(0.1 * tones * np.exp(-(time % 1.0) * 3), np.float32)


@pytest.mark.parametrize("samples", [np.zeros(48_000, np.float32), chord(4.0)], ids=["silence", "music"])
def test_where_nobody_speaks_there_is_no_speaker(tell: Tell, samples: np.ndarray) -> None:
    segments, summary = tell(samples)
    assert (segments, summary.speakers) == ([], ())
    assert {"NO_SPEECH", "SPEAKERS_UNKNOWN"} <= {warning.reason for warning in summary.warnings}


def test_three_tenths_of_a_second_are_text_without_a_speaker_or_no_text(tell: Tell) -> None:
    segments, summary = tell(recordings.line("0880")[4800:9600])
    assert summary.speakers == ()
    assert not any(segment.speaker or any(word.speaker for word in segment.words) for segment in segments)
    assert "SPEAKERS_UNKNOWN" in {warning.reason for warning in summary.warnings}


def test_more_speakers_than_there_are_voices_are_told_of(tell: Tell) -> None:
    segments, summary = tell(recordings.line("0880"), speaker_count=20)
    assert 1 <= len(summary.speakers) < 20
    assert all(segment.speaker for segment in segments)
    assert "SPEAKERS_FEWER" in {warning.reason for warning in summary.warnings}


@pytest.mark.parametrize("word_times", [True, False])
def test_one_voice_is_one_speaker(tell: Tell, word_times: bool) -> None:
    segments, summary = tell(recordings.passage(), word_times=word_times)
    assert {segment.speaker for segment in segments} == {"speaker 1"}
    assert [speaker.label for speaker in summary.speakers] == ["speaker 1"]


def test_a_part_of_a_recording_has_its_speaker_at_its_place(tell: Tell) -> None:
    samples = np.concatenate([np.zeros(5 * recordings.SAMPLE_RATE, np.float32), recordings.line("0890")])
    segments, _ = tell(samples, {"start_seconds": 4.0})
    assert segments
    assert {segment.speaker for segment in segments} == {"speaker 1"}
    assert segments[0].start > 4.9


def test_a_caller_who_leaves_while_voices_are_compared_ends_it(jobs: Jobs, tmp_path: Path) -> None:
    comparing = False

    def stop() -> None:
        if comparing:
            raise Cancelled

    source = Source(recordings.write_wav(tmp_path / "clip.wav", recordings.line("0890")))
    told = jobs.transcribe(Clip(source, stop), TranscriptionRequest(diarize=True))  # type: ignore[arg-type]
    with pytest.raises(Cancelled):
        for event in told:
            heard = isinstance(event, ProgressReport) and event.step == "listening"
            # All has been heard; what is left is the comparison.
            comparing = comparing or (heard and (event.fraction or 0) >= 0.94)
