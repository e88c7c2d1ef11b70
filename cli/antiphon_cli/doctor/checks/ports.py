"""Whether the ports that services listen on are theirs to have."""

from __future__ import annotations

from collections.abc import Iterator

from antiphon_cli.doctor.finding import Finding, Machine, fine, wrong
from antiphon_cli.services import PORTS
from antiphon_cli.stack.child import port_problem
from antiphon_cli.stack.health import NOT_ANSWERING, ask_once


def check(machine: Machine) -> Iterator[Finding]:
    """Looks at the usual port of each service that does not run, and asks those that do."""
    free = 0
    for service, usual in PORTS.items():
        if service in machine.ports:
            port = machine.ports[service]
            if ask_once(port) == NOT_ANSWERING:
                yield wrong(f"{service} does not answer at port {port}", "antiphon status")
            else:
                yield fine(f"{service} answers at port {port}")
        elif problem := port_problem(usual):
            yield wrong(f"{service}: {problem}", "end that program, or start with: antiphon up --base-port PORT")
        else:
            free += 1
    if free:
        yield fine(f"{free} ports of services that do not run are free")
