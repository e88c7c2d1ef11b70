"""Tempo is what the estimators come to, in the octave that the onsets support."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from antiphon_wire.errors import AntiphonError
from chassis.audio import RawPcm, Source
from chassis.models import Store
from services.essentia.contract import AnalysisRequest, GroupFeatures
from services.essentia.engines.features import Features
from services.essentia.engines.features.onsets import FRAME_RATE, band_centres_hz, rises
from services.essentia.engines.features.tempo import EVEN, SUBDIVISION, Pulse, settle
from tests.services.essentia import signals
from tests.services.essentia.conftest import Analyze


def pulse_of(samples: signals.Samples) -> Pulse:
    return Pulse(rises(samples), band_centres_hz(), FRAME_RATE)


@pytest.mark.parametrize("bpm", [40, 60, 90, 120, 150, 174, 200])
def test_a_metronome_has_its_tempo_and_not_its_double_or_half(analyze: Analyze, bpm: int) -> None:
    found = analyze(signals.stack(signals.metronome(bpm, 20)), "rhythm")
    # 4 % is the tolerance of the field's tempo evaluations.
    assert found.number("rhythm.bpm") == pytest.approx(bpm, rel=0.04)
    assert found.number("rhythm.bpm_octave_agreement") == 1


def test_beats_are_brought_to_the_tempo(analyze: Analyze) -> None:
    for bpm in (60, 200):
        found = analyze(signals.stack(signals.metronome(bpm, 20)), "rhythm", include_series=True)
        assert found.number("rhythm.bpm_multifeature") != pytest.approx(bpm, rel=0.04), "this tests nothing"
        beats = np.array(found.groups["series"]["beat_seconds"])
        # The tracker's grid has a step of 11.6 ms, and a beat put between two of them half of that more.
        assert np.diff(beats) == pytest.approx(60 / bpm, abs=0.03)
        since = beats % (60 / bpm)
        assert np.minimum(since, 60 / bpm - since).max() < 0.04


def test_ticks_on_the_beat_are_not_syncopated_and_ticks_between_are(analyze: Analyze) -> None:
    ticks = signals.metronome(120, 12)
    straight = analyze(signals.stack(ticks), "rhythm")
    # The first of 24 ticks is before the first beat that the tracker gives.
    assert straight.number("rhythm.on_beat_ratio") == pytest.approx(23 / 24, abs=0.05)
    assert straight.number("rhythm.syncopation") == pytest.approx(1 / 24, abs=0.05)
    # As many ticks a quarter of a beat late: half of all are off it.
    late = analyze(signals.stack(ticks + 0.5 * np.roll(ticks, round(0.125 * signals.SAMPLE_RATE))), "rhythm")
    assert late.number("rhythm.bpm") == pytest.approx(120, rel=0.04), "this tests nothing"
    assert late.number("rhythm.on_beat_ratio") == pytest.approx(0.5, abs=0.05)
    assert late.number("rhythm.syncopation") == pytest.approx(0.5, abs=0.05)


def test_danceability_from_0_to_1_is_a_third_of_essentias_and_no_more_than_1(analyze: Analyze) -> None:
    for clip in (signals.music(16), signals.stack(signals.metronome(120, 16))):
        found = analyze(clip, "rhythm")
        raw = found.number("rhythm.danceability")
        assert raw is not None
        assert found.number("rhythm.danceability_norm") == pytest.approx(min(raw / 3, 1))


def test_the_trackers_confidence_is_a_share_of_full_agreement_and_absent_where_nothing_was_compared(
    analyze: Analyze,
) -> None:
    found = analyze(signals.stack(signals.metronome(120, 20)), "rhythm")
    confidence = found.number("rhythm.beat_confidence")
    assert confidence is not None
    assert 3.5 < confidence <= 5, "a metronome is what the tracker calls excellent"
    assert found.number("rhythm.beat_confidence_norm") == pytest.approx(confidence / 5)
    # Beats are compared after the first five seconds only; of 5.5 s nobody knows, which is not the same as 0.
    short = analyze(signals.stack(signals.metronome(120, 5.5)), "rhythm")
    assert short.number("rhythm.bpm") == pytest.approx(120, rel=0.04)
    assert short.number("rhythm.beat_confidence") is None
    assert short.number("rhythm.beat_confidence_norm") is None
    assert "TEMPO_UNCERTAIN" not in short.reasons()


def test_the_estimators_and_their_agreement_are_told(analyze: Analyze, models: Store) -> None:
    rhythm = analyze(signals.stack(signals.metronome(60, 20)), "rhythm").groups["rhythm"]
    estimates = rhythm["tempo_estimates"]
    assert isinstance(estimates, tuple)
    named = ["multifeature", "degara", "percival", "autocorrelation", "onset_train"]
    named += ["beatnet"] * models.installed("beatnet")
    assert [each["estimator"] for each in estimates] == named
    bpm = rhythm["bpm"]
    assert isinstance(bpm, float)
    assert rhythm["bpm_agreement"] == sum(abs(each["bpm"] - bpm) <= 0.04 * bpm for each in estimates) / len(named)
    alternatives = rhythm["bpm_alternatives"]
    assert isinstance(alternatives, tuple)
    assert alternatives[0]["bpm"] == pytest.approx(120, rel=0.04)
    assert all(abs(each["bpm"] - bpm) > 0.04 * bpm for each in alternatives)


@pytest.mark.parametrize(("slowest", "fastest", "expected"), [(50, 90, 60), (90, 170, 120), (170, 300, 240)])
def test_the_caller_chooses_the_octave(analyze: Analyze, slowest: float, fastest: float, expected: float) -> None:
    clip = signals.stack(signals.metronome(120, 20))
    found = analyze(clip, "rhythm", include_series=True, min_bpm=slowest, max_bpm=fastest)
    assert found.number("rhythm.bpm") == pytest.approx(expected, rel=0.02)
    beats = np.array(found.groups["series"]["beat_seconds"])
    assert np.median(np.diff(beats)) == pytest.approx(60 / expected, rel=0.05)


def test_a_range_without_any_octave_leaves_tempo_and_beats_absent(analyze: Analyze) -> None:
    found = analyze(signals.stack(signals.metronome(120, 20)), "rhythm", include_series=True, min_bpm=130, max_bpm=200)
    assert "TEMPO_OUT_OF_RANGE" in found.reasons()
    assert found.number("rhythm.bpm") is None
    assert found.number("rhythm.beat_count") is None
    assert "beat_seconds" not in found.groups["series"]
    assert found.number("rhythm.bpm_multifeature") == pytest.approx(120, rel=0.04)


@pytest.mark.parametrize(("slowest", "fastest"), [(100, 100), (200, 100), (10, 100), (100, 500), (float("nan"), 100)])
def test_a_range_that_is_none_is_refused(slowest: float, fastest: float) -> None:
    with pytest.raises(AntiphonError) as caught:
        AnalysisRequest(min_bpm=slowest, max_bpm=fastest)
    assert caught.value.reason == "TEMPO_RANGE"


def test_families_outvote_a_lone_estimate() -> None:
    pulse = pulse_of(signals.metronome(100, 20).astype(np.float32))
    tempo = settle({"a": 100.0, "b": 200.0, "c": 140.0}, pulse)
    assert tempo is not None
    assert tempo.bpm == 100
    assert tempo.octave_agreement == pytest.approx(2 / 3)


def test_what_most_others_name_is_the_first_alternative_and_all_lie_in_the_range() -> None:
    pulse = pulse_of(signals.metronome(100, 20).astype(np.float32))
    named = {"a": 75.0, "b": 100.0, "c": 100.0, "d": 140.0, "e": 140.0}
    for slowest, fastest, third in ((30.0, 300.0, 200.0), (60.0, 170.0, 150.0)):
        tempo = settle(named, pulse, slowest, fastest)
        assert tempo is not None
        assert (tempo.bpm, tempo.agreement) == (100, pytest.approx(2 / 5))
        assert [each.bpm for each in tempo.alternatives] == [140, 75, third]
        assert [each.agreement for each in tempo.alternatives] == pytest.approx([2 / 5, 1 / 5, 0])


def test_where_one_estimator_names_another_octave_the_faster_must_be_even() -> None:
    # Strokes at 130, all equal, or every second one 30 dB weaker.
    since = np.arange(20 * signals.SAMPLE_RATE) / signals.SAMPLE_RATE % (60 / 65)
    noise = np.random.default_rng(0).normal(0, 0.3, since.size)
    first, second = (np.exp(-80 * (since - start)) * (since >= start) for start in (0, 30 / 65))
    even, uneven = (pulse_of((noise * (first + gain * second)).astype(np.float32)) for gain in (1, 0.03))
    assert SUBDIVISION < uneven.evenness(130) < EVEN < even.evenness(130), "this tests nothing"
    for estimates in ({"a": 130.0, "b": 130.0, "c": 130.0, "d": 65.0}, {"a": 65.0, "b": 65.0, "c": 130.0}):
        found = [settle(estimates, pulse) for pulse in (even, uneven)]
        assert [None if tempo is None else tempo.bpm for tempo in found] == [130, 65]
    # What all agree on stands.
    agreed = settle({"a": 130.0, "b": 130.0}, uneven)
    assert agreed is not None
    assert agreed.bpm == 130


def test_the_autocorrelation_is_strong_at_the_period_and_weak_beside_it() -> None:
    pulse = pulse_of(signals.metronome(100, 20).astype(np.float32))
    assert pulse.strength(100) > 0.9
    assert pulse.strength(100, 2) > 0.9
    # Strokes of a few frames: nothing is there at three quarters of the period.
    assert pulse.strength(100, 0.75) < 0.1
    assert pulse.bpm() == pytest.approx(100, rel=0.01)


def test_nothing_repeats_in_silence() -> None:
    assert pulse_of(np.zeros(5 * signals.SAMPLE_RATE, np.float32)).bpm() is None
    assert settle({}, pulse_of(np.zeros(5 * signals.SAMPLE_RATE, np.float32))) is None


@pytest.mark.parametrize("rate", [22050, 48000])
def test_a_clip_at_another_rate_keeps_its_tempo_and_key(engine: Features, tmp_path: Path, rate: int) -> None:
    # The algorithms assume 44.1 kHz: at 22,050 Hz unconverted, tempo would double and the key be any other.
    def told(samples: np.ndarray, group: str) -> Mapping[str, object]:
        times = np.arange(int(12 * rate)) / rate
        path = tmp_path / "clip.raw"
        np.interp(times, np.arange(samples.size) / signals.SAMPLE_RATE, samples).astype("<f4").tofile(path)
        audio = Source(path, RawPcm("f32le", rate, 1)).read(sample_rate=signals.SAMPLE_RATE)
        events = engine.analyze(audio, AnalysisRequest((group,)))
        return next(event.values for event in events if isinstance(event, GroupFeatures))

    assert told(signals.metronome(100, 12), "rhythm")["bpm"] == pytest.approx(100, rel=0.02)
    tonal = told(signals.cadence(signals.C_MAJOR), "tonal")
    assert (tonal["key_tonic"], tonal["key_scale"]) == ("C", "major")
