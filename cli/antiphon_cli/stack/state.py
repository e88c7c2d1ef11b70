"""The state file: who runs where, since when, and how often it was restarted."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from antiphon_cli.files import write_atomically
from antiphon_cli.stack.processes import is_same_process


class Phase(StrEnum):
    """What a service is doing."""

    STARTING = "starting"
    READY = "ready"
    WAITING = "waiting to restart"
    FAILED = "failed"
    STOPPING = "stopping"
    STOPPED = "stopped"


@dataclass
class ServiceState:
    """One service as the supervisor sees it.

    Attributes:
        name: Its name.
        port: Its port on loopback.
        phase: What it is doing.
        pid: Process id; None where there is no process.
        birth: Start of the process as the kernel counts it, which tells it from a later one of the same pid.
        start_time: Seconds since 1970 at which the process was started; None where there is none.
        restarts: Times it was started again.
        problem: Why it failed or was restarted last, with the end of its log; empty where nothing happened.
        log: File of its output.
        health_port: Where it answers health checks, where its own port speaks TLS; 0 where it does not.
    """

    name: str
    port: int
    phase: Phase = Phase.STOPPED
    pid: int | None = None
    birth: str = ""
    start_time: float | None = None
    restarts: int = 0
    problem: str = ""
    log: str = ""
    health_port: int = 0

    @property
    def asked_at(self) -> int:
        """The port at which it answers health checks in plain text."""
        return self.health_port or self.port


@dataclass
class StackState:
    """A supervisor and its services."""

    pid: int
    birth: str
    phase: Phase = Phase.STARTING
    services: list[ServiceState] = field(default_factory=list)

    def save(self, path: Path) -> None:
        """Writes the state so that a reader sees the old file or the new one, never a part."""
        write_atomically(path, json.dumps(dataclasses.asdict(self), indent=2), 0o600)

    @classmethod
    def load(cls, path: Path) -> StackState | None:
        """Reads the state; None where there is none, or none that this version can read."""
        try:
            document = json.loads(path.read_text())
            services = [ServiceState(**{**entry, "phase": Phase(entry["phase"])}) for entry in document["services"]]
            return cls(document["pid"], document["birth"], Phase(document["phase"]), services)
        except (OSError, ValueError, KeyError, TypeError):
            return None

    @property
    def alive(self) -> bool:
        """Whether the supervisor that wrote this still runs."""
        return is_same_process(self.pid, self.birth)
