"""What is to be run: one command, port and environment for each service, and the rules of restarting."""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from antiphon_cli.stack.state import write_atomically

BASE_PORT = 50050
GATEWAY = "gateway"
SERVICES = ("separation", "speech", "essentia", "generation", "llm_audio")
"""The families, in the order of their ports above the gateway's."""


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
    """

    name: str
    command: tuple[str, ...]
    port: int
    environment: Mapping[str, str] = field(default_factory=dict)
    folder: str = "."
    remedy: str = ""

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
        max_restarts: Restarts within ``window_seconds`` after which a service is given up.
        window_seconds: See ``max_restarts``.
        first_delay_seconds: Wait before the first restart; doubled for each further one in the window.
        last_delay_seconds: Longest such wait.
    """

    programs: tuple[Program, ...]
    folder: Path
    start_seconds: float = 120.0
    stop_seconds: float = 75.0
    max_restarts: int = 5
    window_seconds: float = 120.0
    first_delay_seconds: float = 0.5
    last_delay_seconds: float = 15.0

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
        """Where a service's output goes."""
        return self.folder / "logs" / f"{name}.log"

    def save(self) -> Path:
        """Writes the plan into its folder; returns the file."""
        path = self.folder / "plan.json"
        document = dataclasses.asdict(self)
        document["folder"] = str(self.folder)
        write_atomically(path, json.dumps(document, indent=2))
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


def project_root(environ: Mapping[str, str]) -> Path:
    """Finds the project: ``ANTIPHON_ROOT``, else the folder that holds ``cli/``."""
    given = environ.get("ANTIPHON_ROOT")
    return Path(given).expanduser().resolve() if given else Path(__file__).resolve().parents[3]


def state_folder(root: Path, environ: Mapping[str, str]) -> Path:
    """Finds the folder of state and logs: ``ANTIPHON_STATE``, else ``.run`` in the project."""
    given = environ.get("ANTIPHON_STATE")
    return Path(given).expanduser().resolve() if given else root / ".run"


def python_path(root: Path) -> str:
    """The import path of services and gateway."""
    return os.pathsep.join(str(root / part) for part in ("", "gen", "wire", "renderers"))


def environment_name(root: Path, service: str, environ: Mapping[str, str]) -> str:
    """Names the environment, a folder of ``.venvs``, that runs a service.

    ``<service>-<engine>`` where the engine chosen by ``<SERVICE>_ENGINE`` (or ``ANTIPHON_ENGINE``, as in the service's
    own settings) has requirements of its own, else ``<service>``.
    """
    engine = environ.get(f"{service.upper()}_ENGINE") or environ.get("ANTIPHON_ENGINE") or ""
    own = root / "services" / service / f"requirements-{engine}.lock"
    # A name that reaches out of the folder is no engine; the service says which there are.
    return f"{service}-{engine}" if engine and own.parent.name == service and own.is_file() else service


def project_plan(
    root: Path,
    folder: Path,
    services: Sequence[str],
    base_port: int = BASE_PORT,
    environ: Mapping[str, str] = MappingProxyType({}),
) -> Plan:
    """Plans the services asked for, and the gateway in front of them, on loopback.

    Each service is told its port by ``<SERVICE>_PORT``, the gateway where each is by ``GATEWAY_<SERVICE>_TARGET``.

    Args:
        environ: Variables that the services will inherit; they choose engines, and by that environments.

    Raises:
        PlanError: a service is unknown, or the ports run past 65535.
    """
    if unknown := [name for name in services if name not in SERVICES]:
        raise PlanError(f"no service named {unknown[0]!r}; there are {', '.join(SERVICES)}")
    if not 1 <= base_port <= 65535 - len(SERVICES):
        raise PlanError(f"base port {base_port} is out of range; give 1 to {65535 - len(SERVICES)}")
    ports = {name: base_port + 1 + index for index, name in enumerate(SERVICES)}
    shared = {"PYTHONPATH": python_path(root), "PYTHONUNBUFFERED": "1"}

    def program(name: str, command: tuple[str, ...], port: int, extra: Mapping[str, str]) -> Program:
        home = environment_name(root, name, environ)
        python = root / ".venvs" / home / "bin" / "python"
        own = {f"{name.upper()}_HOST": "127.0.0.1", f"{name.upper()}_PORT": str(port)}
        remedy = f"make -C {root} .venvs/{home}/.ready"
        return Program(name, (str(python), *command), port, {**shared, **own, **extra}, str(root), remedy)

    programs = [program(name, ("-m", "services", name), ports[name], {}) for name in SERVICES if name in services]
    targets = {f"GATEWAY_{name.upper()}_TARGET": f"127.0.0.1:{port}" for name, port in ports.items()}
    programs.append(program(GATEWAY, ("-m", "gateway"), base_port, targets))
    return Plan(tuple(programs), folder)
