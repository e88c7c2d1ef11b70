"""Whether the ports that services listen on are theirs to have."""

from __future__ import annotations

from collections.abc import Iterator

from antiphon_cli.doctor.finding import Finding, Machine, fine, wrong
from antiphon_cli.services import BASE_PORT, PORTS
from antiphon_cli.stack.child import port_problem
from antiphon_cli.stack.health import NOT_ANSWERING, ask_once


def check(machine: Machine) -> Iterator[Finding]:
    """Looks at the port that each service that does not run would have, and asks those that do run."""
    free = 0
    for service, port in PORTS.items():
        usual = port - BASE_PORT + machine.base_port
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
        first = min(PORTS.values()) - BASE_PORT + machine.base_port
        last = max(PORTS.values()) - BASE_PORT + machine.base_port
        ports = (
            "the port of the service that does not run is"
            if free == 1
            else (f"the {free} ports of services that do not run are")
        )
        yield fine(f"{ports} free, of {first} to {last}")
