"""Runs a file's conversion in a process of its own, so that what reads a foreign checkpoint ends with it."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from chassis.models.model import Conversion
from chassis.models.transfer import SourceError

_LIMIT_SECONDS = 600.0


def convert(conversion: Conversion, service: str, inputs: Sequence[Path], out: Path, project: Path) -> None:
    """Writes ``out`` from ``inputs``, whose digests the caller has checked.

    Args:
        service: Its environment, ``.venvs/<service>`` of the project, or an engine's, ``.venvs/<service>-<engine>``,
            is used where this interpreter lacks a library.
        project: Root of the project, which holds the conversion's module.

    Raises:
        SourceError: no interpreter can run it, it refused its input, or it ended without writing the file.
    """
    interpreter = _interpreter(conversion, service, project)
    command = [interpreter, "-m", conversion.module, conversion.function, str(out), *map(str, inputs)]
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "TMPDIR", "SYSTEMROOT") if name in os.environ}
    environment = {
        **kept,
        "PYTHONPATH": os.pathsep.join([str(project), str(project / "wire")]),
        "PYTHONDONTWRITEBYTECODE": "1",
        "OMP_NUM_THREADS": "1",
    }
    try:
        done = subprocess.run(
            command,
            cwd=project,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_LIMIT_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise SourceError(f"{conversion.module} took more than {_LIMIT_SECONDS:.0f} s") from error
    if done.returncode != 0 or not out.is_file():
        last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise SourceError(f"{conversion.module} {conversion.function} ended with {done.returncode}: {last[:400]}")


def _interpreter(conversion: Conversion, service: str, project: Path) -> str:
    """This interpreter where it has what the conversion needs, else that of the environment that seems to have it."""
    missing = [name for name in conversion.needs if importlib.util.find_spec(name) is None]
    if not missing:
        return sys.executable
    environments = [project / ".venvs" / service, *sorted(project.glob(f".venvs/{service}-*/"))]
    there = [each for each in environments if (each / "bin" / "python").is_file()]
    if not there:
        raise SourceError(
            f"the conversion needs {', '.join(missing)}, which {sys.executable} lacks and {environments[0]} would have"
        )
    best = max(there, key=lambda each: sum(_has(each, name) for name in conversion.needs))
    return str(best / "bin" / "python")


def _has(environment: Path, module: str) -> bool:
    """Whether a module can be imported there, by what lies in its packages' folder; nothing is started for it."""
    packages = [*environment.glob("lib/python*/site-packages"), *environment.glob("lib64/python*/site-packages")]
    return any((folder / module).is_dir() or (folder / f"{module}.py").is_file() for folder in packages)
