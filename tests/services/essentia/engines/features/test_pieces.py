"""Tempo and beats are those that the networks and the estimators come to, and absent where nothing keeps time."""

from __future__ import annotations

import numpy as np
import pytest

from bench.accuracy.grooves import CALIBRATION, HELD_OUT
from bench.accuracy.playing import play
from chassis.models import Store
from services.essentia.contract import SAMPLE_RATE
from tests.services.essentia import signals
from tests.services.essentia.conftest import Analyze
from tests.services.essentia.engines.features.test_grid import four_on_the_floor

pytestmark = pytest.mark.weights

STYLES = {groove.name: groove for groove in (*CALIBRATION, *HELD_OUT)}


@pytest.fixture(autouse=True)
def _networks(models: Store) -> None:
    if not models.installed("beatnet"):
        pytest.skip("beatnet is not installed: antiphon models pull beatnet")


def applause(seconds: float, claps_a_second: float) -> signals.Samples:
    rng, sound = np.random.default_rng(2), np.zeros(round(seconds * SAMPLE_RATE))
    for start in np.cumsum(rng.exponential(1 / claps_a_second, round(seconds * claps_a_second * 0.8))):
        place = round(start * SAMPLE_RATE)
        clap = rng.uniform(0.2, 1) * rng.standard_normal(1300) * np.exp(-np.arange(1300) / 300)
        sound[place : place + 1300] += clap[: max(0, len(sound) - place)]
    return signals.stack(0.7 * sound / np.abs(sound).max())


def babble(seconds: float) -> signals.Samples:
    """Syllables of uneven length and pitch, as speech has them."""
    rng, parts, length = np.random.default_rng(4), [], 0.0
    while length < seconds:
        syllable, hz = rng.uniform(0.09, 0.3), rng.uniform(90, 220)
        time = signals.seconds(syllable)
        buzz = np.sign(np.sin(2 * np.pi * hz * (1 + 0.1 * time) * time)) * np.sin(
            2 * np.pi * rng.uniform(300, 900) * time
        )
        parts += [
            rng.uniform(0.1, 0.4) * buzz * np.hanning(len(time)),
            np.zeros(round(rng.exponential(0.08) * SAMPLE_RATE)),
        ]
        length = sum(map(len, parts)) / SAMPLE_RATE
    return signals.stack(np.concatenate(parts) + 1e-4 * rng.standard_normal(sum(map(len, parts))))


UNTIMED = {
    "applause of few": applause(15, 4),
    "applause of many": applause(15, 60),
    "babble": babble(15),
    "two tones that beat": signals.stack(signals.sine(440, -10, 15) + signals.sine(443, -10, 15)),
    "noise": signals.stack(signals.noise(15)),
}


@pytest.mark.parametrize("sound", UNTIMED.values(), ids=UNTIMED)
def test_what_keeps_no_time_has_no_tempo_and_the_reason_is_told(analyze: Analyze, sound: signals.Samples) -> None:
    found = analyze(sound, "rhythm", include_series=True)
    assert found.number("rhythm.bpm") is None
    assert "beat_seconds" not in found.groups["series"]
    assert "TEMPO_NOT_FOUND" in found.reasons()


@pytest.mark.parametrize("seconds", [3.5, 6, 9])
@pytest.mark.parametrize(("style", "bpm"), [("rock", 109.9), ("strumming", 109.9), ("disco", 120.0)])
def test_a_clip_of_seconds_is_not_read_at_half(analyze: Analyze, style: str, bpm: float, seconds: float) -> None:
    played = play(STYLES[style], seed=5, seconds=seconds, bpm=bpm)
    assert analyze(played.samples[None], "rhythm").number("rhythm.bpm") == pytest.approx(bpm, rel=0.02)


@pytest.mark.parametrize("style", ["house", "hardcore"])
@pytest.mark.parametrize("bpm", [112.0, 125.0])
def test_what_all_estimators_name_is_not_doubled(analyze: Analyze, style: str, bpm: float) -> None:
    found = analyze(play(STYLES[style], seed=78000, seconds=30, bpm=bpm).samples[None], "rhythm").groups["rhythm"]
    assert found["bpm"] == pytest.approx(bpm, rel=1e-3)


@pytest.mark.parametrize("bpm", [174, 184, 196])
def test_the_fastest_music_is_not_read_at_half(analyze: Analyze, bpm: int) -> None:
    found = analyze(four_on_the_floor(bpm, 24), "rhythm").groups["rhythm"]
    assert found["bpm"] == pytest.approx(bpm, rel=1e-3)
    assert found["bpm_agreement"] > 0


def test_beyond_200_the_half_that_the_estimators_name_is_answered_on_the_beats_and_in_doubt(analyze: Analyze) -> None:
    found = analyze(four_on_the_floor(216, 24), "rhythm", include_series=True)
    assert found.number("rhythm.bpm") == pytest.approx(108, rel=2e-3)
    assert found.number("rhythm.bpm_beatnet") == pytest.approx(216, rel=0.01)
    assert "TEMPO_UNCERTAIN" in found.reasons()
    beats, period = np.asarray(found.groups["series"]["beat_seconds"]), 60 / 216
    apart = (beats - 0.3 + period / 2) % period - period / 2
    # The tolerance of the field.
    assert np.abs(apart).max() < 0.07


def test_a_metronome_beyond_200_is_not_halved(analyze: Analyze) -> None:
    found = analyze(signals.stack(signals.metronome(220, 20)), "rhythm")
    assert found.number("rhythm.bpm") == pytest.approx(220, rel=1e-3)


def tempos_of(found: object) -> list[float]:
    assert isinstance(found, tuple)
    return [each["bpm"] for each in found]


def test_what_the_networks_come_to_is_one_of_the_estimates(analyze: Analyze) -> None:
    found = analyze(play(STYLES["rock"], seed=1, seconds=12, bpm=96.0).samples[None], "rhythm").groups["rhythm"]
    said = {each["estimator"]: each["bpm"] for each in found["tempo_estimates"]}  # type: ignore[attr-defined]
    assert said["beatnet"] == found["bpm_beatnet"] == pytest.approx(96, rel=0.01)
    assert all(abs(each / 96 - 1) > 0.04 for each in tempos_of(found["bpm_alternatives"]))
