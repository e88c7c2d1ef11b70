"""What is measured of a stem."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

from antiphon.essentia.v1 import essentia_service_pb2 as pb
from antiphon_wire.errors import AntiphonError
from chassis.audio import Audio
from chassis.reports import WarningReport
from services.essentia.contract import STEM, AnalysisRequest, GroupFeatures
from services.essentia.engines.features import Features, onsets, stems
from services.essentia.engines.features.values import Values
from tests.services.essentia import signals


def measure(
    samples: signals.Samples, beats: tuple[float, ...] = (), window_seconds: float = 600
) -> tuple[Mapping[str, object], set[str]]:
    request = AnalysisRequest((STEM,), stem="drums", beat_seconds=beats)
    events = list(Features(window_seconds).analyze(Audio(samples, signals.SAMPLE_RATE), request))
    values = [event.values for event in events if isinstance(event, GroupFeatures)]
    assert len(values) == 1
    return values[0], {event.reason for event in events if isinstance(event, WarningReport)}


METRONOME = signals.stack(signals.metronome(120, 24))
BEATS = tuple(0.5 * index for index in range(48))


def test_music_fills_every_field() -> None:
    found, _ = measure(signals.music(20))
    assert set(found) == {field.name for field in pb.StemFeatures.DESCRIPTOR.fields}
    assert found["name"] == "drums"


def test_a_metronome_is_even_dense_as_it_ticks_and_on_the_beat() -> None:
    found, _ = measure(METRONOME, BEATS)
    assert found["onset_density_hz_mean"] == pytest.approx(2, abs=0.1)
    # A window of 4 s holds 8 ticks, or 7 or 9 where one is at its border.
    assert found["onset_density_hz2_variance"] < 0.1  # type: ignore[operator]
    assert found["rhythmic_evenness"] > 0.95  # type: ignore[operator]
    assert found["rhythmic_complexity"] < 0.35  # type: ignore[operator]
    assert (found["syncopation"], found["beats_from"]) == (pytest.approx(0, abs=0.01), "caller")


def test_ticks_between_the_beats_of_the_mix_are_all_syncopated() -> None:
    found, _ = measure(METRONOME, tuple(beat + 0.25 for beat in BEATS))
    assert found["syncopation"] == pytest.approx(1, abs=0.01)


def test_without_beats_the_stems_own_are_taken() -> None:
    found, _ = measure(METRONOME)
    assert found["beats_from"] == "stem"
    assert found["syncopation"] < 0.2  # type: ignore[operator]


def test_a_held_chord_moves_less_than_a_cadence() -> None:
    held = sum(signals.sine(hz, -20, 12) for hz in (261.63, 329.63, 392.0))
    still, _ = measure(signals.stack(np.asarray(held)))
    moving, _ = measure(signals.stack(signals.cadence(signals.C_MAJOR)))
    for name in ("harmonic_movement", "harmonic_variance"):
        low, high = still[name], moving[name]
        assert isinstance(low, float)
        assert isinstance(high, float)
        assert 0 <= low < high / 2 < 0.5


def test_chroma_that_moves_all_the_way_moves_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    # From C alone to F alone and back, frame by frame: as far as twelve shares of 1 can move.
    monkeypatch.setattr(stems, "_chroma", lambda mono: np.eye(12, dtype=np.float32)[[0, 5] * 10])
    found, _ = measure(signals.music(4))
    assert found["harmonic_movement"] == pytest.approx(1)
    # Two of twelve pitch classes vary by a quarter: a mean of 1/24, over 0.1.
    assert found["harmonic_variance"] == pytest.approx(10 / 24)


def test_complexity_and_evenness_are_those_of_the_intervals() -> None:
    values = Values()
    onsets.put_evenness(values, np.array([0.2, 0.4] * 10))
    # Two lengths, each half of them: ln 2 nats; a deviation of a third of their mean.
    assert values["rhythmic_complexity"] == pytest.approx((np.log(2) / 5 + 1 / 3 / 2) / 2)
    assert values["rhythmic_evenness"] == pytest.approx(3 / 4)


def test_intervals_that_are_the_same_but_for_rounding_are_even_and_not_complex() -> None:
    values = Values()
    onsets.put_evenness(values, 1.0 + 1e-16 * np.arange(8) + np.array([0, 2.3e-16] * 4))
    assert values["rhythmic_evenness"] == pytest.approx(1)
    assert values["rhythmic_complexity"] == pytest.approx(0)


def test_a_weak_onset_off_the_beat_counts_less_than_a_strong_one() -> None:
    ticks = signals.metronome(120, 12) + signals.noise(12, 1e-3)
    quiet = 0.1 * np.roll(signals.metronome(120, 12), round(0.25 * signals.SAMPLE_RATE))
    weak, strong = (
        measure(signals.stack(ticks + quiet), tuple(beat + late for beat in BEATS[:24]))[0] for late in (0, 0.25)
    )
    assert weak["onset_count"] == 48, "this tests nothing"
    # As many on the beat as off it: half, if all counted the same.
    assert weak["syncopation"] < 0.4  # type: ignore[operator]
    assert strong["syncopation"] > 0.6  # type: ignore[operator]


def test_a_silent_stem_has_nothing_but_its_name_and_no_onsets() -> None:
    found, reasons = measure(np.zeros((2, 10 * signals.SAMPLE_RATE), np.float32))
    assert "AUDIO_SILENT" in reasons
    assert set(found) <= {"name", "onset_count"}


def test_a_quiet_stem_reads_its_own_loudness() -> None:
    tone = signals.sine(1000, -55, 5)
    found, _ = measure(signals.stack(tone, tone))
    assert found["integrated_lufs"] == pytest.approx(-55, abs=0.1)


def test_windows_change_nothing_but_the_beats() -> None:
    long = np.tile(signals.music(20), 4)
    beats = tuple(0.5 * index for index in range(160))
    whole, cut = measure(long, beats)[0], measure(long, beats, 60)[0]
    assert set(whole) == set(cut)
    for name in ("integrated_lufs", "onset_density_hz_mean", "rhythmic_evenness", "harmonic_variance"):
        # An onset at the border of two windows may be missing or double.
        assert cut[name] == pytest.approx(whole[name], rel=0.1), name


def test_a_stem_without_a_name_is_refused() -> None:
    with pytest.raises(AntiphonError) as caught:
        AnalysisRequest((STEM,))
    assert (caught.value.reason, caught.value.field) == ("STEM_UNNAMED", "config.stem")


@pytest.mark.parametrize("beats", [(2.0, 1.0), (-1.0, 2.0), (float("nan"),)])
def test_beats_that_make_no_sense_are_refused(beats: tuple[float, ...]) -> None:
    with pytest.raises(AntiphonError) as caught:
        AnalysisRequest(beat_seconds=beats)
    assert caught.value.reason == "BEAT_SECONDS"


@pytest.mark.parametrize("seconds", [0.5, 601, float("nan")])
def test_a_step_of_the_series_that_makes_no_sense_is_refused(seconds: float) -> None:
    with pytest.raises(AntiphonError) as caught:
        AnalysisRequest(series_window_seconds=seconds)
    assert caught.value.reason == "SERIES_WINDOW"
