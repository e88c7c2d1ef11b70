"""Programs that the checks run: where each is found, and what brings it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ENVIRONMENT = Path(__file__).resolve().parents[2] / ".venvs" / "deploy" / "bin"
"""The environment of the checks, whose programs the tests of another environment use too."""


class Problem(Exception):
    """A check failed or could not run; the message is for the person at the terminal."""


class Absent(Problem):
    """A check could not run because the system lacks a program that no Python package brings."""


@dataclass(frozen=True)
class Tool:
    """A program that a check needs.

    Attributes:
        program: Its name.
        source: How it is had, for the message where it is missing.
        of_the_system: Whether it comes with no Python package, so that a machine may well lack it.
    """

    program: str
    source: str
    of_the_system: bool = False

    def find(self) -> str | None:
        """Looks beside the running Python, in the environment of the checks, then on PATH; None where it is nowhere."""
        for folder in (Path(sys.executable).parent, ENVIRONMENT):
            path = folder / self.program
            if os.access(path, os.X_OK):
                return str(path)
        return shutil.which(self.program)

    def run(self, arguments: Sequence[str], environment: dict[str, str] | None = None, stdin: str = "") -> str:
        """Runs the tool to its end; answers with what it printed.

        Raises:
            Absent: it is a program of the system, and not there.
            Problem: it is not installed, or it ended with another code than 0.
        """
        path = self.find()
        if path is None:
            kind = Absent if self.of_the_system else Problem
            raise kind(f"{self.program} is not installed; it comes with: {self.source}")
        ended = subprocess.run(
            [path, *arguments], env=environment, input=stdin, capture_output=True, text=True, check=False
        )
        if ended.returncode != 0:
            said = "\n".join(part.strip() for part in (ended.stdout, ended.stderr) if part.strip())
            raise Problem(f"{self.program} {' '.join(arguments)}\n{said}")
        return ended.stdout
