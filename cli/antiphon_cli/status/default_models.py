"""Which model a service of this machine uses when none is named."""

from __future__ import annotations

import importlib

from antiphon_cli.services import FAMILIES
from antiphon_cli.status.asking import ask
from antiphon_wire.channels import Tls


def default_model(service: str, port: int, tls: Tls | None = None) -> str:
    """Names the service's default model, and whether it is installed; ``-`` where there is none or nobody says."""
    if service not in FAMILIES:
        return "-"
    # Every family has this call, in a package of its own name.
    answer = ask(port, importlib.import_module(f"antiphon.{service}.v1.{service}_service_pb2"), "ListModels", tls)
    for model in () if answer is None else answer.models:
        if model.default_model:
            return str(model.identity.name) + ("" if model.installed else " (not installed)")
    return "-"
