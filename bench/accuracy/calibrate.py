"""Finds the weights of the readings: python -m bench.accuracy.calibrate [--each 16] [--held-out].

A conditional logit model: of the readings of a clip the right one should be the likeliest. What it prints goes into
``services/essentia/engines/features/readings.py``, by hand. Styles count alike, whatever their number of clips. With
``--held-out`` the present weights are tried on styles and sounds that no weight was made by.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.accuracy.grooves import CALIBRATION, HELD_OUT, Groove
from bench.accuracy.playing import SAMPLE_RATE, Played, play
from chassis.models import Store
from services.essentia.engines.features import beats, onsets, percival, readings
from services.essentia.engines.features.tempo import Pulse, near
from services.essentia.networks.beats import FRAMES_PER_SECOND, BeatNetwork

MANIFEST = Path("services/essentia/models.toml")
# Lengths in turn: songs, and clips as short as they come.
SECONDS = (24.0, 24.0, 24.0, 40.0, 12.0, 9.0, 6.0, 4.0)
HELD_OUT_SEED = 500_000
ROUNDS, PULL, SPEED = 700, 0.03, 0.05
Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Case:
    """One clip and its readings."""

    played: Played
    readings: list[readings.Reading]

    def right(self, octaves: bool = False) -> NDArray[np.bool_]:
        """Tells of each reading whether it is right; or at least an octave that listeners may count, too."""
        allowed = (1.0, *(self.played.groove.octaves if octaves else ()))
        return np.array([any(near(each.bpm, self.played.bpm * ratio) for ratio in allowed) for each in self.readings])


def cases(grooves: tuple[Groove, ...], each: int, first_seed: int, network: BeatNetwork) -> Iterator[Case]:
    """Plays each style so many times, and reads it."""
    for number, groove in enumerate(grooves):
        for turn in range(each):
            played = play(groove, first_seed + 1000 * number + turn, SECONDS[turn % len(SECONDS)])
            yield Case(played, readings.read(stretch(played.samples, network)))


def stretch(samples: NDArray[np.float32], network: BeatNetwork) -> readings.Stretch:
    """Gives what the service hears of a clip."""
    rise = onsets.rises(samples)
    centres = onsets.band_centres_hz()
    followed, pulse = beats.follow(samples), Pulse(rise, centres, onsets.FRAME_RATE)
    named = {
        "multifeature": followed.bpm,
        "degara": followed.degara_bpm,
        "percival": percival.estimate(samples),
        "autocorrelation": pulse.bpm() or 0.0,
    }
    return readings.Stretch(
        network.hear([samples], SAMPLE_RATE).astype(np.float64),
        FRAMES_PER_SECOND,
        readings.strokes(rise, centres),
        onsets.FRAME_RATE,
        pulse,
        {name: bpm for name, bpm in named.items() if 20 <= bpm <= 400},
    )


def fit(known: list[Case]) -> dict[str, float]:
    """Finds the weights, by gradient descent; clips of which no reading is right say nothing."""
    known = [case for case in known if case.right().any()]
    names = list(known[0].readings[0].measures)
    table = np.array([[each.measures[name] for name in names] for case in known for each in case.readings])
    spread = table.std(0) + 1e-9
    table = (table - table.mean(0)) / spread
    right = np.concatenate([case.right() for case in known]).astype(np.float64)
    counts = np.array([len(case.readings) for case in known])
    starts = np.concatenate(([0], np.cumsum(counts)[:-1]))
    styles: dict[str, int] = defaultdict(int)
    for case in known:
        styles[case.played.groove.name] += 1
    shares = np.repeat([1 / styles[case.played.groove.name] for case in known], counts)
    weights, mean, square = np.zeros((3, len(names)))
    for turn in range(1, ROUNDS):
        said = table @ weights
        chances = np.exp(said - np.repeat(np.maximum.reduceat(said, starts), counts))
        wanted = chances * right
        chances /= np.repeat(np.add.reduceat(chances, starts), counts)
        wanted /= np.repeat(np.add.reduceat(wanted, starts), counts) + 1e-12
        slope = table.T @ (shares * (chances - wanted)) + 2 * PULL * weights
        mean, square = 0.9 * mean + 0.1 * slope, 0.99 * square + 0.01 * slope**2
        step = mean / (1 - 0.9**turn) / (np.sqrt(square / (1 - 0.99**turn)) + 1e-8)
        weights = weights - SPEED * (1 - turn / ROUNDS) * step
    return {name: float(weight) for name, weight in zip(names, weights / spread, strict=True)}


def show(known: list[Case], weights: dict[str, float]) -> None:
    """Prints for each style the share of clips that are right, and that with the octaves that are right too."""
    found: dict[str, list[tuple[bool, bool]]] = defaultdict(list)
    for case in known:
        said = [sum(weights[name] * each.measures[name] for name in weights) for each in case.readings]
        best = int(np.argmax(said))
        found[case.played.groove.name].append((bool(case.right()[best]), bool(case.right(octaves=True)[best])))
    for name, pairs in found.items():
        exact, allowed = (statistics.mean(part) for part in zip(*pairs, strict=True))
        print(f"  {name:16} {exact:.2f} {allowed:.2f}")
    together = [pair for pairs in found.values() for pair in pairs]
    print("  all              {:.3f} {:.3f}".format(*(statistics.mean(part) for part in zip(*together, strict=True))))


def main() -> int:
    """Prints weights and how right they are; or only the latter, held out."""
    parser = argparse.ArgumentParser(description="The weights by which a tempo is chosen.")
    parser.add_argument("--each", type=int, default=16, help="clips of each style")
    parser.add_argument("--held-out", action="store_true", help="try the present weights on styles they never saw")
    options = parser.parse_args()
    network = BeatNetwork(Store(None, MANIFEST).require("beatnet").files["beatnet.onnx"])
    if options.held_out:
        show(list(cases(HELD_OUT, options.each, HELD_OUT_SEED, network)), dict(readings.WEIGHTS))
        return 0
    known = list(cases(CALIBRATION, options.each, 0, network))
    weights = fit(known)
    show(known, weights)
    for name, weight in weights.items():
        print(f'    "{name}": {weight:.3g},')
    return 0


if __name__ == "__main__":
    sys.exit(main())
