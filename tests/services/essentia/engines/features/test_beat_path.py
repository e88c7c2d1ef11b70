"""Beats and bars are the likeliest path through a network's activations."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from services.essentia.engines.features import bar_path, beat_path

RATE = 50.0


def activation(seconds: NDArray[np.float64], length: float, height: float = 0.7) -> NDArray[np.float64]:
    """Peaks of three frames, as a network gives them, on a floor of 0.02."""
    found = np.full(round(length * RATE), 0.02)
    for frame in np.round(seconds * RATE).astype(int):
        found[max(0, frame - 1) : frame + 2] = height / 3
        found[frame] = height
    return found


@pytest.mark.parametrize("bpm", [47.3, 96.0, 123.4, 174.0, 211.0])
def test_the_path_is_on_each_beat_whatever_the_frames(bpm: float) -> None:
    true = np.arange(0.3, 29.5, 60 / bpm)
    path = beat_path.find(activation(true, 30), RATE, 30, 300)
    assert len(path.frames) == len(true)
    assert np.abs(path.frames / RATE - true).max() <= 1 / RATE


def test_a_beat_that_is_not_heard_is_filled_in_and_a_stray_one_passed_over() -> None:
    true = np.arange(0.3, 29.5, 0.5)
    heard = np.append(np.delete(true, [20, 33]), 12.04)
    path = beat_path.find(activation(heard, 30), RATE, 30, 300)
    assert path.frames / RATE == pytest.approx(true, abs=1.5 / RATE)


def test_a_tempo_that_rises_is_followed() -> None:
    true = np.cumsum(60 / np.linspace(100, 140, 60))
    path = beat_path.find(activation(true, true[-1] + 0.4), RATE, 60, 200)
    assert path.frames / RATE == pytest.approx(true, abs=1.5 / RATE)


@pytest.mark.parametrize("count", [0, 1, 9])
def test_next_to_nothing_has_no_beats(count: int) -> None:
    assert len(beat_path.find(np.full(count, 0.5), RATE, 30, 300).frames) == 0


@pytest.mark.parametrize("meter", [2, 3, 4])
@pytest.mark.parametrize("start", [0, 1])
def test_bars_are_told_from_the_first_beats_of_some_of_them(meter: int, start: int) -> None:
    rng = np.random.default_rng(meter)
    first = np.where((np.arange(48) - start) % meter == 0, 0.7, 0.2) + rng.uniform(-0.15, 0.15, 48)
    first[start + 4 * meter] = 0.1
    places, meters = bar_path.find(first)
    assert set(meters.tolist()) == {meter}
    assert np.flatnonzero(places == 0).tolist() == list(range(start, 48, meter))


def test_a_meter_that_changes_is_followed_and_a_single_odd_bar_is_not() -> None:
    bars = [4] * 6 + [3] * 8
    first = np.concatenate([[0.8] + [0.1] * (meter - 1) for meter in bars])
    assert bar_path.find(first)[1].tolist() == [4] * 24 + [3] * 24
    assert bar_path.fit(first[:24], 4) > bar_path.fit(first[:24], 3)
