"""The key network gives what madmom gives, in stretches of bounded length, and says how undecided it is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bench.network_song import RATE, song
from chassis.models import Store
from services.essentia.networks.keys import LAYOUT, ROW_FRAMES, KeyNetwork, KeyOpinion, opinion
from services.essentia.networks.pitch_order import FROM_C

FIXTURES = Path(__file__).parent / "fixtures"


@pytest.fixture(scope="module")
def network(models: Store) -> KeyNetwork:
    if not models.installed("madmom-key"):
        pytest.skip("madmom-key is not installed: antiphon models pull madmom-key")
    return KeyNetwork(models.require("madmom-key").files["madmom-key.onnx"])


@pytest.mark.weights
def test_probabilities_are_those_of_madmom(network: KeyNetwork) -> None:
    # Written by bench/network_peers.py from madmom's own code; it counts keys from A up.
    wanted = np.load(FIXTURES / "keys.npz")["probabilities"][FROM_C[:24]]
    found = network.hear([song(40.0)], RATE)
    assert found is not None
    assert np.abs(found.probabilities - wanted).max() < 1e-4
    assert found.best == 0, "the song is in C major"
    assert found.entropy_bits < 1


@pytest.mark.weights
def test_stretches_give_the_evidence_of_the_whole(network: KeyNetwork, monkeypatch: pytest.MonkeyPatch) -> None:
    spectrogram = np.random.default_rng(0).random((403, 105), np.float32)
    whole = network.evidence(spectrogram)
    monkeypatch.setattr("services.essentia.networks.keys._MOST_FRAMES", 5 * ROW_FRAMES)
    assert whole.shape == (403 // ROW_FRAMES, 24)
    # Sums in another order.
    assert np.abs(network.evidence(spectrogram) - whole).max() < 1e-4


@pytest.mark.weights
@pytest.mark.parametrize("seconds", [0.0, 0.1, 1.3])
def test_what_is_shorter_than_a_row_has_no_opinion(network: KeyNetwork, seconds: float) -> None:
    assert network.hear([song(seconds)], RATE) is None


def test_an_even_opinion_is_undecided_by_all_bits_and_a_sure_one_by_none() -> None:
    even, sure = opinion(np.zeros((3, 24), np.float32)), KeyOpinion(np.eye(24)[14])
    assert even is not None
    assert even.entropy_bits == pytest.approx(np.log2(24))
    assert sure.entropy_bits == 0
    assert sure.best == 14, "D minor"


def test_five_frames_a_second_are_heard() -> None:
    assert LAYOUT.rate / LAYOUT.hop == 5
