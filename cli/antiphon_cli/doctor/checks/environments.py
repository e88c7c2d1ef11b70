"""Whether every service of a checkout has the environment that it runs in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from antiphon_cli.doctor.finding import Finding, Machine, fine, not_known, wrong
from antiphon_cli.project import environment_name, environment_python
from antiphon_cli.services import PORTS
from antiphon_cli.terminal import counted


def check(machine: Machine) -> Iterator[Finding]:
    """Looks for the interpreter of each service's environment."""
    if machine.root is None:
        yield not_known("this command is installed without a checkout, which services are started from")
        return
    names = [environment_name(machine.root, service, machine.environ) for service in PORTS]
    problems = {name: _problem(machine.root, name) for name in names}
    for name, problem in problems.items():
        if problem:
            yield wrong(f"the environment {name} {problem}", f"make -C {machine.root} .venvs/{name}/.ready")
    if not any(problems.values()):
        yield fine(f"{counted(len(names), 'environment')} {'is' if len(names) == 1 else 'are'} made")


def _problem(root: Path, name: str) -> str:
    """Why a service could not run in it; empty where it could."""
    python = environment_python(root, name)
    if not python.exists():
        return "is not made"
    # It is written last: without it the making was broken off, or goes on.
    return "" if (root / ".venvs" / name / ".ready").exists() else "is not finished"
