"""The beat networks give what BeatNet's own code gives, block by block, and what is silent has no beats."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bench.network_song import RATE, song
from chassis.models import Store
from services.essentia.networks.beats import BEAT, DOWNBEAT, FRAMES_PER_SECOND, NEITHER, BeatNetwork

FIXTURES = Path(__file__).parent / "fixtures"
pytestmark = pytest.mark.weights


@pytest.fixture(scope="module")
def network(models: Store) -> BeatNetwork:
    if not models.installed("beatnet"):
        pytest.skip("beatnet is not installed: antiphon models pull beatnet")
    return BeatNetwork(models.require("beatnet").files["beatnet.onnx"])


def test_activations_are_those_of_beatnets_own_network(network: BeatNetwork) -> None:
    # Written by bench/network_peers.py from BeatNet's class with its own weights, and madmom's spectrogram.
    wanted = np.load(FIXTURES / "beats.npz")["activations"]
    samples = song(4.0)[::2]
    found = network.hear([samples], RATE // 2)
    assert wanted.shape == found.shape == (200, 3)
    assert np.abs(found - wanted).max() < 1e-4
    assert np.ptp(wanted, axis=0).min() > 0.1, "the song has beats, downbeats and neither"


def test_blocks_of_any_length_give_the_same_activations(network: BeatNetwork) -> None:
    samples = song(4.0)
    whole = network.hear([samples], RATE)
    for cut in (997, 50_000):
        pieces = network.hear([samples[start : start + cut] for start in range(0, samples.size, cut)], RATE)
        # Sums in another order, carried on by the networks' memory.
        assert np.abs(pieces - whole).max() < 1e-4


def test_a_call_begins_anew(network: BeatNetwork) -> None:
    samples = song(2.0)
    assert np.array_equal(network.hear([samples], RATE), network.hear([samples], RATE))


def test_beats_are_where_the_clicks_are(network: BeatNetwork) -> None:
    samples, clicks = np.zeros(10 * RATE, np.float32), np.arange(0.5, 10, 0.5)
    stroke = np.random.RandomState(0).uniform(-1, 1, 2000) * np.exp(-np.arange(2000) / 300)
    for second in clicks:
        samples[round(second * RATE) :][:2000] += stroke.astype(np.float32)
    found = network.hear([samples], RATE)
    heard = found[:, BEAT] + found[:, DOWNBEAT]
    peaks = np.flatnonzero((heard[1:-1] > heard[:-2]) & (heard[1:-1] >= heard[2:]) & (heard[1:-1] > 0.3)) + 1
    late = [second for second in clicks[4:] if np.abs(peaks / FRAMES_PER_SECOND - second).min() > 0.06]
    assert not late, "from the third second on each click is a beat, within three frames"


def test_activations_are_probabilities(network: BeatNetwork) -> None:
    found = network.hear([song(1.0)], RATE)
    assert found.sum(1) == pytest.approx(1, abs=1e-5)
    assert NEITHER == 2


@pytest.mark.parametrize("samples", [0, 1, 441])
def test_next_to_nothing_is_no_error(network: BeatNetwork, samples: int) -> None:
    assert network.hear([np.zeros(samples, np.float32)], 22050).shape == (min(samples, 1), 3)


def test_a_call_may_be_ended_between_blocks(network: BeatNetwork) -> None:
    def stop() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        network.hear([song(1.0)], RATE, stop)
