"""Audio with no answer gives none: a typed warning, absent fields, and never a made-up number."""

from __future__ import annotations

import math

import numpy as np
import pytest

from antiphon_wire.errors import AntiphonError
from chassis.audio import Audio
from services.essentia.contract import GROUPS, AnalysisRequest
from services.essentia.engines.features import Features
from tests.services.essentia import signals
from tests.services.essentia.conftest import Analyze


def click(length: float) -> signals.Samples:
    samples = np.zeros((1, round(length * signals.SAMPLE_RATE)), np.float32)
    samples[0, samples.shape[1] // 2] = 1
    return samples


DEGENERATE = {
    "silence": np.zeros((2, 3 * signals.SAMPLE_RATE), np.float32),
    "constant": np.full((1, 3 * signals.SAMPLE_RATE), 0.5, np.float32),
    "one click": click(6),
    "noise": signals.stack(signals.noise(10), signals.noise(10, seed=1)),
    "tone": signals.stack(signals.sine(440, -6, 10)),
    "low sawtooth": signals.stack(np.sum([signals.sine(110 * n, -16, 10) / n for n in range(1, 40)], 0)),
    "low square": signals.stack(np.sum([signals.sine(55 * n, -16, 10) / n for n in range(1, 80, 2)], 0)),
    "one hertz": signals.stack(signals.sine(1, -6, 10)),
    "click in a silent minute": np.pad(click(1), ((0, 0), (0, 59 * signals.SAMPLE_RATE))),
    "dead channel": signals.stack(signals.noise(4), np.zeros(4 * signals.SAMPLE_RATE)),
    "opposite channels": signals.stack(signals.noise(4), -signals.noise(4)),
    "60 ms": signals.stack(signals.noise(0.06)),
    "half a second": signals.stack(signals.noise(0.5)),
    "three seconds": signals.stack(signals.noise(3), signals.noise(3)),
    "next to nothing": signals.stack(signals.noise(4, 2e-4)),
    "far beyond full scale": signals.stack(signals.noise(4, 1e5)),
    "silence, then a note": signals.stack(np.concatenate([np.zeros(2 * signals.SAMPLE_RATE), signals.note(60, 2)])),
}


def numbers(value: object) -> list[float]:
    """Every number in a value, however deep."""
    if isinstance(value, dict):
        return [number for each in value.values() for number in numbers(each)]
    if isinstance(value, tuple):
        return [number for each in value for number in numbers(each)]
    return [] if isinstance(value, str) else [float(value)]  # type: ignore[arg-type]


@pytest.mark.parametrize("name", DEGENERATE)
def test_every_number_is_finite_and_every_group_is_told_once(analyze: Analyze, name: str) -> None:
    found = analyze(DEGENERATE[name], include_series=True, melody=True)
    assert sorted(found.order) == sorted((*GROUPS, "series"))
    for group, values in found.groups.items():
        for field, value in values.items():
            assert all(math.isfinite(number) for number in numbers(value)), (group, field, value)


@pytest.mark.parametrize("name", DEGENERATE)
def test_no_tempo_and_no_key_are_made_up(analyze: Analyze, name: str) -> None:
    found = analyze(DEGENERATE[name], "rhythm", "tonal")
    rhythm, tonal = found.groups["rhythm"], found.groups["tonal"]
    assert not {"bpm", "bpm_degara", "bpm_percival", "beat_count"} & set(rhythm)
    assert not {"key_tonic", "key_scale", "key_agreement", "key_estimates"} & set(tonal)
    assert found.warnings


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("silence", "AUDIO_SILENT"),
        ("constant", "AUDIO_CONSTANT"),
        ("one hertz", "AUDIO_INFRASONIC"),
        ("one click", "TEMPO_NOT_FOUND"),
        ("noise", "KEY_UNCLEAR"),
        ("tone", "KEY_UNCLEAR"),
        ("low sawtooth", "KEY_UNCLEAR"),
        ("low square", "KEY_UNCLEAR"),
        ("dead channel", "CHANNEL_DEAD"),
        ("opposite channels", "AUDIO_OUT_OF_PHASE"),
        ("60 ms", "AUDIO_SHORT"),
        ("half a second", "AUDIO_SHORT"),
        ("next to nothing", "LOUDNESS_BELOW_GATE"),
    ],
)
def test_the_warning_says_what_is_wrong(analyze: Analyze, name: str, reason: str) -> None:
    assert reason in analyze(DEGENERATE[name]).reasons()


def test_the_overtones_of_a_low_note_are_no_chord_but_a_chord_is_one(analyze: Analyze) -> None:
    for name in ("low sawtooth", "low square"):
        assert "chord_shares" not in analyze(DEGENERATE[name], "tonal").groups["tonal"]
    notes = [220 * 2 ** (semitones / 12) for semitones in (-24, 0, 4, 7)]
    chord = np.sum([signals.sine(hz * n, -30, 10) / n for hz in notes for n in range(1, 20)], 0)
    shares = analyze(signals.stack(chord), "tonal").groups["tonal"]["chord_shares"]
    assert shares == ({"name": "A", "share": pytest.approx(1)},)


