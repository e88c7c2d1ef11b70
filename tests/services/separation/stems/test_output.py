"""How stems come out: rate, gain, levels, progress; on a tiny seeded network."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from antiphon_wire.errors import AntiphonError
from chassis.audio import Encoder, LoudnessMeter, Source
from chassis.audio.tags import Tags
from chassis.encodings import Encoding
from chassis.models import Store
from chassis.reports import ProgressReport
from services.separation.contract import Header, SeparationRequest, StemBlock
from services.separation.engines.spleeter.engine import Spleeter
from services.separation.job import Jobs
from services.separation.settings import SeparationSettings
from services.separation.stems.form import output_rate
from services.separation.stems.gain import LARGEST
from tests.services.separation.scripted_tasks import ScriptedTask, clip_of, samples_of, stems_of


@pytest.fixture
def jobs(tiny_store: Store) -> Jobs:
    return Jobs(SeparationSettings(device="cpu", default_model="tiny"), tiny_store)


@pytest.fixture
def clip(tmp_path: Path) -> Callable[..., Any]:
    return partial(clip_of, tmp_path)


def test_a_model_that_gives_no_numbers_is_told_as_such(
    jobs: Jobs, clip: Callable[..., Any], signals: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    separate = Spleeter.separate

    def damaged(self: Spleeter, *given: Any) -> Any:
        for block in separate(self, *given):
            yield replace(block, stems={name: samples * np.nan for name, samples in block.stems.items()})

    monkeypatch.setattr(Spleeter, "separate", damaged)
    for rescale in (False, True):
        with pytest.raises(AntiphonError, match="NaN or an infinity for the stem vocals") as caught:
            list(jobs.separate(clip(signals.noise(30_000)), SeparationRequest(rescale=rescale)))
        assert (caught.value.code, caught.value.reason) == ("FAILED_PRECONDITION", "MODEL_NOT_FINITE")


def header_of(events: list[Any]) -> Header:
    return next(event for event in events if isinstance(event, Header))


@pytest.mark.parametrize(
    ("encoding", "asked", "source_rate", "rate"),
    [
        ("flac", None, 48_000, 44_100),
        ("flac", 0, 48_000, 48_000),
        ("flac", 22_050, 48_000, 22_050),
        ("pcm_f32le", 0, 8_000, 8_000),
        ("wav", 0, 192_000, 192_000),
        ("mp3", 0, 8_000, 48_000),
        ("opus", None, 44_100, 48_000),
        ("aac", 0, 96_000, 96_000),
        ("aac", 0, 192_000, 48_000),
    ],
)
def test_stems_come_at_the_rate_asked_for(
    jobs: Jobs, clip: Callable[..., Any], signals: Any, encoding: str, asked: int | None, source_rate: int, rate: int
) -> None:
    request = SeparationRequest(stems=("vocals",), encoding=Encoding(encoding), sample_rate=asked)
    events = list(jobs.separate(clip(signals.noise(source_rate // 2), source_rate), request))
    (report,) = events[-1].stems
    assert header_of(events).sample_rate == report.sample_rate == rate
    assert report.frames == rate // 2
    assert events[-1].work.parameters["output_sample_rate"] == str(rate)


def test_stems_at_the_rate_of_the_clip_sum_to_the_clip(
    jobs: Jobs, clip: Callable[..., Any], level: Callable[[np.ndarray, np.ndarray], float]
) -> None:
    # 1 and 5 kHz pass both resamplings whole; noise up to half the rate would not.
    time = np.arange(96_000) / 48_000
    mix = np.stack([0.3 * np.sin(2 * np.pi * hertz * time) for hertz in (1000, 5000)]).astype(np.float32)
    events = list(jobs.separate(clip(mix, 48_000), SeparationRequest(encoding=Encoding("pcm_f32le"), sample_rate=0)))
    total = sum(samples_of(data) for data in stems_of(events).values())
    assert total.shape == mix.shape
    inner = slice(2_000, -2_000)  # a resampler sees silence beyond the ends
    assert level(total[:, inner] - mix[:, inner], mix[:, inner]) < -80


@pytest.mark.parametrize(
    ("encoding", "asked", "nearest"), [("mp3", 22_050, 44_100), ("opus", 44_100, 48_000), ("aac", 50_000, 48_000)]
)
def test_a_named_rate_that_the_encoding_does_not_have_is_refused(
    jobs: Jobs, clip: Callable[..., Any], signals: Any, encoding: str, asked: int, nearest: int
) -> None:
    with pytest.raises(AntiphonError) as caught:
        next(jobs.separate(clip(signals.noise(100)), SeparationRequest(encoding=Encoding(encoding), sample_rate=asked)))
    error = caught.value
    assert (error.code, error.reason) == ("INVALID_ARGUMENT", "OUTPUT_SAMPLE_RATE")
    assert error.field == "config.output_sample_rate_hertz"
    assert error.metadata["nearest"] == str(nearest)
    assert output_rate(encoding, nearest, 44_100, 44_100) == nearest


@pytest.mark.parametrize("encoding", ["pcm_s16le", "flac", "mp3", "opus", "aac", "vorbis"])
def test_rescaling_keeps_every_stem_within_full_scale_by_one_gain(
    jobs: Jobs, clip: Callable[..., Any], signals: Any, encoding: str
) -> None:
    loud = 40 * signals.noise(60_000)
    plain = list(jobs.separate(clip(loud), SeparationRequest(encoding=Encoding(encoding))))[-1]
    assert sum(stem.clipped for stem in plain.stems) > 0
    assert plain.gain is None
    summary = list(jobs.separate(clip(loud), SeparationRequest(encoding=Encoding(encoding), rescale=True)))[-1]
    assert [stem.clipped for stem in summary.stems] == [0, 0]
    assert max(stem.peak for stem in summary.stems) == pytest.approx(LARGEST, abs=1e-6)
    assert summary.gain == pytest.approx(LARGEST / max(stem.peak for stem in plain.stems), rel=1e-6)
    for before, after in zip(plain.stems, summary.stems, strict=True):
        assert after.peak == pytest.approx(before.peak * summary.gain, rel=1e-5)
        assert after.energy_share == before.energy_share
    assert summary.work.parameters["clip_mode"] == "rescale"


def test_rescaled_stems_still_sum_to_the_mix_made_quieter(
    jobs: Jobs, clip: Callable[..., Any], signals: Any, level: Callable[[np.ndarray, np.ndarray], float]
) -> None:
    loud = 40 * signals.noise(60_000)
    events = list(jobs.separate(clip(loud), SeparationRequest(encoding=Encoding("pcm_f32le"), rescale=True)))
    total, wanted = sum(map(samples_of, stems_of(events).values())), loud * events[-1].gain
    assert level(total - wanted, wanted) < -120


@pytest.mark.parametrize("peak", [0.0, 0.1])
def test_what_does_not_clip_is_not_changed_by_rescaling(jobs: Jobs, clip: Callable[..., Any], peak: float) -> None:
    quiet = np.full((2, 20_000), peak, np.float32)
    events = list(jobs.separate(clip(quiet), SeparationRequest(encoding=Encoding("pcm_f32le"), rescale=True)))
    assert events[-1].gain == 1.0
    assert stems_of(events) == stems_of(
        list(jobs.separate(clip(quiet), SeparationRequest(encoding=Encoding("pcm_f32le"))))
    )


def test_progress_over_two_passes_never_falls_and_sends_audio_in_the_second(
    jobs: Jobs, clip: Callable[..., Any], signals: Any
) -> None:
    mix = signals.noise(1_200_000)
    events = list(jobs.separate(clip(mix), SeparationRequest(encoding=Encoding("pcm_f32le"), rescale=True)))
    seen = [event for event in events if isinstance(event, ProgressReport) and not event.loading]
    fractions = [event.fraction for event in seen]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0
    first = next(index for index, event in enumerate(events) if isinstance(event, StemBlock))
    before = [event.fraction for event in events[:first] if isinstance(event, ProgressReport) and not event.loading]
    assert before[-1] == 0.5
    assert {event.audio_seconds is None for event in seen} == {True, False}
    assert seen[-1].audio_seconds == 1_200_000 / 44_100


def test_the_time_left_is_told_after_the_first_block_and_is_nothing_at_the_end(
    jobs: Jobs, clip: Callable[..., Any], signals: Any
) -> None:
    events = list(jobs.separate(clip(signals.noise(1_800_000)), SeparationRequest(encoding=Encoding("pcm_f32le"))))
    seen = [event for event in events if isinstance(event, ProgressReport)]
    assert [event.remaining_seconds for event in seen if event.loading] == [None]
    left = [event.remaining_seconds for event in seen if not event.loading]
    assert all(seconds >= 0 for seconds in left)
    assert left[0] > 0
    assert left[-1] == 0


def test_levels_are_those_of_the_samples_that_were_encoded(jobs: Jobs, clip: Callable[..., Any], signals: Any) -> None:
    events = list(jobs.separate(clip(signals.noise(132_300)), SeparationRequest(encoding=Encoding("pcm_f32le"))))
    for report in events[-1].stems:
        samples = samples_of(stems_of(events)[report.name])
        meter = LoudnessMeter(44_100, 2)
        meter.feed(samples)
        assert report.integrated_lufs == meter.finish()
        assert report.integrated_lufs == pytest.approx(report.rms_dbfs + 3, abs=4), "of noise, near its level"
        assert report.peak_dbfs == pytest.approx(20 * np.log10(np.abs(samples).max()), abs=1e-9)


def test_silence_has_neither_loudness_nor_peak_in_decibels(jobs: Jobs, clip: Callable[..., Any]) -> None:
    summary = list(jobs.separate(clip(np.zeros((2, 60_000), np.float32)), SeparationRequest()))[-1]
    assert [(stem.integrated_lufs, stem.peak_dbfs, stem.peak) for stem in summary.stems] == [(None, None, 0.0)] * 2
    assert summary.residual_energy_share is None


def test_aac_is_a_file_that_plays_in_place(jobs: Jobs, clip: Callable[..., Any], signals: Any, tmp_path: Path) -> None:
    events = list(
        jobs.separate(clip(signals.noise(200_000)), SeparationRequest(stems=("vocals",), encoding=Encoding("aac")))
    )
    path = tmp_path / "vocals.m4a"
    path.write_bytes(stems_of(events)["vocals"])
    report = Source(path).report
    assert (report.codec, report.sample_rate, report.channels) == ("aac", 44_100, 2)


def test_stems_say_of_their_music_what_the_song_says_where_asked(jobs: Jobs, signals: Any, tmp_path: Path) -> None:
    song = tmp_path / "song.flac"
    encoder = Encoder("flac", 44_100, 2, Tags({"title": "A song", "artist": "Somebody"}))
    song.write_bytes(encoder.write(signals.noise(20_000)) + encoder.finish())
    for tags in (True, False):
        request = SeparationRequest(stems=("vocals",), encoding=Encoding("mp3", tags=tags))
        stem = tmp_path / "vocals.mp3"
        stem.write_bytes(stems_of(list(jobs.separate(ScriptedTask(Source(song)), request)))["vocals"])
        assert Source(stem).tags().text == ({"title": "A song", "artist": "Somebody"} if tags else {})
