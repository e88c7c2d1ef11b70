"""What runs on this machine, for commands that are told no address."""

from __future__ import annotations

import os
from pathlib import Path

from antiphon_cli.stack import daemon
from antiphon_cli.stack.plan import project_root, state_folder
from antiphon_client.connection import DEFAULT_TARGET


def folder() -> Path:
    """Where ``antiphon up`` of this checkout keeps its state."""
    return state_folder(project_root(os.environ), os.environ)


def local_gateway() -> str:
    """The gateway that ``antiphon up`` started; the default address where none runs."""
    return local_target("gateway", DEFAULT_TARGET)


def local_target(name: str, default: str) -> str:
    """The address of a service that ``antiphon up`` started; ``default`` where it runs none of that name."""
    state = daemon.running(folder())
    for service in state.services if state is not None else ():
        if service.name == name:
            return f"127.0.0.1:{service.port}"
    return default
