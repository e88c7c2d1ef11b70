"""The services that ``antiphon up`` keeps running: what its state says of them, and what they say themselves."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from antiphon_cli.columns import columns
from antiphon_cli.services import FAMILIES
from antiphon_cli.stack.health import SERVING, ask_once
from antiphon_cli.stack.state import Phase, ServiceState
from antiphon_cli.status import sandboxes
from antiphon_cli.status.default_models import default_model
from antiphon_cli.status.models import complaints, counted, model_states, without_models
from antiphon_cli.status.workers import no_worker_status, worker_status
from antiphon_wire.channels import Tls


@dataclass(frozen=True)
class Supervised:
    """One service.

    Attributes:
        state: What the supervisor says.
        health: Its own answer, ``SERVING`` where it is ready.
        workers: How its worker processes are, by kind; None for a kind that it does not have or tell of.
        models: Which of its models can answer; empty where it has none or does not say.
        default_model: The one that answers where a call names none; ``-`` where there is none.
        untold: Whether it was not asked for workers and models, for want of a certificate to trust.
        tells_models: Whether it says which models it has.
    """

    state: ServiceState
    health: str
    workers: dict[str, dict[str, Any] | None]
    models: list[dict[str, Any]] = dataclasses.field(default_factory=list)
    default_model: str = "-"
    untold: bool = False
    tells_models: bool = True

    @property
    def ready(self) -> bool:
        """Whether it takes calls."""
        return self.state.phase is Phase.READY and self.health == SERVING

    @property
    def has_no_model(self) -> bool:
        """Whether it takes calls, and refuses each of them since none of its models can answer."""
        asked = self.ready and self.tells_models and not self.untold and self.state.name in FAMILIES
        return asked and not any(each["state"] == "ready" for each in self.models)

    def row(self) -> dict[str, Any]:
        """Returns all of it as plain data."""
        state = dataclasses.asdict(self.state)
        return {**state, "health": self.health, "ready": self.ready, **self.workers, "models": self.models}


def ask(state: ServiceState, tls: Tls | None = None) -> Supervised:
    """Asks a service how it is; ``tls`` is for one that speaks it."""
    health = "no process" if state.pid is None else ask_once(state.asked_at)
    # One that speaks TLS tells nobody who does not how its workers are.
    if health != SERVING or (state.health_port and tls is None):
        return Supervised(state, health, no_worker_status(), untold=health == SERVING)
    tls = tls if state.health_port else None
    workers, models = worker_status(state.port, tls), model_states(state.port, tls)
    default = default_model(state.name, state.port, tls)
    return Supervised(state, health, workers, models or [], default, tells_models=models is not None)


def table(services: Sequence[Supervised]) -> Iterator[str]:
    """Yields a line for each service below their titles, what keeps their workers, then what was wrong with any."""
    yield from columns(_HEADINGS, [_cells(each) for each in services], right=_RIGHT, whole=_WHOLE)
    if any(each.models for each in services):
        yield ""
        rows = [
            (each.state.name, counted(each.models), each.default_model)
            for each in services
            if each.models or each.has_no_model
        ]
        yield from columns(("SERVICE", "MODELS READY", "DEFAULT MODEL"), rows)
    if any(each.untold for each in services):
        yield "\nworkers and models of services that speak TLS are shown with --tls-ca"
    yield from sandboxes.told([(each.state.name, each.workers) for each in services])
    for each in services:
        for workers in each.workers.values():
            if workers is not None and workers["last_problem"]:
                yield f"\n{each.state.name}: {workers['last_problem']} ({workers['last_restart_time']})"
    for each in services:
        yield from complaints(each.state.name, each.models)
        if each.has_no_model:
            yield from without_models(each.state.name, each.models)
    for each in services:
        if each.state.phase is not Phase.READY and each.state.problem:
            yield f"\n{each.state.name}: {each.state.problem}\n  whole log: {each.state.log}"


_HEADINGS = ("SERVICE", "STATE", "HEALTH", "PID", "PORT", "RESTARTS", "UP FOR", "WORKERS LOST")
_RIGHT = ("PID", "PORT", "RESTARTS", "UP FOR", "WORKERS LOST")
_WHOLE = ("SERVICE", "PID", "PORT", "RESTARTS", "UP FOR")


def _cells(service: Supervised) -> tuple[str, ...]:
    state = service.state
    known = [each for each in service.workers.values() if each is not None]
    return (
        state.name,
        str(state.phase),
        service.health,
        "-" if state.pid is None else str(state.pid),
        str(state.port),
        str(state.restarts),
        "-" if state.start_time is None else _age(time.time() - state.start_time),
        str(sum(each["restart_count"] for each in known)) if known else "-",
    )


def _age(seconds: float) -> str:
    minutes, rest = divmod(int(max(seconds, 0)), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours}:{minutes:02}:{rest:02}"
    return f"{minutes}:{rest:02}"
