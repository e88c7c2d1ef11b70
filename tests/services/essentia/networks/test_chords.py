"""The chord network gives what madmom gives, frame by frame, in stretches of bounded length."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bench.network_song import RATE, song
from chassis.models import Store
from services.essentia.networks.chords import ChordNetwork, ChordSegment, segments
from services.essentia.networks.pitch_order import FROM_C, NONE

FIXTURES = Path(__file__).parent / "fixtures"


@pytest.fixture(scope="module")
def network(models: Store) -> ChordNetwork:
    if not models.installed("madmom-chords"):
        pytest.skip("madmom-chords is not installed: antiphon models pull madmom-chords")
    files = models.require("madmom-chords").files
    return ChordNetwork(files["madmom-chords.onnx"], files["madmom-chords.npy"])


@pytest.mark.weights
def test_potentials_and_chords_are_those_of_madmom(network: ChordNetwork) -> None:
    # Written by bench/network_peers.py from madmom's own code; it counts triads from A up.
    fixture = np.load(FIXTURES / "chords.npz")
    listener = network.listen(RATE)
    listener.add(song(20.0))
    found = network.potentials(listener.finish())
    assert found.shape == (200, 25)
    assert np.abs(found - fixture["potentials"][:, FROM_C]).max() < 1e-4
    assert np.array_equal(FROM_C[network.path(found)], fixture["path"])


@pytest.mark.weights
def test_the_chords_of_the_song_are_found(network: ChordNetwork) -> None:
    found = network.hear([song(8.0)], RATE)
    assert [each.triad for each in found] == [0, 7, 12 + 9, 5], "C, G, A minor, F"
    assert [each.start_seconds for each in found] == pytest.approx([0, 2, 4, 6], abs=0.15)
    assert found[-1].end_seconds == pytest.approx(8.0)


@pytest.mark.weights
def test_stretches_give_the_potentials_of_the_whole(network: ChordNetwork, monkeypatch: pytest.MonkeyPatch) -> None:
    spectrogram = np.random.default_rng(0).random((100, 113), np.float32)
    whole = network.potentials(spectrogram)
    monkeypatch.setattr("services.essentia.networks.chords._MOST_FRAMES", 7)
    # Sums in another order.
    assert np.abs(network.potentials(spectrogram) - whole).max() < 1e-4


@pytest.mark.weights
def test_no_samples_have_no_chords_and_silence_has_none(network: ChordNetwork) -> None:
    assert network.hear([], RATE) == ()
    assert {each.triad for each in network.hear([np.zeros(5 * RATE, np.float32)], RATE)} == {NONE}


@pytest.mark.weights
def test_the_path_is_the_best_of_all_paths(network: ChordNetwork) -> None:
    potentials = np.random.default_rng(3).normal(0, 3, (3, 25)).astype(np.float32)

    def worth(path: tuple[int, ...]) -> float:
        here = sum(float(row[state]) for row, state in zip(potentials, path, strict=True))
        ways = network._change[path[0], path[1]] + network._change[path[1], path[2]]
        # madmom's field takes a step before the first frame too.
        begun = (network._first + network._change[:, path[0]]).max()
        return float(here + ways + begun + network._last[path[-1]])

    every = np.indices((25, 25, 25)).reshape(3, -1).T
    best = max((tuple(int(state) for state in path) for path in every), key=worth)
    assert tuple(network.path(potentials).tolist()) == best


def test_frames_of_one_triad_become_one_segment() -> None:
    assert segments(np.array([0, 0, 24, 13])) == (
        ChordSegment(0.0, 0.2, 0),
        ChordSegment(0.2, pytest.approx(0.3), 24),  # type: ignore[arg-type]
        ChordSegment(pytest.approx(0.3), 0.4, 13),  # type: ignore[arg-type]
    )
    assert segments(np.zeros(0, np.int64)) == ()
