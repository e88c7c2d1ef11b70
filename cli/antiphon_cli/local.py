"""What runs on this machine, for commands that are told no address."""

from __future__ import annotations

import os
from pathlib import Path

from antiphon_cli.project import state_folder
from antiphon_cli.services import BASE_PORT, FAMILIES, GATEWAY, default_address
from antiphon_cli.stack import daemon
from antiphon_cli.stack.state import StackState


def folder() -> Path:
    """Returns the folder in which ``antiphon up`` keeps its state."""
    return state_folder(os.environ)


def up_command(*options: str) -> str:
    """Returns the command that starts services: those of now or of the last time, at the ports that they have."""
    state = daemon.running(folder()) or StackState.load(folder() / "state.json")
    ports = {each.name: each.port for each in state.services} if state is not None else {}
    base = ports.get(GATEWAY, BASE_PORT)
    moved = () if base == BASE_PORT else ("--base-port", str(base))
    some = [name for name in FAMILIES if name in ports]
    chosen = ("--services", ",".join(some)) if some and len(some) < len(FAMILIES) and not options else ()
    return " ".join(("antiphon up", *options, *chosen, *moved))


def address_of(service: str) -> str:
    """Returns the address of a service that ``antiphon up`` started; its default one where none of that name runs."""
    state = daemon.running(folder())
    for each in state.services if state is not None else ():
        if each.name == service:
            return f"127.0.0.1:{each.port}"
    return default_address(service)


def whereabouts(service: str, target: str) -> str:
    """Says what ``antiphon up`` has to do with an address at which nobody answered, and what to do about it."""
    state = daemon.running(folder())
    if state is None:
        usual = "It is the usual address; " if target == default_address(service) else ""
        return f"{usual}antiphon up runs nothing here. Start services with: {up_command()}"
    ports = {each.name: each.port for each in state.services}
    if service not in ports:
        wanted = ",".join(name for name in FAMILIES if name in ports or name == service)
        return (
            f"antiphon up runs {', '.join(ports)} here and no {service}; "
            f"start it too with: antiphon down, then {up_command('--services', wanted)}"
        )
    if target != (there := f"127.0.0.1:{ports[service]}"):
        return f"antiphon up runs it at {there}"
    return "antiphon up keeps it there; see: antiphon status"
