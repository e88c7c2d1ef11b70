"""Prints the tables: python -m bench.accuracy [--quick] [--only SET …] [--folder build/bench] [--no-tags]."""

from __future__ import annotations

import argparse
import itertools
import statistics
import sys
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

from bench.accuracy import scores, songs, tags
from bench.accuracy.estimators import OURS, ask, librosa_installed
from bench.accuracy.sets import CONTROL, Clip, sets
from bench.accuracy.soundfont import font
from chassis.models import Store
from services.essentia.engines.features import Features

Pair = tuple[float, float]
Table = Mapping[str, Mapping[str, list[Pair]]]


def main() -> int:
    """Runs everything; the exit status is 1 where ours is behind the best single one on a set."""
    parser = argparse.ArgumentParser(description="Accuracy of tempo and key, ours beside every single estimator.")
    parser.add_argument("--quick", action="store_true", help="fewer clips; about two minutes")
    parser.add_argument("--folder", type=Path, default=Path("build/bench"), help="where downloads are kept")
    parser.add_argument("--no-tags", action="store_true", help="leave the tags out")
    parser.add_argument(
        "--only", nargs="+", metavar="SET", help="sets whose names begin with one of these, such as: own tracks"
    )
    options = parser.parse_args()
    every = sets(options.folder, options.quick)
    chosen = [name for name in every if not options.only or name.startswith(tuple(options.only))]
    if not chosen:
        parser.error(f"no set begins with {', '.join(options.only)}; there are: {'; '.join(every)}")
    features = Features(models=Store(None, Path("services/essentia/models.toml")))
    tempos: dict[str, dict[str, list[Pair]]] = defaultdict(lambda: defaultdict(list))
    keys: dict[str, dict[str, list[Pair]]] = defaultdict(lambda: defaultdict(list))
    downbeats: dict[str, list[Pair]] = defaultdict(list)
    costs: dict[str, list[float]] = defaultdict(list)
    with_paths: list[Clip] = []
    for clip in itertools.chain.from_iterable(every[name]() for name in chosen):
        answers = ask(features, clip.samples)
        for name, bpm in answers.tempos.items():
            tempos[clip.set][name].append(scores.tempo(bpm, clip.bpm))
        if clip.key is not None:
            for name, key in answers.keys.items():
                keys[clip.set][name].append(scores.key(key, clip.key))
        if clip.bar_seconds is not None:
            downbeats[clip.set].append(scores.downbeats(answers.downbeats, clip.bar_seconds, songs.SONG_SECONDS))
        for name, seconds in answers.cpu_seconds.items():
            costs[name].append(60 * seconds / (clip.samples.size / 44100))
        if clip.path is not None:
            with_paths.append(clip)
    if font() is None:
        print("no fluidsynth or no sound font: the sets 'font …' are left out")
    if not librosa_installed():
        print("librosa is not installed: its rows are left out")
    if "tracks" in chosen and "tracks" not in tempos:
        print("the tracks could not be fetched: that set is left out")
    behind = show("tempo: Acc1 / Acc2", tempos) + show("key: exact / weighted", keys)
    show_downbeats(downbeats)
    print("\nCPU seconds for 60 s of audio, median over the clips")
    for name, each in costs.items():
        print(f"  {name:32} {statistics.median(each):6.3f}")
    if with_paths and not options.no_tags:
        print(f"\ntags on {len(with_paths)} tracks")
        for line in tags.separation(with_paths):
            print(f"  {line}")
    return 1 if behind else 0


def show(title: str, table: Table) -> int:
    """Prints a table; returns on how many sets ours is behind the best single one; the control is not counted."""
    names = list(dict.fromkeys(name for row in table.values() for name in row))
    print(f"\n{title}")
    for number, name in enumerate(table, 1):
        print(f"  [{number}] {name} ({len(table[name][OURS])} clips)")
    print(f"  {'':30}" + "".join(f"{f'[{number}]':>14}" for number in range(1, len(table) + 1)))
    means = {name: {each: _mean(row[name]) for each, row in table.items() if name in row} for name in names}
    for name in names:
        cells = (f"{means[name][each][0]:.3f}/{means[name][each][1]:.3f}" for each in table)
        print(f"  {name:30}" + "".join(f"{cell:>14}" for cell in cells))
    behind = 0
    for each in table:
        for part in (0, 1):
            best = max(means[name][each][part] for name in names if name != OURS)
            if each != CONTROL and means[OURS][each][part] < best - 1e-9:
                behind += 1
                print(f"  behind on {each}: {means[OURS][each][part]:.3f}, the best single one {best:.3f}")
    return behind


def show_downbeats(table: Mapping[str, list[Pair]]) -> None:
    """Prints in how many songs the downbeats were told, and how right they are there."""
    if table:
        print("\ndownbeats: songs with an answer, F-measure of those within 70 ms, of them all wrong")
    for name, pairs in table.items():
        told = [right for answered, right in pairs if answered]
        how = f"{statistics.mean(told):.3f}, {sum(right < 0.5 for right in told)} of {len(told)}" if told else "-"
        print(f"  {name:30} {len(told) / len(pairs):.3f}, {how}")


def _mean(pairs: list[Pair]) -> Pair:
    return statistics.mean(one for one, _ in pairs), statistics.mean(two for _, two in pairs)


if __name__ == "__main__":
    sys.exit(main())
