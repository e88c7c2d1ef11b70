"""Beats lie on the strokes, only where something sounds, and a straight line through them is their tempo."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from services.essentia.contract import SAMPLE_RATE
from services.essentia.engines.features import grid
from tests.services.essentia.conftest import Analyze

ON_BEAT = 0.07
"""Seconds: the tolerance that beat trackers are judged with."""


def kick() -> NDArray[np.float64]:
    time = np.arange(round(0.18 * SAMPLE_RATE)) / SAMPLE_RATE
    return np.sin(2 * np.pi * (50 * time + 1.5 * (1 - np.exp(-time * 40)))) * np.exp(-time * 18)


def hat(rng: np.random.Generator) -> NDArray[np.float64]:
    time = np.arange(round(0.05 * SAMPLE_RATE)) / SAMPLE_RATE
    return 0.25 * np.diff(rng.standard_normal(len(time) + 1)) * np.exp(-time * 70)


def four_on_the_floor(bpm: float, seconds: float, first: float = 0.3, hats: bool = True) -> NDArray[np.float32]:
    """A bass drum on each beat, and a hi-hat between any two."""
    rng, sound = np.random.default_rng(3), np.zeros(round(seconds * SAMPLE_RATE) + SAMPLE_RATE)
    for beat in np.arange(first, seconds - 0.2, 60 / bpm):
        for place, stroke in ((beat, kick()), (beat + 30 / bpm, hat(rng) if hats else kick()[:0])):
            start = round(place * SAMPLE_RATE)
            sound[start : start + len(stroke)] += stroke
    return (0.6 * sound[: round(seconds * SAMPLE_RATE)]).astype(np.float32)[None]


def errors(beats: NDArray[np.float64], bpm: float, first: float) -> NDArray[np.float64]:
    period = 60 / bpm
    return np.asarray((beats - first + period / 2) % period - period / 2)


@pytest.mark.parametrize("hats", [False, True])
@pytest.mark.parametrize("bpm", [100, 105, 120, 124, 129, 130])
def test_beats_are_on_the_bass_drum_and_not_on_what_lies_between(analyze: Analyze, bpm: int, hats: bool) -> None:
    found = analyze(four_on_the_floor(bpm, 20, hats=hats), "rhythm", include_series=True).groups
    beats = np.asarray(found["series"]["beat_seconds"])
    assert np.abs(errors(beats, bpm, 0.3)).max() < ON_BEAT
    # Steady to the sample: a line through 40 beats of 6 ms each knows the tempo to 0.03 %.
    assert found["rhythm"]["bpm"] == pytest.approx(bpm, rel=1e-3)
    assert found["rhythm"]["bpm_agreement"] > 0
    if not hats:
        assert found["rhythm"]["syncopation"] < 0.05


@pytest.mark.parametrize("bpm", [174, 180, 190, 200])
def test_the_fastest_music_is_answered_by_a_tempo_that_an_estimator_names(analyze: Analyze, bpm: int) -> None:
    rhythm = analyze(four_on_the_floor(bpm, 24), "rhythm").groups["rhythm"]
    named = [each["bpm"] for each in rhythm["tempo_estimates"]]
    assert min(abs(rhythm["bpm"] / each - 1) for each in named) < 0.04
    assert rhythm["bpm"] == pytest.approx(bpm, rel=0.01) or rhythm["bpm"] == pytest.approx(bpm / 2, rel=0.01)


@pytest.mark.parametrize(("before", "after"), [(8, 0), (0, 6), (5, 5)])
def test_no_beat_lies_in_silence(analyze: Analyze, before: int, after: int) -> None:
    music = four_on_the_floor(120, 16, first=0.0)
    silence = [np.zeros((1, seconds * SAMPLE_RATE), np.float32) for seconds in (before, after)]
    series = analyze(np.concatenate((silence[0], music, silence[1]), 1), "rhythm", include_series=True).groups["series"]
    beats = np.asarray(series["beat_seconds"])
    assert len(beats) > 25
    assert beats[0] > before - ON_BEAT
    assert beats[-1] < before + 16
    assert np.abs(errors(beats, 120, before)).max() < ON_BEAT


def test_a_silence_in_the_middle_has_no_beats(analyze: Analyze) -> None:
    sound = four_on_the_floor(120, 24, first=0.0)
    sound[:, 8 * SAMPLE_RATE : 14 * SAMPLE_RATE] = 0
    beats = np.asarray(analyze(sound, "rhythm", include_series=True).groups["series"]["beat_seconds"])
    assert not np.count_nonzero((beats > 8.1) & (beats < 13.9))
    assert np.count_nonzero(beats < 8) > 12


def test_a_line_through_the_beats_is_exact_whatever_single_beats_do() -> None:
    rng = np.random.default_rng(5)
    beats = 0.4 + np.arange(60) * 60 / 123.4 + rng.normal(0, 0.006, 60)
    assert grid.steady_bpm(beats) == pytest.approx(123.4, rel=5e-4)
    beats[17] += 0.1
    assert grid.steady_bpm(np.delete(beats, [30, 31])) == pytest.approx(123.4, rel=5e-4)


def test_beats_of_a_tempo_that_drifts_lie_on_no_line() -> None:
    assert grid.steady_bpm(np.cumsum(60 / np.linspace(100, 120, 60))) is None


@pytest.mark.parametrize("count", [0, 1, 5])
def test_a_handful_of_beats_makes_no_line(count: int) -> None:
    assert grid.steady_bpm(np.arange(count) / 2) is None


@pytest.mark.parametrize("bpm", [125, 127, 128])
def test_the_tempo_of_a_window_comes_in_no_steps(analyze: Analyze, bpm: int) -> None:
    series = analyze(four_on_the_floor(bpm, 40), "rhythm", include_series=True).groups["series"]
    tempos = [each["bpm"] for each in series["windows"] if each["end_seconds"] - each["start_seconds"] > 5]
    assert tempos
    assert tempos == pytest.approx([bpm] * len(tempos), abs=0.3)


def test_what_rings_on_behind_the_last_stroke_has_no_beats() -> None:
    rate, beats = 86.1328125, 0.5 * np.arange(60)
    rise = np.full((round(30 * rate), 4), 0.1, np.float32)
    # Strokes from the 4th beat to the 50th, of which one is between two beats.
    for stroke in (*beats[3:20], 10.2, *beats[21:50]):
        rise[round(stroke * rate)] = 6
    assert grid.while_struck(beats, rise, rate).tolist() == beats[3:50].tolist()
    assert grid.while_struck(beats[:4], rise, rate).tolist() == beats[:4].tolist()
