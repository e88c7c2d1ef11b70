"""A job reads the recording, has it measured, and says how."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest

from antiphon_wire.errors import AntiphonError
from chassis.audio import Source
from chassis.models import Manifest, Store
from chassis.reading import RawPcm
from chassis.reports import ProgressReport
from services.essentia.contract import AnalysisRequest, GroupFeatures, Header, Summary
from services.essentia.job import Jobs
from services.essentia.settings import EssentiaSettings
from tests.fixtures.muxed import Sound, late, muxed
from tests.services.essentia import signals
from tests.services.essentia.conftest import MANIFEST
from tests.services.essentia.scripted_task import ScriptedTask
from tests.services.essentia.signals import write


@pytest.fixture
def jobs(tmp_path: Path) -> Jobs:
    return Jobs(EssentiaSettings(max_seconds=30), Store(tmp_path / "models", Manifest.load(MANIFEST)))


def test_a_job_tells_header_groups_and_summary_in_order(jobs: Jobs, tmp_path: Path) -> None:
    samples = signals.music(8)
    path = write(tmp_path / "music.wav", samples)
    request = AnalysisRequest(("signal", "loudness"))
    events = list(jobs.analyze(ScriptedTask(Source(path)), request))
    assert isinstance(events[0], Header)
    assert events[0].source.frames is None
    assert [event.group for event in events if isinstance(event, GroupFeatures)] == ["signal", "loudness"]
    summary = events[-1]
    assert isinstance(summary, Summary)
    assert summary.source.frames == samples.shape[1]
    # By way of integers, which have no negative zero.
    stored = (np.round(samples.T * 32767).astype("<i2") / 32768).astype("<f4")
    assert summary.source.pcm_sha256 == hashlib.sha256(stored.tobytes()).digest()
    assert (summary.work.engine, summary.work.model, summary.work.device) == ("features", None, "cpu")
    assert set(summary.work.library_versions) == {"essentia-tensorflow", "numpy"}
    assert summary.work.parameters["groups"] == "signal,loudness"


def test_the_engine_is_loaded_once_and_says_so(jobs: Jobs, tmp_path: Path) -> None:
    path = write(tmp_path / "tone.wav", signals.stack(signals.sine(440, -10, 1)))
    loads = []
    for _ in range(2):
        events = list(jobs.analyze(ScriptedTask(Source(path)), AnalysisRequest(("signal",))))
        loads.append(sum(isinstance(event, ProgressReport) and event.loading for event in events))
    assert loads == [1, 0]


@pytest.mark.parametrize(("channels", "rate"), [(1, 22050), (2, 48000), (6, 44100)])
def test_any_rate_and_layout_is_analysed_at_44100_in_one_or_two_channels(
    jobs: Jobs, tmp_path: Path, channels: int, rate: int
) -> None:
    times = np.arange(3 * rate) / rate
    tone = 0.2 * np.sin(2 * np.pi * 440 * times)
    path = write(tmp_path / "tone.wav", np.stack([tone] * channels).astype(np.float32), rate)
    events = list(jobs.analyze(ScriptedTask(Source(path)), AnalysisRequest(("signal", "pitch"))))
    groups = {event.group: event.values for event in events if isinstance(event, GroupFeatures)}
    assert groups["signal"]["channel_count"] == min(channels, 2)
    # A resampler may add or drop a few samples at the end.
    assert groups["signal"]["duration_seconds"] == pytest.approx(3, abs=0.001)
    # The pitch would be off by the ratio of the rates if the audio were taken for 44.1 kHz.
    assert groups["pitch"]["yin_pitch_median_hz"] == pytest.approx(440, rel=0.002)


@pytest.mark.parametrize("headerless", [False, True])
def test_surround_is_as_loud_as_its_channels_and_an_assumed_layout_is_told_once(
    jobs: Jobs, tmp_path: Path, headerless: bool
) -> None:
    # Case 6 of EBU Tech 3341, with a tone in the channel for low frequencies, which has no loudness.
    levels = (-28, -28, -24, -6, -30, -30)
    samples = np.stack([signals.sine(60 if level == -6 else 1000, level, 5) for level in levels]).astype(np.float32)
    path, raw = tmp_path / "surround", RawPcm("s16le", signals.SAMPLE_RATE, 6) if headerless else None
    if headerless:
        path.write_bytes(np.round(samples.T * 32767).astype("<i2").tobytes())
    else:
        write(path, samples)
    events = list(jobs.analyze(ScriptedTask(Source(path, raw)), AnalysisRequest(("signal", "loudness"))))
    groups = {event.group: event.values for event in events if isinstance(event, GroupFeatures)}
    assert groups["loudness"]["integrated_lufs"] == pytest.approx(-23, abs=0.1)
    assert groups["loudness"]["true_peak_dbtp"] == pytest.approx(-6, abs=0.05)
    assert groups["signal"]["channel_count"] == 2
    assert isinstance(events[-1], Summary)
    assert [warning.reason for warning in events[-1].warnings] == ["AUDIO_LAYOUT_ASSUMED"]


def test_channels_that_cancel_in_the_mix_of_surround_are_told(jobs: Jobs, tmp_path: Path) -> None:
    tone, silence = signals.sine(440, -10, 3), signals.sine(440, -200, 3)
    path = write(tmp_path / "surround.wav", signals.stack(tone, silence, -tone, silence, silence, silence))
    events = list(jobs.analyze(ScriptedTask(Source(path)), AnalysisRequest(("signal",))))
    assert isinstance(events[-1], Summary)
    assert "AUDIO_OUT_OF_PHASE" in [warning.reason for warning in events[-1].warnings]


def test_a_clip_beyond_the_limit_is_refused_with_the_limit(jobs: Jobs, tmp_path: Path) -> None:
    path = write(tmp_path / "long.wav", signals.stack(signals.sine(440, -10, 31)))
    with pytest.raises(AntiphonError) as caught:
        list(jobs.analyze(ScriptedTask(Source(path)), AnalysisRequest(("signal",))))
    assert caught.value.reason == "AUDIO_TOO_LONG"
    assert caught.value.metadata["max_seconds"] == "30"
    part = list(jobs.analyze(ScriptedTask(Source(path, end_seconds=5)), AnalysisRequest(("signal",))))
    assert isinstance(part[-1], Summary)


def test_a_limit_that_makes_no_sense_is_refused() -> None:
    with pytest.raises(ValueError, match="window_seconds"):
        EssentiaSettings(window_seconds=1)


def test_a_film_whose_music_starts_late_is_measured_on_its_time_line(jobs: Jobs, tmp_path: Path) -> None:
    music = signals.stack(signals.metronome(120, 10))
    silence = np.zeros((1, round(3.1 * signals.SAMPLE_RATE)), np.float32)
    plain = write(tmp_path / "plain.wav", np.concatenate([silence, music], axis=1))
    film = tmp_path / "film.mkv"
    film.write_bytes(muxed("matroska", [Sound(music, moved=late(3.1))], picture_seconds=16))
    request = AnalysisRequest(("rhythm",), include_series=True)
    found, expected = (list(jobs.analyze(ScriptedTask(Source(path)), request)) for path in (film, plain))

    def beats(events: list[object]) -> object:
        (series,) = [event for event in events if isinstance(event, GroupFeatures) and event.group == "series"]
        return series.values["beat_seconds"]

    # FLAC rounds to 24 bits and WAV to 16: the beats do not hear it.
    assert beats(found) == pytest.approx(beats(expected), abs=1e-6)
    assert isinstance(found[-1], Summary)
    assert found[-1].source.time_line.late_seconds == pytest.approx(3.1, abs=0.001)
    assert found[-1].source.frames == silence.shape[1] + music.shape[1]
