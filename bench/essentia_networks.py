"""Networks of rhythm, key and chords: CPU seconds and peak memory of ours and of their makers' own code, in one run.

``python -m bench.essentia_networks [--seconds 60 600] [--peers FOLDER --peer-python PYTHON]``, from the root of the
project, in the environment of the essentia service; ``bench/network_peers.py`` says what the peers need. Each
contestant hears the same song in a process of its own, one thread, after a run to warm up; the least CPU seconds of the
repeats count. The samples are at 44.1 kHz: for the beats ours change the rate, where the peer is given every second
sample. Ours hear them block by block, peers all at once, as they are made.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(PROJECT / part) for part in ("", "gen", "wire")]

from bench import memory  # noqa: E402
from bench.network_song import RATE, song  # noqa: E402

NAMES = ("beats", "keys", "chords")
# The song in pieces that do not end with its bars.
BLOCK_SECONDS = 2.5
# Share of real time that the networks of rhythm may take.
GOAL = 0.015


def main() -> int:
    """Prints the table; 1 where the networks of rhythm take more than their share of real time."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, nargs="+", default=[60.0, 600.0], help="lengths of the song")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--peers", type=Path, help="folder of the peers; without it there are none")
    parser.add_argument("--peer-python", default=sys.executable, help="interpreter that has what the peers need")
    parser.add_argument("--child", choices=NAMES, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        print(json.dumps(measure(options.child, options.seconds[0])))
        return 0
    shares = []
    print(f"{'network':8} {'seconds':>8} {'CPU s':>8} {'% of real time':>15} {'peak MiB':>9}", end="")
    print(f" {'peer CPU s':>11} {'ours / peer':>12} {'peer MiB':>9}" if options.peers else "")
    for seconds in options.seconds:
        for name in NAMES:
            rounds = [[run(command) for command in commands(name, seconds, options)] for _ in range(options.repeats)]
            ours, *peers = (min(rows, key=lambda row: row["cpu"]) for rows in zip(*rounds, strict=True))
            shares += [ours["cpu"] / seconds] if name == "beats" else []
            share, peak = 100 * ours["cpu"] / seconds, ours["peak"] / 2**20
            print(f"{name:8} {seconds:8g} {ours['cpu']:8.2f} {share:15.2f} {peak:9.0f}", end="")
            for peer in peers:
                print(f" {peer['cpu']:11.2f} {ours['cpu'] / peer['cpu']:12.2f} {peer['peak'] / 2**20:9.0f}", end="")
            print()
    print(f"beats: {100 * max(shares):.2f} % of real time at most (wanted: {100 * GOAL:g})")
    return 0 if max(shares) <= GOAL else 1


def commands(name: str, seconds: float, options: argparse.Namespace) -> list[list[str]]:
    """What measures ours and, where there is one, the peer."""
    ours = [sys.executable, "-m", "bench.essentia_networks", "--child", name, "--seconds", f"{seconds:g}"]
    if options.peers is None:
        return [ours]
    peer = [options.peer_python, "-m", "bench.network_peers", str(options.peers), "--measure", name]
    return [ours, [*peer, "--seconds", f"{seconds:g}"]]


def run(command: list[str]) -> dict[str, float]:
    """Runs one contestant with one thread and reads its line."""
    threads = {name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")}
    done = subprocess.run(
        command, cwd=PROJECT, env={**os.environ, **threads}, stdout=subprocess.PIPE, text=True, check=True
    )
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def measure(name: str, seconds: float) -> dict[str, float]:
    """Runs one of ours here."""
    from chassis.models import Store
    from services.essentia.networks.beats import BeatNetwork
    from services.essentia.networks.chords import ChordNetwork
    from services.essentia.networks.keys import KeyNetwork

    store = Store(None, PROJECT / "services" / "essentia" / "models.toml")
    model = {"beats": "beatnet", "keys": "madmom-key", "chords": "madmom-chords"}[name]
    made = {"beats": BeatNetwork, "keys": KeyNetwork, "chords": ChordNetwork}[name]
    network = made(*store.require(model).files.values())
    block = song(BLOCK_SECONDS)
    network.hear([block], RATE)
    started = time.process_time()
    network.hear((block for _ in range(round(seconds / BLOCK_SECONDS))), RATE)
    return {"cpu": time.process_time() - started, "peak": memory.peak_bytes()}


if __name__ == "__main__":
    sys.exit(main())
