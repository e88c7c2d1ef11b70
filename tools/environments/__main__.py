"""Makes environments, each once: what it was made from is noted by digest, and the same again costs nothing."""

from __future__ import annotations

import argparse
import fcntl
import os
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tools import phases
from tools.environments import installers, llama_build, npm_packages, recipe, torch_build

ROOT = Path(__file__).resolve().parents[2]
VENVS = ROOT / ".venvs"
COMPILED = "llm_audio"
"""The environment with llama.cpp in it, which takes longer than all others together."""


def main() -> int:
    """Entry point."""
    parser = argparse.ArgumentParser(prog="python -m tools.environments", description=__doc__)
    parser.add_argument("name", nargs="+", help="speech, gateway, tools …, or a family and an engine of its own")
    parser.add_argument("--tests", action="store_true", help="with what the tests need on top")
    parser.add_argument("--at-once", type=int, default=1, metavar="N", help="how many to make at the same time [1]")
    arguments = parser.parse_args()
    if sys.version_info < (3, 11):  # noqa: UP036  # it runs on whatever Python is found
        sys.exit(f"Python 3.11 or newer is needed; this one is {sys.version.split()[0]}: give make PYTHON=...")
    # What is compiled comes first: the others are fetched and unpacked while compilers have the processor.
    names = sorted(arguments.name, key=lambda name: name != COMPILED)
    started = time.monotonic()
    with ThreadPoolExecutor(max(1, arguments.at_once)) as pool:
        failures = [failure for failure in pool.map(lambda name: _try(name, arguments.tests), names) if failure]
    phases.note("environments", time.monotonic() - started)
    for failure in failures:
        print(f"error: {failure}", file=sys.stderr)
    return 1 if failures else 0


def _try(name: str, tests: bool) -> str:
    """Makes one environment; says why not where it could not."""
    try:
        _make(name, tests)
    except (LookupError, installers.InstallError, OSError, subprocess.CalledProcessError) as error:
        return f"{name}: {error}"
    return ""


def _make(name: str, tests: bool) -> None:
    """Makes one environment under a lock, so that two makes at once do not pull it away from under each other."""
    made_from = recipe.find(ROOT, name)
    VENVS.mkdir(exist_ok=True)
    with (VENVS / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        ready, with_tests = VENVS / name / ".ready", VENVS / name / ".tests"
        if not _is(ready, made_from.digest):
            _build(made_from, VENVS / name)
        _note(ready, made_from)
        if tests:
            wanted = recipe.find(ROOT, name, tests=True)
            if not _is(with_tests, wanted.digest):
                _add(wanted.more, VENVS / name)
            _note(with_tests, wanted)


def _build(made_from: recipe.Recipe, folder: Path) -> None:
    started = time.monotonic()
    installer = installers.choose(ROOT, sys.executable)
    print(f"setting up .venvs/{made_from.name} ({installer.name})", file=sys.stderr, flush=True)
    shutil.rmtree(folder, ignore_errors=True)
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    python = folder / "bin" / "python"
    took: dict[str, float] = {}
    if made_from.platform is not None:
        took = phases.added(took, torch_build.install(installer, python, made_from.platform, os.environ))
    if "llama-cpp-python==" in made_from.lock.read_text():
        took = phases.added(took, llama_build.install(installer, python, made_from.lock, os.environ))
    else:
        took = phases.added(took, installer.install(python, _locked(made_from.lock)))
    if made_from.npm is not None:
        took = phases.added(took, npm_packages.install(folder, made_from.npm))
    for phase, seconds in took.items():
        phases.note(phase, seconds)
    parts = f" ({phases.told(took)})" if took else ""  # pip does not say
    told = f".venvs/{made_from.name} is there after {time.monotonic() - started:.0f} s{parts}"
    print(told, file=sys.stderr, flush=True)


def _add(locks: tuple[Path, ...], folder: Path) -> None:
    installer = installers.choose(ROOT, sys.executable)
    for lock in locks:
        installer.install(folder / "bin" / "python", _locked(lock))


def _locked(lock: Path) -> list[str]:
    return ["--require-hashes", "--no-deps", "-r", str(lock)]


def _note(note: Path, made_from: recipe.Recipe) -> None:
    """Notes what an environment was made from; a note that is right stays as it is, or make would redo what follows."""
    if not _is(note, made_from.digest):
        note.write_text(made_from.digest)
    elif any(path.stat().st_mtime > note.stat().st_mtime for path in made_from.files):
        note.touch()  # a lock that was only checked out again is no change, but the launcher looks at times


def _is(note: Path, digest: str) -> bool:
    return note.is_file() and note.read_text().strip() == digest


if __name__ == "__main__":
    sys.exit(main())
