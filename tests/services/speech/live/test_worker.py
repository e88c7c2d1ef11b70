"""Live streams on the real model, in this process: what is written down of them."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from antiphon_wire.errors import AntiphonError
from bench.speech_material import recordings
from chassis.models import Manifest, Store
from chassis.reading import Limits, RawPcm
from chassis.reports import ProgressReport
from services.speech.job import Jobs
from services.speech.live.contract import Final, LiveEvent, LiveHeader, LiveRequest, LiveSummary
from services.speech.settings import SpeechSettings
from tests.fixtures.pipe import passed
from tests.fixtures.recordings import encoded
from tests.services.speech.live.streams import ONE_WORD, misheard, pcm
from tests.services.speech.running_service import TINY, require_tiny

MANIFEST = Path(__file__).parents[4] / "services" / "speech" / "models.toml"
S16 = RawPcm("s16le", 16_000, 1)
LIMITS = Limits(max_seconds=120.0, max_decoded_bytes=1 << 30, max_wall_seconds=60.0)


@dataclass(frozen=True)
class Turn:
    due: float | None


@dataclass(frozen=True)
class Piece:
    data: bytes
    received: float


class Task:
    """A stream whose bytes are all there, in the pieces given, and came in at once."""

    def __init__(self, pieces: list[bytes], raw: RawPcm | None) -> None:
        self.raw, self.limits, self.track = raw, LIMITS, None
        self._unread = deque(pieces)

    @property
    def ended(self) -> bool:
        return not self._unread

    def take(self) -> Piece | None:
        # Far in the future: never late, whatever else the machine does.
        return Piece(self._unread.popleft(), 1e12) if self._unread else None

    def turn(self, due: float | None = None) -> Turn:
        return Turn(due)

    def checkpoint(self) -> None:
        return


@pytest.fixture(scope="module")
def jobs(store: Store) -> Jobs:
    require_tiny(store)
    return Jobs(SpeechSettings(device="cpu", default_model=TINY), store)


def listen(jobs: Jobs, data: bytes, size: int, raw: RawPcm | None = S16, **request: Any) -> list[Any]:
    pieces = [data[start : start + size] for start in range(0, len(data), size)]
    events = jobs.listen_live(Task(pieces, raw), LiveRequest(**request))
    return [event for event in events if not isinstance(event, Turn)]


def text(events: list[Any]) -> str:
    return "".join(event.text for event in events if isinstance(event, Final))


@pytest.mark.weights
def test_a_line_is_written_down_with_header_first_and_summary_last(jobs: Jobs) -> None:
    samples = recordings.line("0880")
    events = listen(jobs, pcm(samples), 3200)
    assert misheard(text(events)) <= ONE_WORD
    heard = [event for event in events if not isinstance(event, ProgressReport)]
    assert isinstance(heard[0], LiveHeader)
    assert isinstance(heard[-1], LiveSummary)
    summary = heard[-1]
    assert (summary.language, summary.utterances, summary.skipped_steps) == ("en", 1, 0)
    assert summary.source.frames == len(samples)
    assert summary.work.model is not None
    assert summary.work.model.name == TINY
    assert all(passed(event, LiveEvent | ProgressReport) == event for event in events)


@pytest.mark.weights
def test_the_text_does_not_depend_on_how_the_bytes_were_cut(jobs: Jobs) -> None:
    data = pcm(recordings.line("0930"))
    first, second = listen(jobs, data, 3200), listen(jobs, data, 997)
    assert text(first) == text(second) != ""
    assert [e for e in first if isinstance(e, Final)] == [e for e in second if isinstance(e, Final)]


@pytest.mark.weights
def test_opus_in_ogg_is_heard_as_pcm_is(jobs: Jobs) -> None:
    samples = recordings.line("0880")
    stereo = np.stack([np.repeat(samples, 3)] * 2).astype(np.float32)
    events = listen(jobs, encoded(stereo, "ogg", "libopus", 48_000), 1000, raw=None)
    assert misheard(text(events)) <= ONE_WORD
    assert events[-1].source.container == "ogg"
    assert events[-1].source.codec == "opus"


@pytest.mark.weights
def test_silence_is_an_answer_with_a_warning(jobs: Jobs) -> None:
    events = listen(jobs, pcm(np.zeros(16_000, np.float32)), 3200)
    assert text(events) == ""
    assert [warning.reason for warning in events[-1].warnings] == ["NO_SPEECH"]
    assert events[-1].language is None


@pytest.mark.weights
def test_a_language_that_the_model_does_not_know_is_refused(jobs: Jobs) -> None:
    with pytest.raises(AntiphonError, match="LANGUAGE_NOT_SUPPORTED"):
        listen(jobs, b"", 1, language="de")


def test_a_model_that_is_not_installed_is_named_with_its_command(tmp_path: Path) -> None:
    jobs = Jobs(SpeechSettings(), Store(tmp_path / "empty", Manifest.load(MANIFEST)))
    with pytest.raises(AntiphonError, match=r"MODEL_NOT_INSTALLED.*antiphon models pull whisper-base"):
        listen(jobs, b"", 1)


def test_a_model_whose_engine_does_not_listen_live_is_refused(tmp_path: Path) -> None:
    jobs = Jobs(SpeechSettings(), Store(tmp_path / "empty", Manifest.load(MANIFEST)))
    with pytest.raises(AntiphonError, match="LIVE_NOT_SERVED") as caught:
        listen(jobs, b"", 1, model="whisper-base.openai")
    assert caught.value.metadata["engine"] == "openai-whisper"


def test_without_a_default_model_a_stream_is_refused_as_a_recording_is(tmp_path: Path) -> None:
    jobs = Jobs(SpeechSettings(), Store(tmp_path / "empty", Manifest("speech", ())))
    with pytest.raises(AntiphonError, match="NO_DEFAULT_MODEL"):
        listen(jobs, b"", 1)


@pytest.mark.weights
def test_a_model_is_kept_while_a_stream_uses_it_and_no_longer(jobs: Jobs, store: Store) -> None:
    if not store.installed("whisper-base"):
        pytest.skip(f"whisper-base is not installed in {store.root}: antiphon models pull whisper-base")
    loader = jobs._live_worker()._loader
    data = pcm(np.zeros(16_000, np.float32))
    first = jobs.listen_live(Task([data], S16), LiveRequest(model=TINY))
    assert any(isinstance(event, LiveHeader) for event in first)
    listen(jobs, data, 3200, model="whisper-base")
    assert (loader.holds(TINY), loader.holds("whisper-base")) == (True, True)
    assert isinstance([event for event in first if not isinstance(event, Turn)][-1], LiveSummary)
    loader.give_up()
    assert (loader.holds(TINY), loader.holds("whisper-base")) == (False, False)


@pytest.mark.weights
@pytest.mark.parametrize("rate", [8_000, 44_100, 96_000])
def test_any_rate_in_bounds_is_heard(jobs: Jobs, rate: int) -> None:
    samples = recordings.line("0880")
    at = np.arange(int(len(samples) * rate / 16_000)) * 16_000 / rate
    resampled = np.interp(at, np.arange(len(samples)), samples).astype(np.float32)
    stereo = np.stack([resampled, resampled], axis=1)
    events = listen(jobs, (stereo * 32767).astype("<i2").tobytes(), 5000, RawPcm("s16le", rate, 2))
    assert misheard(text(events)) <= ONE_WORD
    assert events[-1].source.sample_rate == rate