@pytest.mark.parametrize("low", [110, 220, 440])
def test_a_chord_of_pure_tones_is_not_taken_for_one_note(analyze: Analyze, low: float) -> None:
    # Nearly the fourth to the sixth overtone of one note: they repeat themselves to 0.99.
    pitches = [low * 2 ** (semitones / 12) for semitones in (0, 4, 7)]
    found = analyze(signals.stack(np.sum([signals.sine(hz, -16, 10) for hz in pitches], 0)), "tonal")
    assert not found.warnings
    assert (found.groups["tonal"]["key_tonic"], found.groups["tonal"]["key_scale"]) == ("A", "major")


def test_music_gives_no_warning(analyze: Analyze) -> None:
    assert not analyze(signals.music()).warnings


def test_silence_has_a_length_and_a_level_and_nothing_else(analyze: Analyze) -> None:
    found = analyze(DEGENERATE["silence"])
    assert {group for group, values in found.groups.items() if values} == {"signal", "loudness"}
    assert found.number("signal.duration_seconds") == 3
    assert found.number("loudness.peak") == 0
    assert found.number("loudness.silence_ratio") == 1
    for name in ("rms_dbfs", "integrated_lufs", "replay_gain_db", "true_peak_dbtp"):
        assert found.number(f"loudness.{name}") is None


def test_a_constant_has_its_offset(analyze: Analyze) -> None:
    found = analyze(DEGENERATE["constant"])
    assert found.number("signal.dc_offset") == pytest.approx(0.5)
    assert found.number("loudness.rms_dbfs") == pytest.approx(-6.02, abs=0.01)
    assert not found.groups["tonal"]


def test_a_dead_channel_has_no_stereo_image_and_does_not_halve_the_level(analyze: Analyze) -> None:
    tone = signals.note(69, 4)
    alone, beside = analyze(signals.stack(tone)), analyze(signals.stack(tone, np.zeros_like(tone)))
    assert beside.number("signal.stereo_correlation") is None
    assert beside.number("signal.stereo_balance_db") is None
    assert beside.groups["spectral"] == alone.groups["spectral"]
    assert beside.number("loudness.replay_gain_db") == alone.number("loudness.replay_gain_db")


def test_opposite_channels_are_not_taken_for_silence(analyze: Analyze) -> None:
    found = analyze(DEGENERATE["opposite channels"])
    assert found.number("signal.stereo_correlation") == pytest.approx(-1, abs=1e-6)
    assert found.number("signal.stereo_width_ratio") is None
    assert found.number("spectral.centroid_hz_mean") == pytest.approx(11025, rel=0.02)


@pytest.mark.parametrize(
    ("length", "present", "absent"),
    [
        (0.3, "loudness.rms", "loudness.integrated_lufs"),
        (1.0, "loudness.integrated_lufs", "loudness.short_term_max_lufs"),
        (2.5, "spectral.flux_mean", "rhythm.onset_rate_hz"),
        (4.0, "rhythm.onset_rate_hz", "rhythm.danceability"),
        (11.0, "rhythm.danceability", "pitch.f0_mean_hz"),
    ],
)
def test_a_field_is_absent_below_the_length_it_needs(
    analyze: Analyze, length: float, present: str, absent: str
) -> None:
    found = analyze(signals.stack(signals.noise(length)))
    assert found.number(present) is not None
    assert found.number(absent) is None


@pytest.mark.parametrize(
    ("samples", "reason"),
    [
        (np.full((1, 44100), np.nan, np.float32), "AUDIO_NOT_FINITE"),
        (np.where(np.arange(44100) == 7, np.inf, 0).astype(np.float32)[None], "AUDIO_NOT_FINITE"),
        (signals.stack(signals.noise(1, 1e20)), "AUDIO_OUT_OF_RANGE"),
        (signals.stack(signals.noise(0.01)), "AUDIO_TOO_SHORT"),
        (np.empty((2, 0), np.float32), "AUDIO_TOO_SHORT"),
    ],
    ids=["NaN", "infinite", "huge", "10 ms", "empty"],
)
def test_audio_on_which_algorithms_hang_or_fail_is_refused(
    engine: Features, samples: signals.Samples, reason: str
) -> None:
    with pytest.raises(AntiphonError) as caught:
        list(engine.analyze(Audio(samples, signals.SAMPLE_RATE), AnalysisRequest()))
    assert (caught.value.code, caught.value.reason) == ("INVALID_ARGUMENT", reason)


def test_another_rate_is_a_mistake_of_the_caller(engine: Features) -> None:
    with pytest.raises(ValueError, match="48000"):
        list(engine.analyze(Audio(signals.stack(signals.noise(1)), 48000), AnalysisRequest()))
