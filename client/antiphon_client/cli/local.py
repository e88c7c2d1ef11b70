"""What runs on this machine, for commands that are told no address."""

from __future__ import annotations

import os
from pathlib import Path

from antiphon_client.connection import DEFAULT_TARGET
from antiphon_client.supervisor import daemon
from antiphon_client.supervisor.plan import project_root, state_folder

DEFAULT_SEPARATION = "127.0.0.1:50051"


def folder() -> Path:
    """Where ``antiphon up`` of this checkout keeps its state."""
    return state_folder(project_root(os.environ), os.environ)


def local_gateway() -> str:
    """The gateway that ``antiphon up`` started; the default address where none runs."""
    return _local("gateway", DEFAULT_TARGET)


def local_separation() -> str:
    """The separation service that ``antiphon up`` started; its default address where none runs."""
    return _local("separation", DEFAULT_SEPARATION)


def _local(name: str, default: str) -> str:
    state = daemon.running(folder())
    for service in state.services if state is not None else ():
        if service.name == name:
            return f"127.0.0.1:{service.port}"
    return default
