"""The services that ``antiphon up`` keeps running: what its state says of them, and what they say themselves."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from antiphon_cli.stack.health import SERVING, ask_once
from antiphon_cli.stack.state import Phase, ServiceState
from antiphon_cli.status import sandboxes
from antiphon_cli.status.default_models import default_model
from antiphon_cli.status.models import complaints, counted, model_states
from antiphon_cli.status.workers import no_worker_status, worker_status


@dataclass(frozen=True)
class Supervised:
    """One service.

    Attributes:
        state: What the supervisor says.
        health: Its own answer, ``SERVING`` where it is ready.
        workers: How its worker processes are, by kind; None for a kind that it does not have or tell of.
        models: Which of its models can answer; empty where it has none or does not say.
    """

    state: ServiceState
    health: str
    workers: dict[str, dict[str, Any] | None]
    models: list[dict[str, Any]] = dataclasses.field(default_factory=list)

    @property
    def ready(self) -> bool:
        """Whether it takes calls."""
        return self.state.phase is Phase.READY and self.health == SERVING

    def row(self) -> dict[str, Any]:
        """Returns all of it as plain data."""
        state = dataclasses.asdict(self.state)
        return {**state, "health": self.health, "ready": self.ready, **self.workers, "models": self.models}


def ask(state: ServiceState) -> Supervised:
    """Asks a service how it is."""
    health = "no process" if state.pid is None else ask_once(state.port)
    if health != SERVING:
        return Supervised(state, health, no_worker_status())
    return Supervised(state, health, worker_status(state.port), model_states(state.port))


def table(services: Sequence[Supervised]) -> Iterator[str]:
    """Yields a line for each service below their titles, what keeps their workers, then what was wrong with any."""
    yield (
        f"{'SERVICE':<12} {'STATE':<20} {'HEALTH':<16} {'PID':>8} {'PORT':>6} {'RESTARTS':>9} {'UP FOR':>10}"
        f" {'WORKERS LOST':>13} {'MODELS READY':>13}  DEFAULT MODEL"
    )
    yield from (_line(each) for each in services)
    yield from sandboxes.told([(each.state.name, each.workers) for each in services])
    for each in services:
        for workers in each.workers.values():
            if workers is not None and workers["last_problem"]:
                yield f"\n{each.state.name}: {workers['last_problem']} ({workers['last_restart_time']})"
    for each in services:
        yield from complaints(each.state.name, each.models)
    for each in services:
        if each.state.phase is not Phase.READY and each.state.problem:
            yield f"\n{each.state.name}: {each.state.problem}\n  whole log: {each.state.log}"


def _line(service: Supervised) -> str:
    state = service.state
    pid = "-" if state.pid is None else str(state.pid)
    age = "-" if state.start_time is None else _age(time.time() - state.start_time)
    known = [each for each in service.workers.values() if each is not None]
    lost = str(sum(each["restart_count"] for each in known)) if known else "-"
    model = default_model(state.name, state.port) if service.health == SERVING else "-"
    return (
        f"{state.name:<12} {state.phase:<20} {service.health:<16} {pid:>8} {state.port:>6}"
        f" {state.restarts:>9} {age:>10} {lost:>13} {counted(service.models):>13}  {model}"
    )


def _age(seconds: float) -> str:
    minutes, rest = divmod(int(max(seconds, 0)), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
