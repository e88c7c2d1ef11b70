"""Prints how right tempo, beats and downbeats are: python -m bench.accuracy.rhythm [--each 4] [--only SET …].

Ours as installed and every single source, on played styles that no weight was made by, on those that were, on clips of
seconds, and on songs by another generator; means over the clips, and for ours half of their 95 % bootstrap interval.
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np

from bench.accuracy.harmony import interval
from bench.accuracy.rhythm_answers import OURS, Answer, ask
from bench.accuracy.rhythm_sets import RhythmClip, sets
from chassis.models import Store
from services.essentia.engines.features import Features

# The tolerance of the field for beats, seconds; and what counts as the exact tempo.
NEAR_SECONDS, SAME, EXACT = 0.07, 0.04, 0.001
MEASURES = ("octave", "0.1 %", "beats F", "downbeats F")


def main() -> int:
    """Runs everything; the exit status is 1 where ours is behind the best single source beyond the interval."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--each", type=int, default=4, help="clips of each style")
    parser.add_argument("--only", nargs="+", metavar="SET", help="sets whose names begin with one of these")
    parser.add_argument("--clips", action="store_true", help="tell each clip of which ours is wrong")
    options = parser.parse_args()
    every = sets(options.each)
    chosen = [name for name in every if not options.only or name.startswith(tuple(options.only))]
    if not chosen:
        parser.error(f"no set begins with {', '.join(options.only)}; there are: {'; '.join(every)}")
    features = Features(models=Store(None, Path("services/essentia/models.toml")))
    behind = 0
    for name in chosen:
        table: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
        for clip in every[name]():
            for who, answer in ask(features, clip.samples).items():
                scores = score(answer, clip)
                for measure, right in scores.items():
                    table[who][measure].append(right)
                if options.clips and who == OURS and min(scores["octave"], scores["beats F"]) < 0.9:
                    told = "-" if answer.bpm is None else f"{answer.bpm / clip.bpm:.3f}"
                    print(f"  {clip.style} at {clip.bpm:.2f}: {told}, beats {scores['beats F']:.2f}")
        behind += show(name, table)
    return 1 if behind else 0


def score(answer: Answer, clip: RhythmClip) -> Mapping[str, float]:
    """Tells whether an answer's tempo is right (octaves that listeners allow, too), whether exactly, and the Fs."""
    right = [clip.bpm * ratio for ratio in (1.0, *clip.octaves)]
    bpm = answer.bpm or 0.0
    nearest = min(right, key=lambda each: abs(each - bpm))
    found = {
        "octave": float(abs(bpm / nearest - 1) <= SAME),
        "0.1 %": float(abs(bpm / nearest - 1) <= EXACT),
    }
    if answer.beats is not None:
        # Beats at half or double are compared with those of the tempo that was asked for; listeners may differ.
        found["beats F"] = max(f_measure(answer.beats, truth) for truth in clip.gridded())
    if answer.downbeats is not None:
        found["downbeats F"] = f_measure(answer.downbeats, clip.downbeats)
    return found


def f_measure(found: Iterable[float], true: Iterable[float]) -> float:
    """F-measure of times (s) within NEAR_SECONDS, each matched once; 0 where there is no answer."""
    left, hits = sorted(true), 0
    times = sorted(found)
    count = len(left)
    for time in times:
        nearest = min(left, key=lambda each: abs(each - time), default=None)
        if nearest is not None and abs(nearest - time) <= NEAR_SECONDS:
            left.remove(nearest)
            hits += 1
    return 2 * hits / (len(times) + count) if hits else 0.0


def show(name: str, table: Mapping[str, Mapping[str, list[float]]]) -> int:
    """Prints a table; returns in how many measures ours is below the best other beyond its interval."""
    print(f"\n{name} ({len(table[OURS]['octave'])} clips)\n  {'':24}" + "".join(f"{each:>16}" for each in MEASURES))
    for who, row in table.items():
        cells = [f"{np.mean(row[each]):.3f}" if each in row else "-" for each in MEASURES]
        if who == OURS:
            cells = [f"{cell} ± {interval(row[each]):.3f}" for cell, each in zip(cells, MEASURES, strict=True)]
        print(f"  {who:24}" + "".join(f"{cell:>16}" for cell in cells))
    behind = 0
    for measure in MEASURES:
        best = max(
            (float(np.mean(row[measure])) for who, row in table.items() if who != OURS and measure in row), default=0
        )
        ours = table[OURS][measure]
        if float(np.mean(ours)) + interval(ours) < best - 1e-9:
            behind += 1
            print(f"  behind in {measure}: {np.mean(ours):.3f}, the best single source {best:.3f}")
    sys.stdout.flush()
    return behind


if __name__ == "__main__":
    sys.exit(main())
