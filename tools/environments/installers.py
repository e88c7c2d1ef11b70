"""Who fetches and unpacks packages: uv, which keeps each on disk once for all environments, else pip."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from tools.environments import pip_settings

_UV_LINES = re.compile(r"^(Prepared|Installed) \d+ packages? in (?:(\d+)m )?([\d.]+)(m?s)$", re.MULTILINE)
_NONE: Mapping[str, str] = {}


class InstallError(Exception):
    """An installation that failed; the message ends with what the installer said."""


class Installer(Protocol):
    """Puts packages into an environment."""

    name: str

    def install(self, python: Path, arguments: Sequence[str], variables: Mapping[str, str] = _NONE) -> dict[str, float]:
        """Installs what ``pip install`` would by these arguments; gives seconds by phase, as far as they are known.

        Args:
            python: The environment's interpreter.
            arguments: Options and requirements.
            variables: Further variables of the environment in which it runs.

        Raises:
            InstallError: it could not.
        """
        ...


class Pip:
    """The environment's own pip: slower, and every environment has its own copy of every package."""

    name = "pip"

    def install(self, python: Path, arguments: Sequence[str], variables: Mapping[str, str] = _NONE) -> dict[str, float]:
        """See :class:`Installer`."""
        _run([str(python), "-m", "pip", "install", "-qq", *arguments], variables)
        return {}


class Uv:
    """uv, told what pip is told.

    Args:
        program: Where it is.
        settings: pip's, in its words.
        cache: Folder of its cache; None for its own choice.
    """

    name = "uv"

    def __init__(self, program: Path, settings: pip_settings.UvSettings, cache: Path | None) -> None:
        self._program = program
        self._settings = settings
        self._variables = dict(settings.variables)
        if cache is not None:
            self._variables["UV_CACHE_DIR"] = str(cache)

    def install(self, python: Path, arguments: Sequence[str], variables: Mapping[str, str] = _NONE) -> dict[str, float]:
        """See :class:`Installer`."""
        options = list(self._settings.options)
        if "--require-hashes" not in arguments:
            options += self._settings.constraints
        command = [str(self._program), "pip", "install", "--python", str(python), *options, *arguments]
        said = _run(command, {**self._variables, **variables})
        phases = {"Prepared": "download", "Installed": "install"}
        return {phases[match[1]]: _seconds(match) for match in _UV_LINES.finditer(said)}


def choose(root: Path, python: str) -> Installer:
    """Gives uv, fetched by its hashed lock on first use; pip where ``INSTALLER=pip`` says so or uv cannot be had.

    Args:
        root: The project.
        python: Interpreter that the environments are made of.
    """
    if os.environ.get("INSTALLER", "uv") == "pip":
        return Pip()
    with (root / ".venvs" / "uv.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            program = _uv(root, python)
        except InstallError as error:
            last = str(error).splitlines()[-1]
            print(f"uv cannot be had, so pip does it, which takes longer: {last}", file=sys.stderr)
            return Pip()
    return Uv(program, pip_settings.read(python), _cache(root))


def _uv(root: Path, python: str) -> Path:
    """Where uv is; fetched by its lock where this version is not there yet."""
    wanted = root / "tools" / "uv.lock"
    folder = root / ".venvs" / "uv"
    noted = folder / ".ready"
    if not noted.is_file() or noted.read_text() != wanted.read_text():
        shutil.rmtree(folder, ignore_errors=True)
        _run([python, "-m", "venv", str(folder)], {})
        Pip().install(folder / "bin" / "python", ["--require-hashes", "--no-deps", "-r", str(wanted)])
        noted.write_text(wanted.read_text())
    return folder / "bin" / "uv"


def _cache(root: Path) -> Path | None:
    """A cache that hard links can reach: uv's own where it lies on the project's file system, else one beside it."""
    usual = Path(os.environ.get("UV_CACHE_DIR") or os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    while not usual.exists():
        usual = usual.parent
    return None if usual.stat().st_dev == root.stat().st_dev else root / ".venvs" / "uv-cache"


def _seconds(match: re.Match[str]) -> float:
    seconds = float(match[3]) / (1000.0 if match[4] == "ms" else 1.0)
    return seconds + 60.0 * float(match[2] or 0)


def _run(command: Sequence[str], variables: Mapping[str, str]) -> str:
    done = subprocess.run(
        command, env={**os.environ, **variables}, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
    )
    if done.returncode != 0:
        said = (done.stderr.strip() or done.stdout.strip() or "it said nothing")[-2000:]
        raise InstallError(f"{Path(command[0]).name} ended with {done.returncode}:\n{said}")
    return done.stdout + done.stderr
