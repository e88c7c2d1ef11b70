"""How long each part of a set-up or a check took.

``python -m tools.phases run models ./antiphon models pull`` runs a command and notes its time in ``build/phases.tsv``;
``python -m tools.phases show`` prints the minutes of each and removes the notes. What had nothing to do is not noted.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

NOTES = Path(__file__).resolve().parents[1] / "build" / "phases.tsv"
LEAST_SECONDS = 1.0
"""Below this a phase did nothing but look."""


def note(name: str, seconds: float, notes: Path = NOTES) -> None:
    """Adds to the time of a phase (s)."""
    if seconds >= LEAST_SECONDS:
        notes.parent.mkdir(parents=True, exist_ok=True)
        with notes.open("a", encoding="utf-8") as file:
            file.write(f"{name}\t{seconds:.3f}\n")


def take(notes: Path = NOTES) -> dict[str, float]:
    """Gives the seconds of each phase, in the order in which they were first noted, and removes the notes."""
    found: dict[str, float] = {}
    if notes.is_file():
        for line in notes.read_text(encoding="utf-8").splitlines():
            name, _, seconds = line.partition("\t")
            found[name] = found.get(name, 0.0) + float(seconds)
        notes.unlink()
    return found


def added(one: Mapping[str, float], other: Mapping[str, float]) -> dict[str, float]:
    """Adds two sets of phases, name by name.

    >>> added({"download": 1.0}, {"install": 2.0, "download": 0.5})
    {'download': 1.5, 'install': 2.0}
    """
    return {name: one.get(name, 0.0) + other.get(name, 0.0) for name in {**one, **other}}


def told(phases: Mapping[str, float]) -> str:
    """Writes phases in a line.

    >>> told({"download": 12.34, "compile": 137.0})
    'download 12.3 s, compile 137.0 s'
    """
    return ", ".join(f"{name} {seconds:.1f} s" for name, seconds in phases.items())


def main(arguments: list[str]) -> int:
    """Does what the module says; gives the command's exit code."""
    if arguments == ["show"]:
        for name, seconds in take().items():
            print(f"{seconds / 60:6.1f} min  {name}")
        return 0
    if len(arguments) < 3 or arguments[0] != "run":
        print(__doc__, file=sys.stderr)
        return 2
    started = time.monotonic()
    code = subprocess.run(arguments[2:], check=False).returncode
    note(arguments[1], time.monotonic() - started)
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
