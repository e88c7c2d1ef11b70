"""What keeps the workers of each service that runs, by its own word."""

from __future__ import annotations

from collections.abc import Iterator

from antiphon_cli.doctor.finding import Finding, Machine, fine, not_known, wrong
from antiphon_cli.services import FAMILIES
from antiphon_cli.status.workers import worker_status


def check(machine: Machine) -> Iterator[Finding]:
    """Asks each service that runs here."""
    running = [name for name in FAMILIES if name in machine.ports]
    if not running:
        yield not_known("no service runs that antiphon up started")
    for name in running:
        workers = [each for each in worker_status(machine.ports[name]).values() if each is not None]
        said = {each["sandbox"] for each in workers if each["sandbox"]}
        if not said:
            yield not_known(f"{name} has no worker yet, or does not say")
        for told in sorted(said):
            yield judge(name, told)


def judge(service: str, told: str) -> Finding:
    """Judges what a service says of its workers, such as ``landlock 7 + seccomp``."""
    if told == "none: switched off":
        return wrong(f"{service}: the sandbox is switched off", f"unset {service.upper()}_SANDBOX")
    if told.startswith("none") or "no seccomp" in told or "no Landlock" in told:
        return wrong(f"{service}: {told}", "antiphon doctor --check sandbox, where the service runs")
    return fine(f"{service}: {told}")
