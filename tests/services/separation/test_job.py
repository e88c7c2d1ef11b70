"""The separation job from an upload to encoded stems, on a tiny seeded network."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from antiphon_wire.errors import AntiphonError, Cancelled
from chassis.audio import RawPcm, Source
from chassis.encodings import Encoding
from chassis.models import Store
from chassis.reports import ProgressReport
from services.separation.contract import (
    MAX_BLOCK_BYTES,
    Header,
    SeparationEvent,
    SeparationRequest,
    StemBlock,
    Summary,
    Tuning,
)
from services.separation.job import Jobs
from services.separation.settings import SeparationSettings
from tests.fixtures.muxed import Sound, muxed
from tests.fixtures.pipe import passed
from tests.services.separation.scripted_tasks import ScriptedTask, clip_of, samples_of, stems_of

REQUEST = SeparationRequest(encoding=Encoding("pcm_f32le"))


@pytest.fixture
def clip(tmp_path: Path) -> Callable[..., ScriptedTask]:
    """Makes a task of samples ``(channels, samples)``."""

    return partial(clip_of, tmp_path)


@pytest.fixture
def jobs(tiny_store: Store) -> Jobs:
    return Jobs(SeparationSettings(device="cpu", default_model="tiny"), tiny_store)


def test_a_header_comes_first_and_a_summary_once_and_last(
    jobs: Jobs, clip: Callable[..., ScriptedTask], signals: Any
) -> None:
    loading, header, *between, summary = jobs.separate(clip(signals.noise(60_000)), REQUEST)
    assert loading == ProgressReport(step="tiny", loading=True)
    assert header == Header(header.source, ("vocals", "accompaniment"), "pcm_f32le", 44_100, 2)
    assert (header.source.sample_rate, header.source.channels) == (44_100, 2)
    assert isinstance(summary, Summary)
    assert {type(event) for event in between} == {StemBlock, ProgressReport}


def test_a_model_is_loaded_once(jobs: Jobs, clip: Callable[..., ScriptedTask], signals: Any) -> None:
    task = clip(signals.noise(5_000))
    assert [event for event in jobs.separate(task, REQUEST) if getattr(event, "loading", False)]
    assert not [event for event in jobs.separate(task, REQUEST) if getattr(event, "loading", False)]
    other = SeparationRequest("twin", encoding=Encoding("pcm_f32le"))
    assert [event for event in jobs.separate(task, other) if getattr(event, "loading", False)]


def test_the_stems_sum_to_the_clip_and_their_facts_are_true(
    jobs: Jobs, clip: Callable[..., ScriptedTask], signals: Any, level: Callable[[np.ndarray, np.ndarray], float]
) -> None:
    mix = signals.noise(600_000)
    events = list(jobs.separate(clip(mix), REQUEST))
    data, summary = stems_of(events), events[-1]
    stems = {name: samples_of(each) for name, each in data.items()}
    assert level(sum(stems.values()) - mix, mix) < -120
    energies = {name: float(np.square(each, dtype=np.float64).sum()) for name, each in stems.items()}
    for each in summary.stems:
        stem = stems[each.name]
        assert (each.frames, each.sample_rate, each.channels, each.encoding) == (
            600_000,
            44_100,
            2,
            "pcm_f32le",
        )
        assert (each.byte_count, each.sha256) == (
            len(data[each.name]),
            hashlib.sha256(data[each.name]).digest(),
        )
        assert each.peak == np.abs(stem).max()
        assert each.rms_dbfs == pytest.approx(10 * np.log10(np.mean(np.square(stem, dtype=np.float64))), abs=1e-9)
        assert each.energy_share == pytest.approx(energies[each.name] / sum(energies.values()), abs=1e-12)
        assert each.clipped == 0
    assert sum(each.energy_share for each in summary.stems) == pytest.approx(1.0, abs=1e-12)
    assert summary.source.frames == 600_000
    assert summary.source.pcm_sha256 == hashlib.sha256(mix.T.tobytes()).digest()


def test_stems_are_interleaved_block_by_block_and_each_ends_once(
    jobs: Jobs, clip: Callable[..., ScriptedTask], signals: Any
) -> None:
    blocks = [event for event in jobs.separate(clip(signals.noise(600_000)), REQUEST) if isinstance(event, StemBlock)]
    assert all(len(block.data) <= MAX_BLOCK_BYTES for block in blocks)
    order = [stem for stem, _ in groupby(block.stem for block in blocks)]
    assert order == ["vocals", "accompaniment"] * (len(order) // 2)
    assert len(order) >= 6, "two patches and the end"
    for stem in ("vocals", "accompaniment"):
        mine = [block for block in blocks if block.stem == stem]
        assert [block.last for block in mine] == [False] * (len(mine) - 1) + [True]
        assert all(one.first_frame <= other.first_frame for one, other in pairwise(mine))


def test_a_subset_is_the_same_stem_with_its_share_of_all_stems(
    jobs: Jobs, clip: Callable[..., ScriptedTask], signals: Any
) -> None:
    mix = signals.noise(60_000)
    every = list(jobs.separate(clip(mix), REQUEST))
    one = list(jobs.separate(clip(mix), SeparationRequest(stems=("accompaniment",), encoding=Encoding("pcm_f32le"))))
    assert stems_of(one) == {"accompaniment": stems_of(every)["accompaniment"]}
    assert one[-1].stems == every[-1].stems[1:]
    assert 0.01 < one[-1].stems[0].energy_share < 0.99


def test_stems_come_in_the_models_order_whatever_the_order_asked(
    jobs: Jobs, clip: Callable[..., ScriptedTask], signals: Any
) -> None:
    request = SeparationRequest(stems=("accompaniment", "vocals"), encoding=Encoding("pcm_f32le"))
    header = next(each for each in jobs.separate(clip(signals.noise(2_000)), request) if isinstance(each, Header))
    assert header.stems == ("vocals", "accompaniment")


def test_progress_grows_with_the_audio_to_one(jobs: Jobs, clip: Callable[..., ScriptedTask], signals: Any) -> None:
    events = list(jobs.separate(clip(signals.noise(1_200_000)), REQUEST))
    seen = [event for event in events if isinstance(event, ProgressReport) and not event.loading]
    seconds = [event.audio_seconds for event in seen]
    assert seconds == sorted(seconds)
    assert seconds[-1] == 1_200_000 / 44_100
    # The first patch ends 2048 samples before its last frame's hop does.
    assert seconds[0] == (512 * 1024 - 2048) / 44_100
    assert seen[0].fraction == pytest.approx(seconds[0] / seconds[-1])
    assert seen[-1].fraction == 1.0


@pytest.mark.parametrize("rate", [8_000, 48_000])
def test_stems_are_as_long_as_the_resampled_clip(
    jobs: Jobs, clip: Callable[..., ScriptedTask], signals: Any, rate: int
) -> None:
    summary = list(jobs.separate(clip(signals.noise(rate), rate), REQUEST))[-1]
    assert {stem.frames for stem in summary.stems} == {44_100}
    assert (summary.source.sample_rate, summary.source.frames) == (rate, rate)


def test_a_mono_clip_gives_stereo_stems_with_equal_channels_that_sum_to_it(
    jobs: Jobs, clip: Callable[..., ScriptedTask], signals: Any
) -> None:
    mono = signals.noise(30_000)[:1]
    stems = [samples_of(data) for data in stems_of(list(jobs.separate(clip(mono), REQUEST))).values()]
    np.testing.assert_allclose(sum(stems), np.repeat(mono, 2, 0), rtol=0, atol=1e-6)


def test_ten_milliseconds_are_enough(jobs: Jobs, clip: Callable[..., ScriptedTask], signals: Any) -> None:
    summary = list(jobs.separate(clip(signals.noise(441)), REQUEST))[-1]
    assert {stem.frames for stem in summary.stems} == {441}


def test_silence_has_no_level_and_no_share(jobs: Jobs, clip: Callable[..., ScriptedTask]) -> None:
    summary = list(jobs.separate(clip(np.zeros((2, 10_000), np.float32)), REQUEST))[-1]
    assert [(stem.peak, stem.rms_dbfs, stem.energy_share) for stem in summary.stems] == [(0.0, None, None)] * 2


def test_a_clip_range_is_separated_alone(jobs: Jobs, clip: Callable[..., ScriptedTask], signals: Any) -> None:
    mix = signals.noise(88_200)
    stems = stems_of(list(jobs.separate(clip(mix, start_seconds=0.5, end_seconds=1.5), REQUEST)))
    np.testing.assert_allclose(sum(map(samples_of, stems.values())), mix[:, 22_050:66_150], rtol=0, atol=1e-6)


def test_stems_of_a_film_whose_sound_starts_late_and_has_a_hole_lie_on_its_time_line(
    jobs: Jobs, signals: Any, tmp_path: Path
) -> None:
    mix = 0.1 * signals.noise(3 * 44_100)

    def moved(at: float) -> float | None:
        return None if 1.0 <= at < 2.0 else at + 1.5

    path = tmp_path / "film.mkv"
    path.write_bytes(muxed("matroska", [Sound(mix, moved=moved)], picture_seconds=6.0))
    stems = stems_of(list(jobs.separate(ScriptedTask(Source(path)), REQUEST)))
    found = sum(map(samples_of, stems.values()))
    assert found.shape[1] == pytest.approx(4.5 * 44_100, abs=50)
    # FLAC's packets are 4,608 samples long: the hole begins and ends with one.
    first, start, end = 66_150, 66_150 + 10 * 4_608, 66_150 + 20 * 4_608
    assert np.abs(found[:, :first]).max() < 1e-6
    assert np.abs(found[:, start:end]).max() < 1e-6
    np.testing.assert_allclose(found[:, first:start], mix[:, : start - first], rtol=0, atol=1e-4)
    np.testing.assert_allclose(found[:, -20_000:], mix[:, -20_000:], rtol=0, atol=1e-4)


@pytest.mark.parametrize("encoding", ["pcm_s16le", "flac", "wav", "mp3", "opus", "aac", "vorbis"])
def test_every_encoding_gives_bytes_that_decode_to_the_stem(
    jobs: Jobs, clip: Callable[..., ScriptedTask], signals: Any, tmp_path: Path, encoding: str
) -> None:
    mix = signals.song(3.0)["vocals"]
    plain = samples_of(stems_of(list(jobs.separate(clip(mix), REQUEST)))["vocals"])
    events = list(jobs.separate(clip(mix), SeparationRequest(stems=("vocals",), encoding=Encoding(encoding))))
    path = tmp_path / "stem"
    path.write_bytes(stems_of(events)["vocals"])
    raw = RawPcm("s16le", 44_100, 2) if encoding == "pcm_s16le" else None
    found = Source(path, raw=raw).read(sample_rate=44_100, channels=2).samples
    assert found.shape == plain.shape
    # The lossy codecs keep the wave's shape; a stem cut apart, out of order or the other one would not correlate.
    assert np.corrcoef(found[0], plain[0])[0, 1] > 0.95


def test_clipped_samples_are_counted(jobs: Jobs, clip: Callable[..., ScriptedTask], signals: Any) -> None:
    loud = 40 * signals.noise(20_000)
    request = SeparationRequest(encoding=Encoding("pcm_s16le"))
    assert all(stem.clipped > 0 for stem in list(jobs.separate(clip(loud), request))[-1].stems)


def test_the_summary_says_how_it_was_made(jobs: Jobs, clip: Callable[..., ScriptedTask], signals: Any) -> None:
    work = list(jobs.separate(clip(signals.noise(2_000)), SeparationRequest(stems=("vocals",))))[-1].work
    assert (work.engine, work.device, work.precision, work.seed) == ("spleeter", "cpu", "float32", None)
    assert (work.model.name, work.model.revision) == ("tiny", "seeded")
    assert {"av", "soxr", "numpy", "torch"} <= work.library_versions.keys()
    assert work.parameters["stems"] == "vocals"
    assert work.parameters["encoding"] == "flac"
    assert "32" in work.parameters["mask_extension"]
    assert all(isinstance(value, str) for value in work.parameters.values())


def test_everything_yielded_passes_the_workers_wire(
    jobs: Jobs, clip: Callable[..., ScriptedTask], signals: Any
) -> None:
    for event in jobs.separate(clip(signals.noise(20_000)), REQUEST):
        assert passed(event, SeparationEvent) == event


def test_an_unknown_stem_is_refused_with_the_ones_there_are(
    jobs: Jobs, clip: Callable[..., ScriptedTask], signals: Any
) -> None:
    with pytest.raises(AntiphonError) as caught:
        next(jobs.separate(clip(signals.noise(100)), SeparationRequest(stems=("vocals", "drums"))))
    error = caught.value
    assert (error.code, error.reason, error.field) == ("INVALID_ARGUMENT", "UNKNOWN_STEM", "config.stems[1]")
    assert error.metadata == {"stem": "drums", "model": "tiny", "known": "vocals, accompaniment"}
    assert "no_" in error.message
    assert "residual" in error.message


def test_a_stem_asked_for_twice_is_refused(jobs: Jobs, clip: Callable[..., ScriptedTask], signals: Any) -> None:
    with pytest.raises(AntiphonError, match="DUPLICATE_STEM"):
        next(jobs.separate(clip(signals.noise(100)), SeparationRequest(stems=("vocals", "vocals"))))


@pytest.mark.parametrize(
    ("model", "reason"),
    [("absent", "MODEL_NOT_INSTALLED"), ("nonsense", "UNKNOWN_MODEL"), ("other", "ENGINE_NOT_SERVED")],
)
def test_a_model_that_cannot_serve_is_refused(
    jobs: Jobs, clip: Callable[..., ScriptedTask], signals: Any, model: str, reason: str
) -> None:
    with pytest.raises(AntiphonError, match=reason):
        next(jobs.separate(clip(signals.noise(100)), SeparationRequest(model)))


@pytest.mark.parametrize(("option", "value"), [("shifts", 1), ("overlap", 0.5), ("segment_seconds", 4.0), ("seed", 1)])
def test_an_engine_without_a_choice_refuses_it(
    jobs: Jobs, clip: Callable[..., ScriptedTask], signals: Any, option: str, value: float
) -> None:
    request = SeparationRequest(tuning=Tuning(**{option: value}))
    with pytest.raises(AntiphonError, match="OPTION_NOT_SUPPORTED") as caught:
        list(jobs.separate(clip(signals.noise(100)), request))
    assert caught.value.field == f"config.{option.removesuffix('_seconds')}"


def test_audio_that_nothing_can_read_is_refused_before_a_model_is_loaded(jobs: Jobs, tmp_path: Path) -> None:
    path = tmp_path / "noise"
    path.write_bytes(b"this is no audio " * 100)
    with pytest.raises(AntiphonError, match="AUDIO_UNDECODABLE"):
        next(jobs.separate(ScriptedTask(Source(path)), REQUEST))


def test_a_cancel_ends_the_job_and_the_next_one_is_unharmed(
    jobs: Jobs, clip: Callable[..., ScriptedTask], signals: Any, cancel_after: Callable[[int], Callable[[], None]]
) -> None:
    mix = signals.noise(1_200_000)
    events: list[Any] = []
    with pytest.raises(Cancelled):
        events.extend(jobs.separate(clip(mix, stop=cancel_after(3)), REQUEST))
    first = next(event for event in events if isinstance(event, StemBlock))
    assert first.first_frame == 0
    assert not any(isinstance(event, Summary) for event in events)
    again = list(jobs.separate(clip(mix[:, :30_000]), REQUEST))
    assert isinstance(again[-1], Summary)


def test_warming_loads_the_default_model_or_says_that_it_is_missing(tiny_store: Store) -> None:
    assert Jobs(SeparationSettings(device="cpu", default_model="tiny"), tiny_store).warm() == "tiny on cpu"
    assert Jobs(SeparationSettings(default_model="absent"), tiny_store).warm() == "absent is not installed"


def test_torch_is_not_imported_before_an_engine_is_needed() -> None:
    tell = "print('torch' in sys.modules)"
    code = f"import sys, services.separation.job; {tell}; import torch; {tell}"
    root = Path(__file__).parents[3]
    printed = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True).stdout
    assert printed.split() == ["False", "True"]
