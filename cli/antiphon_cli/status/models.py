"""Which models of a service of this machine can answer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from antiphon.status.v1 import status_service_pb2 as status_pb2
from antiphon_cli.status.asking import ask
from antiphon_wire.channels import Tls

_STATES = {
    status_pb2.ModelStatus.STATE_READY: "ready",
    status_pb2.ModelStatus.STATE_DAMAGED: "damaged",
    status_pb2.ModelStatus.STATE_NOT_INSTALLED: "not installed",
}


def model_states(port: int, tls: Tls | None = None) -> list[dict[str, Any]] | None:
    """Returns what the service says of each of its models as plain data; None where it does not say."""
    answer = ask(port, status_pb2, "GetStatus", tls)
    if answer is None:
        return None
    return [
        {
            "name": model.name,
            "engine": model.engine,
            "default": model.default_model,
            "state": _STATES.get(model.state, "unknown"),
            "problem": model.problem,
            "command": model.command,
        }
        for model in answer.models
    ]


def counted(models: Sequence[dict[str, Any]]) -> str:
    """Tells how many can answer, such as ``4 of 24``; ``-`` where there are none."""
    return f"{sum(model['state'] == 'ready' for model in models)} of {len(models)}" if models else "-"


def complaints(service: str, models: Sequence[dict[str, Any]]) -> Iterator[str]:
    """Yields two lines for each model that is damaged: why, and what mends it."""
    for model in models:
        if model["state"] == "damaged":
            yield f"\n{service}: the model {model['name']} is damaged: {model['problem']}"
            yield f"  mend with: {model['command']}"


def without_models(service: str, models: Sequence[dict[str, Any]]) -> Iterator[str]:
    """Yields what to do about a service that runs and has no model that can answer."""
    yield f"\n{service}: none of its models can answer, so it refuses every call"
    command = next((each["command"] for each in models if each["default"] and each["command"]), "")
    if command:
        yield f"  install one with: {command}"
    else:
        yield f"  services/{service}/README.md says how one comes in"
