"""Music is read at every tempo that it may have, and the right one is the likeliest."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bench.accuracy.calibrate import stretch
from bench.accuracy.grooves import CALIBRATION, HELD_OUT
from bench.accuracy.playing import play
from chassis.models import Store
from services.essentia.engines.features import readings
from services.essentia.networks.beats import BeatNetwork

STYLES = {groove.name: groove for groove in (*CALIBRATION, *HELD_OUT)}


@pytest.fixture(scope="module")
def network(models: Store) -> BeatNetwork:
    if not models.installed("beatnet"):
        pytest.skip("beatnet is not installed: antiphon models pull beatnet")
    return BeatNetwork(Path(models.require("beatnet").files["beatnet.onnx"]))


@pytest.mark.weights
@pytest.mark.parametrize(
    ("style", "bpm"),
    [("rock", 110.0), ("house", 124.0), ("disco", 118.0), ("drum'n'bass", 174.0), ("swing", 140.0), ("shuffle", 104.0)],
)
def test_styles_are_read_at_their_tempo_by_beats_on_the_strokes_or_half_between(
    network: BeatNetwork, style: str, bpm: float
) -> None:
    played = play(STYLES[style], seed=11, seconds=16, bpm=bpm)
    best = readings.read(stretch(played.samples, network))[0]
    # Two ends, a frame of 20 ms each at most, of some 15 s.
    assert best.bpm == pytest.approx(bpm, rel=0.01)
    # Half a beat off is what grid.on_strokes mends.
    places = np.concatenate((played.beats, played.beats + 30 / bpm))
    apart = np.abs(best.seconds[:, None] - places).min(1)
    # The tolerance of the field.
    assert np.mean(apart < 0.07) > 0.95


@pytest.mark.weights
def test_every_reading_is_told_with_all_measures_that_the_weights_are_for(network: BeatNetwork) -> None:
    found = readings.read(stretch(play(STYLES["rock"], seed=3, seconds=9).samples, network))
    assert len(found) > 3
    assert all(set(each.measures) == set(readings.WEIGHTS) for each in found)
    assert [each.likelihood for each in found] == sorted((each.likelihood for each in found), reverse=True)


@pytest.mark.parametrize("groove", STYLES.values(), ids=STYLES)
def test_a_groove_has_whole_bars_and_its_first_beats_begin_them(groove: object) -> None:
    style = STYLES[groove.name]  # type: ignore[attr-defined]
    for kinds in style.parts.values():
        assert {len(kind) for kind in kinds} <= {0, style.beats * style.steps}
    played = play(style, seed=1, seconds=4)
    assert played.downbeats.tolist() == played.beats[:: style.beats].tolist()
