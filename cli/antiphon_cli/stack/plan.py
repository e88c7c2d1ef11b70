"""What a supervisor is to run: one command, port and environment for each service, and the rules of restarting."""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from antiphon_cli.files import write_atomically
from antiphon_cli.stack.logs import make_private_folder


class PlanError(Exception):
    """What was asked for cannot be run; the message says what to do."""


@dataclass(frozen=True)
class Program:
    """One service to run.

    Attributes:
        name: Name, such as ``speech``.
        command: Program and arguments.
        port: TCP port on loopback at which it will answer gRPC health checks.
        environment: Variables on top of our own.
        folder: Folder to start in.
        remedy: Command that makes the program exist, shown where it does not.
        health_port: Where it answers health checks in plain text, if not at ``port``, which speaks TLS then; 0 if so.
    """

    name: str
    command: tuple[str, ...]
    port: int
    environment: Mapping[str, str] = field(default_factory=dict)
    folder: str = "."
    remedy: str = ""
    health_port: int = 0

    @property
    def problem(self) -> str:
        """Why it cannot be run; empty where it can."""
        if os.access(self.command[0], os.X_OK):
            return ""
        how = f"; make it with: {self.remedy}" if self.remedy else ""
        return f"there is no {self.command[0]}{how}"


@dataclass(frozen=True)
class Plan:
    """Everything that a supervisor needs to know.

    Attributes:
        programs: What to run; stopped from the last to the first.
        folder: Where state, logs and lock are kept.
        start_seconds: How long a service may take until it is ready.
        stop_seconds: How long one may take to finish its calls before it is killed; longer than the 60 s in which the
            services themselves end calls that do not.
        log_bytes: Size from which on a log is put aside; the last three are kept.
        steady_seconds: Time that a service must have run for its earlier crashes to be forgotten.
        first_delay_seconds: Wait before the first restart; doubled for each further one.
        last_delay_seconds: Longest such wait; a service is tried again for ever.
    """

    programs: tuple[Program, ...]
    folder: Path
    start_seconds: float = 120.0
    stop_seconds: float = 75.0
    log_bytes: int = 20 << 20
    steady_seconds: float = 120.0
    first_delay_seconds: float = 0.5
    last_delay_seconds: float = 300.0

    @property
    def state_file(self) -> Path:
        """Where the supervisor says what it does."""
        return self.folder / "state.json"

    @property
    def lock_file(self) -> Path:
        """Held by the supervisor as long as it lives."""
        return self.folder / "supervisor.lock"

    @property
    def log_file(self) -> Path:
        """The supervisor's own log."""
        return self.folder / "logs" / "supervisor.log"

    def service_log(self, name: str) -> Path:
        """Returns the file that a service's output goes to."""
        return self.folder / "logs" / f"{name}.log"

    def save(self) -> Path:
        """Writes the plan into its folder; returns the file."""
        path = self.folder / "plan.json"
        document = dataclasses.asdict(self)
        document["folder"] = str(self.folder)
        make_private_folder(path.parent)
        write_atomically(path, json.dumps(document, indent=2), 0o600)
        return path

    @classmethod
    def load(cls, path: Path, **overrides: object) -> Plan:
        """Reads a plan from a file, the fields given overridden.

        Raises:
            PlanError: the file does not hold a plan.
        """
        try:
            document = {**json.loads(path.read_text()), **overrides}
            programs = tuple(
                Program(**{**program, "command": tuple(program["command"])}) for program in document.pop("programs")
            )
            return cls(programs=programs, folder=Path(document.pop("folder")), **document)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise PlanError(f"{path} does not hold a plan: {error}") from error
