"""What runs on this machine, for commands that are told no address."""

from __future__ import annotations

import os
from pathlib import Path

from antiphon_cli.project import state_folder
from antiphon_cli.services import default_address
from antiphon_cli.stack import daemon


def folder() -> Path:
    """Returns the folder in which ``antiphon up`` keeps its state."""
    return state_folder(os.environ)


def address_of(service: str) -> str:
    """Returns the address of a service that ``antiphon up`` started; its default one where none of that name runs."""
    state = daemon.running(folder())
    for each in state.services if state is not None else ():
        if each.name == service:
            return f"127.0.0.1:{each.port}"
    return default_address(service)
