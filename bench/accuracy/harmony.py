"""Prints how right keys, chords and sections are: python -m bench.accuracy.harmony [--quick] [--only SET …].

Ours as installed, ours without networks, and every single source; means over the clips of a set with the half of their
95 % bootstrap interval. Chords and sections are scored by mir_eval, and need it.
"""

from __future__ import annotations

import argparse
import importlib.util
import sys
from collections import defaultdict
from collections.abc import Mapping

import numpy as np

from bench.accuracy import harmony_scores as scores
from bench.accuracy.harmony_answers import OURS, Panel
from bench.accuracy.harmony_sets import sets

RESAMPLED = 2000
Table = Mapping[str, Mapping[str, list[float]]]


def main() -> int:
    """Runs everything; the exit status is 1 where ours is behind the best single source beyond the interval."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a quarter of the clips")
    parser.add_argument("--only", nargs="+", metavar="SET", help="sets whose names begin with one of these")
    options = parser.parse_args()
    every = sets(options.quick)
    chosen = [name for name in every if not options.only or name.startswith(tuple(options.only))]
    if not chosen:
        parser.error(f"no set begins with {', '.join(options.only)}; there are: {'; '.join(every)}")
    if importlib.util.find_spec("mir_eval") is None:
        print("mir_eval is not installed: chords and sections are left out", file=sys.stderr)
    panel = Panel()
    tables: dict[str, dict[str, dict[str, list[float]]]] = defaultdict(lambda: defaultdict(lambda: defaultdict(list)))
    for name in chosen:
        for clip in every[name]():
            for who, answer in panel.ask(clip.samples).items():
                for measure, right in scores.score(answer, clip.song).items():
                    tables[measure][name][who].append(right)
    print("\n".join(f"{note}" for note in panel.notes))
    return 1 if sum(show(measure, table) for measure, table in tables.items()) else 0


def show(measure: str, table: Table) -> int:
    """Prints a table; returns on how many sets ours is below the best other beyond its interval."""
    print(f"\n{measure}")
    behind = 0
    for name, row in table.items():
        means = {who: float(np.mean(values)) for who, values in row.items()}
        cells = [f"{who} {means[who]:.3f} ± {interval(values):.3f}" for who, values in row.items()]
        print(f"  {name:26} {len(row[OURS]):3} clips   " + "   ".join(cells))
        others = [mean for who, mean in means.items() if who != OURS]
        if others and means[OURS] + interval(row[OURS]) < max(others) - 1e-9:
            behind += 1
            print(f"    behind: {means[OURS]:.3f}, the best other {max(others):.3f}")
    return behind


def interval(values: list[float]) -> float:
    """Half of the 95 % interval of the mean, by resampling; the same each time."""
    drawn = np.random.default_rng(0).choice(np.array(values), (RESAMPLED, len(values)))
    low, high = np.percentile(drawn.mean(1), [2.5, 97.5])
    return float(high - low) / 2


if __name__ == "__main__":
    sys.exit(main())
