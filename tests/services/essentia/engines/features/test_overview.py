"""The overview is what a player draws: peaks, spectrogram and loudness at their places, for any length."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

from chassis.audio import Audio
from services.essentia.contract import AnalysisRequest, GroupFeatures
from services.essentia.engines.features import Features
from services.essentia.messages import features
from tests.services.essentia import signals
from tests.services.essentia.conftest import Analyze

RATE = signals.SAMPLE_RATE


def drawn(analyze: Analyze, samples: signals.Samples, **options: object) -> Mapping[str, object]:
    return analyze(samples, "overview", **options).groups["overview"]


def peaks(values: Mapping[str, object]) -> np.ndarray:
    """(steps, 2), least and greatest."""
    return np.frombuffer(values["peaks"], np.int8).reshape(-1, 2)  # type: ignore[call-overload,no-any-return]


def spectrogram(values: Mapping[str, object]) -> np.ndarray:
    """(columns, bands) in dB."""
    tiles = [np.frombuffer(tile["levels"], np.uint8) for tile in values["tiles"]]  # type: ignore[attr-defined]
    scale = (values["ceiling_db"] - values["floor_db"]) / 255  # type: ignore[operator]
    return np.concatenate(tiles).reshape(-1, len(values["band_hz"])) * scale + values["floor_db"]  # type: ignore[arg-type,operator]


def test_it_is_given_only_where_it_is_asked_for(analyze: Analyze) -> None:
    assert "overview" not in analyze(signals.music(4)).groups


def test_peaks_are_the_least_and_greatest_samples_of_each_hundredth_of_a_second(analyze: Analyze) -> None:
    left, right = np.zeros(RATE), np.zeros(RATE)
    left[4410 + 7], right[4410 + 9], left[8820] = 0.5, -0.25, 2.0
    found = peaks(drawn(analyze, signals.stack(left, right)))
    assert found.shape == (100, 2)
    assert found[10].tolist() == [-32, 64]
    # Beyond full scale is full scale.
    assert found[20].tolist() == [0, 127]
    assert np.count_nonzero(found) == 3


def test_a_tone_is_in_its_band_at_its_level_when_it_sounds(analyze: Analyze) -> None:
    tone = signals.sine(1000, -20, 8) * (signals.seconds(8) >= 4)
    values = drawn(analyze, signals.stack(tone))
    levels = spectrogram(values)
    assert levels.shape == (80, 96)
    hertz = np.array(values["band_hz"])
    band = int(np.abs(hertz - 1000).argmin())
    assert (levels[:38] == values["floor_db"]).all()
    assert set(levels[42:79].argmax(1)) <= {band - 1, band, band + 1}
    # Between two bands' middles a tone is half in each.
    assert levels[42:79].max() == pytest.approx(-20, abs=3.5)


def test_the_loudness_curve_is_the_momentary_loudness(analyze: Analyze) -> None:
    tone = signals.sine(997, -20, 3) * (signals.seconds(3) >= 1)
    curve = drawn(analyze, signals.stack(tone, tone))["momentary_lufs"]
    assert isinstance(curve, tuple)
    # Windows of 0.4 s, every 0.1 s.
    assert len(curve) == 27
    assert curve[:6] == pytest.approx([-70] * 6, abs=1e-9)
    assert curve[10:] == pytest.approx([-20] * 17, abs=0.1)


def test_silence_is_drawn_too(analyze: Analyze) -> None:
    values = drawn(analyze, np.zeros((2, 2 * RATE), np.float32))
    assert peaks(values).shape == (200, 2)
    assert not peaks(values).any()
    assert (spectrogram(values) == values["floor_db"]).all()


def test_less_than_a_step_is_one_step(engine: Features) -> None:
    clip = Audio(signals.stack(signals.noise(0.055)), RATE)
    (found,) = (
        event for event in engine.analyze(clip, AnalysisRequest(("overview",))) if isinstance(event, GroupFeatures)
    )
    assert peaks(found.values).shape == (6, 2)
    assert len(spectrogram(found.values)) == 1
    assert "momentary_lufs" not in found.values


def test_a_recording_of_several_windows_is_drawn_as_if_it_were_one(analyze: Analyze) -> None:
    long = np.tile(signals.music(20), 7)[:, : 137 * RATE + 300]
    in_windows, whole = drawn(analyze, long), Features(window_seconds=600)
    (at_once,) = (
        event.values
        for event in whole.analyze(Audio(long, RATE), AnalysisRequest(("overview",)))
        if isinstance(event, GroupFeatures)
    )
    assert peaks(in_windows).shape == (13701, 2)
    assert np.array_equal(peaks(in_windows), peaks(at_once))
    assert np.abs(spectrogram(in_windows) - spectrogram(at_once)).max() <= 0.4
    tiles = in_windows["tiles"]
    assert isinstance(tiles, tuple)
    assert [(tile["start_seconds"], tile["column_count"]) for tile in tiles][-2:] == [(90.0, 300), (120.0, 170)]


def test_a_stem_has_one_beside_its_numbers(analyze: Analyze) -> None:
    found = analyze(signals.music(4), "stem", "overview", stem="drums")
    assert found.groups["stem"]["name"] == "drums"
    assert len(peaks(found.groups["overview"])) == 400


def test_the_message_has_the_bytes(analyze: Analyze) -> None:
    values = drawn(analyze, signals.music(4))
    message = features(GroupFeatures("overview", values)).overview
    assert message.peaks == values["peaks"]
    assert [tile.levels for tile in message.tiles] == [tile["levels"] for tile in values["tiles"]]  # type: ignore[attr-defined]
    assert message.tiles[0].column_count * len(message.band_hz) == len(message.tiles[0].levels)
