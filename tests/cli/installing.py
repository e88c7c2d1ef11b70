"""The distribution as others get it: built into a wheel, and installed into environments with nothing else in them."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from dataclasses import dataclass
from pathlib import Path

from tools.dist import build


def build_wheel(folder: Path) -> Path:
    """Builds the wheel of this checkout, as ``make dist`` does."""
    wheel, archive = build(folder)
    assert archive.name.endswith(".tar.gz")
    return wheel


def pip(*arguments: str) -> None:
    """Runs pip as this machine configures it; fails with what it says."""
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", *arguments, "--quiet"]
    done = subprocess.run(command, env=clean(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def clean(**changes: str) -> dict[str, str]:
    """Our environment without what leads a program back to this checkout."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("ANTIPHON_", "PYTHON"))}
    return {**kept, **changes}


@dataclass(frozen=True)
class Installation:
    """A virtual environment outside the checkout, and a folder beside it to work in."""

    folder: Path

    @classmethod
    def make(cls, folder: Path, requirement: str) -> Installation:
        """Makes the environment and installs one requirement with what it depends on."""
        venv.create(folder / "environment", symlinks=True)
        (folder / "elsewhere").mkdir()
        made = cls(folder)
        pip("--python", str(made.program("python")), "install", requirement)
        return made

    @property
    def elsewhere(self) -> Path:
        """The folder that programs are started in."""
        return self.folder / "elsewhere"

    def program(self, name: str) -> Path:
        """The path of a program of the environment."""
        return self.folder / "environment" / "bin" / name

    def run(self, name: str, *arguments: str, **changes: str) -> subprocess.CompletedProcess[str]:
        """Runs a program of the environment, as a user who has nothing of ours but what is installed."""
        environment = clean(HOME=str(self.elsewhere), XDG_STATE_HOME=str(self.elsewhere / "state"), **changes)
        return subprocess.run(
            [str(self.program(name)), *arguments],
            cwd=self.elsewhere,
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
