"""Whether every service of a checkout has the environment that it runs in."""

from __future__ import annotations

from collections.abc import Iterator

from antiphon_cli.doctor.finding import Finding, Machine, fine, not_known, wrong
from antiphon_cli.project import environment_name, environment_python
from antiphon_cli.services import PORTS


def check(machine: Machine) -> Iterator[Finding]:
    """Looks for the interpreter of each service's environment."""
    if machine.root is None:
        yield not_known("this command is installed without a checkout, which services are started from")
        return
    names = [environment_name(machine.root, service, machine.environ) for service in PORTS]
    missing = [name for name in names if not environment_python(machine.root, name).exists()]
    for name in missing:
        yield wrong(f"the environment {name} is not made", f"make -C {machine.root} .venvs/{name}/.ready")
    if not missing:
        yield fine(f"{len(names)} environments are made")
