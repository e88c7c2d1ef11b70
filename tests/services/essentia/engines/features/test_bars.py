"""Downbeats are given where the harmony tells them, or else the networks, and only there."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from chassis.reports import WarningReport
from services.essentia.engines.features import bars
from services.essentia.engines.features.networks import Networks
from tests.services.essentia import signals
from tests.services.essentia.conftest import Analyze

BEATS = 0.3 + 0.5 * np.arange(64)


@pytest.mark.parametrize(("metre", "first"), [(4, 0), (4, 3), (3, 1)])
def test_a_change_a_bar_tells_the_metre_and_the_first_downbeat(metre: int, first: int) -> None:
    # A chord is found a little early or late.
    late = np.random.default_rng(0).uniform(-0.15, 0.15, 64)
    changes = (BEATS + late)[first::metre]
    assert bars.find(BEATS, changes) == (metre, first)


@pytest.mark.parametrize(
    "changes",
    [
        0.3 + 1.0 * np.arange(400),
        np.sort(np.random.default_rng(1).uniform(0, 32, 24)),
        BEATS[::4][:5],
        np.empty(0),
        np.concatenate((BEATS[:32:4], BEATS[33::4])),
    ],
    ids=["twice a bar", "anywhere", "too few", "none", "half of them a beat later"],
)
def test_where_the_changes_leave_it_open_there_is_no_answer(changes: np.ndarray) -> None:
    assert bars.find(0.3 + 0.5 * np.arange(800), changes) is None


def test_no_beats_have_no_bars() -> None:
    assert bars.find(np.empty(0), BEATS[::4]) is None


def test_a_stray_change_does_not_hide_the_bars() -> None:
    assert bars.find(BEATS, np.sort([*BEATS[::4], BEATS[5]])) == (4, 0)


def test_hundreds_of_changes_are_no_trouble() -> None:
    beats = 0.5 * np.arange(20_000)
    assert bars.find(beats, beats[2::4]) == (4, 2)


@pytest.mark.parametrize(("chord_seconds", "metre"), [(2.0, 4), (1.5, 3)])
def test_chords_over_a_beat_have_bars(analyze: Analyze, chord_seconds: float, metre: int) -> None:
    # A beat every half second, so that a chord lasts a bar.
    chords = signals.cadence(signals.C_MAJOR, chord_seconds, 4)
    beat = signals.metronome(120, len(chords) / signals.SAMPLE_RATE)
    found = analyze(signals.stack(chords + 0.4 * beat), "rhythm", "tonal", include_series=True).groups["series"]
    downbeats = np.array(found["downbeat_seconds"])
    assert np.diff(downbeats) == pytest.approx(chord_seconds, abs=0.05)
    # The first chord begins at 0.
    assert np.abs((downbeats + chord_seconds / 2) % chord_seconds - chord_seconds / 2).max() < 0.1
    assert set(downbeats) <= set(np.array(found["beat_seconds"]))
    assert len(downbeats) == pytest.approx(len(np.array(found["beat_seconds"])) / metre, abs=1)


def test_without_networks_chords_that_change_twice_a_bar_tell_nothing(
    analyze: Analyze, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Networks, "beats", lambda _, field: WarningReport("MODEL_NOT_INSTALLED", "none", field))
    found = analyze(signals.music(), "rhythm", "tonal", include_series=True)
    assert "beat_seconds" in found.groups["series"]
    assert "downbeat_seconds" not in found.groups["series"]
    assert "meter" not in found.groups["rhythm"]


def test_without_rhythm_there_are_no_bars(analyze: Analyze) -> None:
    chords = signals.stack(signals.cadence(signals.C_MAJOR, 2.0, 4))
    assert "downbeat_seconds" not in analyze(chords, "tonal", include_series=True).groups["series"]


def heard(bars: int, meter: int, downbeat: float) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Activations with a peak at every beat, half a second apart, and the beats."""
    beats = 0.5 * np.arange(bars * meter) + 0.4
    activations = np.full((round(beats[-1] * 50) + 50, 3), 0.02, np.float32)
    for number, beat in enumerate(beats):
        first = downbeat if number % meter == 1 else 0.05
        activations[round(beat * 50), :2] = 0.9 - 0.9 * first, 0.9 * first
    return activations, beats


@pytest.mark.parametrize("meter", [2, 3, 4])
def test_networks_that_are_clear_tell_the_bars(meter: int) -> None:
    activations, beats = heard(8, meter, 0.97)
    found = bars.heard_bars(activations, beats, np.ones(len(beats)), np.empty(0))
    assert found is not None
    assert np.flatnonzero(found[0] == 0).tolist() == list(range(1, 8 * meter, meter))
    assert set(found[1].tolist()) == {meter}


@pytest.mark.parametrize("meter", [3, 4])
def test_where_the_networks_are_not_clear_chords_and_bass_tell_the_bars(meter: int) -> None:
    activations, beats = heard(8, meter, 0.06)
    even = np.ones(len(beats))
    assert bars.heard_bars(activations, beats, even, np.empty(0)) is None
    found = bars.heard_bars(activations, beats, even, beats[2::meter] + 0.1)
    assert found is not None
    assert np.flatnonzero(found[0] == 0).tolist() == list(range(2, 8 * meter, meter))
    found = bars.heard_bars(activations, beats, np.where(np.arange(len(beats)) % meter == 2, 1.0, 0.1), np.empty(0))
    assert found is not None
    assert np.flatnonzero(found[0] == 0).tolist() == list(range(2, 8 * meter, meter))


def test_networks_that_hear_beats_everywhere_tell_no_bars() -> None:
    activations, beats = heard(8, 4, 0.9)
    assert bars.heard_bars(np.maximum(activations, 0.15), beats, np.ones(len(beats)), np.empty(0)) is None
