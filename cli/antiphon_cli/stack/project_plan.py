"""The plan that runs Antiphon from a checkout, on loopback: each service in its environment, the gateway in front."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from antiphon_cli.project import environment_name, environment_python, python_path
from antiphon_cli.services import BASE_PORT, FAMILIES, GATEWAY, PORTS
from antiphon_cli.stack.plan import Plan, PlanError, Program
from antiphon_cli.stack.side_ports import LAST_BASE_PORT, check_encryption, health_port, metrics_port
from antiphon_wire.spelling import did_you_mean

STAGES = tuple(name for name in FAMILIES if name != "generation")
"""The services that an analysis asks; making music is no part of one."""


def project_plan(
    root: Path,
    folder: Path,
    services: Sequence[str],
    base_port: int = BASE_PORT,
    environ: Mapping[str, str] = MappingProxyType({}),
) -> Plan:
    """Plans the services asked for, and the gateway.

    Each service is told its port by ``<SERVICE>_PORT``, the gateway where each that it asks is by
    ``GATEWAY_<SERVICE>_TARGET``, and by ``GATEWAY_SERVICES`` which of them there are.

    Args:
        root: The checkout.
        folder: Where state, logs and lock are kept.
        services: Names of families.
        base_port: The gateway's port; the services keep their distances to it.
        environ: Variables that the services will inherit; they choose engines, and by that environments.

    Raises:
        PlanError: a service is unknown, the ports run past 65535, or the gateway would not understand its services.
    """
    if unknown := [name for name in services if name not in FAMILIES]:
        hint = did_you_mean(unknown[0], FAMILIES)
        raise PlanError(f"no service named {unknown[0]!r}; {hint}there are {', '.join(FAMILIES)}")
    check_encryption([name for name in services if name in STAGES], environ)
    ports = {name: port - BASE_PORT + base_port for name, port in PORTS.items()}
    if not 1 <= base_port <= LAST_BASE_PORT:
        raise PlanError(f"base port {base_port} is out of range; give 1 to {LAST_BASE_PORT}")
    targets = {f"GATEWAY_{name.upper()}_TARGET": f"127.0.0.1:{ports[name]}" for name in STAGES}
    # An empty variable is one that is not set, and would mean all.
    targets["GATEWAY_SERVICES"] = ",".join(name for name in FAMILIES if name in services and name in STAGES) or "none"
    # The gateway last: programs are stopped from the last to the first, and its calls still need the services.
    programs = [
        *(
            _program(root, name, ("-m", "services", name), ports[name], {}, environ)
            for name in FAMILIES
            if name in services
        ),
        _program(root, GATEWAY, ("-m", "gateway"), ports[GATEWAY], targets, environ),
    ]
    return Plan(tuple(programs), folder)


def _program(
    root: Path, name: str, command: tuple[str, ...], port: int, extra: Mapping[str, str], environ: Mapping[str, str]
) -> Program:
    home = environment_name(root, name, environ)
    metrics, health = metrics_port(name, environ), health_port(name, port, environ)
    variables = {
        "PYTHONPATH": python_path(root),
        "PYTHONUNBUFFERED": "1",
        f"{name.upper()}_HOST": "127.0.0.1",
        f"{name.upper()}_PORT": str(port),
        **({f"{name.upper()}_METRICS_PORT": str(metrics)} if metrics else {}),
        **({f"{name.upper()}_HEALTH_PORT": str(health)} if health else {}),
        **extra,
    }
    python = str(environment_python(root, home))
    remedy = f"make -C {root} .venvs/{home}/.ready"
    return Program(name, (python, *command), port, variables, str(root), remedy, health)
