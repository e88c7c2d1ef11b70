"""The command: each target in a process of its own, so that one that crashes is a finding like any other."""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

from fuzz.targets import NAMES, OF_LLM_AUDIO, target
from fuzz.trial import Broken, attack

ROOT = Path(__file__).resolve().parent.parent


def main() -> int:
    """Runs the targets that are named, or all of this environment's; gives 1 where there is a finding."""
    parser = argparse.ArgumentParser("python -m fuzz", description=__doc__)
    parser.add_argument("targets", nargs="*", choices=[*NAMES, []], help=f"of {', '.join(NAMES)}; all where none is")
    parser.add_argument("--seconds", type=float, default=60.0, help="for each target")
    parser.add_argument("--seed", type=int, default=0, help="the same seed gives the same inputs")
    parser.add_argument("--first", type=int, default=0, help="number of the first input")
    parser.add_argument("--inputs", type=int, help="how many inputs at most")
    arguments = parser.parse_args()
    names = arguments.targets or sorted(set(NAMES) - OF_LLM_AUDIO)
    if len(names) == 1:
        return _attacked(names[0], arguments)
    options = ["--seconds", str(arguments.seconds), "--seed", str(arguments.seed), "--first", str(arguments.first)]
    if arguments.inputs is not None:
        options += ["--inputs", str(arguments.inputs)]
    return max(_apart(name, options) for name in names)


def _apart(name: str, options: list[str]) -> int:
    code = subprocess.call([sys.executable, "-m", "fuzz", name, *options], cwd=ROOT)
    if code not in (0, 1):
        last = _place(name).with_suffix(".last").read_text()
        print(f"{name}: the process ended with {code}, by input {last} or one of the hundred after it", flush=True)
    return int(code != 0)


def _attacked(name: str, arguments: argparse.Namespace) -> int:
    place = _place(name)
    place.parent.mkdir(parents=True, exist_ok=True)
    last = place.with_suffix(".last")
    try:
        tally = attack(
            target(name),
            arguments.seed,
            first=arguments.first,
            inputs=arguments.inputs,
            seconds=arguments.seconds,
            tell=lambda number: _write(last, str(number)),
        )
    except Broken as finding:
        place.with_suffix(".bin").write_bytes(finding.data)
        again = f"python -m fuzz {name} --seed {arguments.seed} --first {max(finding.number, 0)} --inputs 1"
        print(f"{finding}\n  {place.with_suffix('.bin')}; again: {again}", flush=True)
        return 1
    rate = tally.inputs / max(tally.seconds, 1e-9)
    told = f"{tally.inputs:9d} inputs, {rate:7.0f} a second, {tally.accepted} accepted, no finding"
    print(f"{name:10s} {told}", flush=True)
    return 0


def _write(path: Path, text: str) -> None:
    path.write_text(text)


def _place(name: str) -> Path:
    return ROOT / "build" / "fuzz" / name


if __name__ == "__main__":
    sys.exit(main())
