"""``antiphon up``, ``down`` and ``status``: the services of this machine."""

from __future__ import annotations

import dataclasses
import json
import os
import time
from pathlib import Path

import click

from antiphon_cli import exits, local
from antiphon_cli.default_models import default_model
from antiphon_cli.stack import daemon
from antiphon_cli.stack.health import HealthProbe
from antiphon_cli.stack.plan import (
    BASE_PORT,
    SERVICES,
    Plan,
    PlanError,
    project_plan,
    project_root,
)
from antiphon_cli.stack.state import Phase, ServiceState, StackState
from antiphon_cli.stack.supervise import ALREADY_RUNNING, Supervisor
from antiphon_cli.worker_status import no_worker_status, worker_status
from antiphon_client.errors import AntiphonClientError
from antiphon_client.sync import SyncClient
from antiphon_wire.addresses import is_loopback_target

_DEFAULT_WAIT_SECONDS = 180.0


@click.command(epilog=exits.HELP)
@click.option(
    "--services", default=",".join(SERVICES), show_default=True, help="Services to start, separated by commas."
)
@click.option("--detach/--foreground", default=True, help="Leave all running in the background (default), or stay.")
@click.option(
    "--base-port", type=int, default=BASE_PORT, show_default=True, help="The gateway's port; the services' follow it."
)
@click.option(
    "--wait",
    type=click.FloatRange(min=0, min_open=True),
    default=_DEFAULT_WAIT_SECONDS,
    show_default=True,
    metavar="SECONDS",
    help="Longest time until a service is ready.",
)
@click.option("--spec", type=click.Path(exists=True, dir_okay=False, path_type=Path), hidden=True)
def up(services: str, detach: bool, base_port: int, wait: float, spec: Path | None) -> int:
    """Start the services of this machine and the gateway, and keep them running.

    A service that crashes is started again. State and logs are in .run/ of the project, or in $ANTIPHON_STATE.
    <SERVICE>_ENGINE chooses an engine, which runs in an environment of its own where it needs one.

    \b
    Examples:
      antiphon up
      antiphon up --services speech,essentia
      SPEECH_ENGINE=openai-whisper antiphon up
      antiphon up --foreground --base-port 51050
    """
    plan = _plan(services, base_port, wait, spec)
    try:
        if not detach:
            return _foreground(plan)
        state = daemon.start(plan, _Progress())
    except daemon.AlreadyRunningError:
        return _already_running(plan)
    except daemon.StartError as error:
        raise exits.Failure(f"could not start; all is stopped again\n{error}") from None
    except OSError as error:
        raise exits.Failure(f"cannot use {plan.folder}: {error.strerror}") from None
    click.echo(f"all ready, supervisor pid {state.pid}; the gateway listens at 127.0.0.1:{state.services[-1].port}")
    return exits.OK


@click.command(epilog=exits.HELP)
@click.option(
    "--wait",
    type=click.FloatRange(min=0),
    default=_DEFAULT_WAIT_SECONDS,
    show_default=True,
    metavar="SECONDS",
    help="Longest time until all have finished their calls.",
)
def down(wait: float) -> int:
    """Stop the services of this machine; calls under way may finish.

    \b
    Examples:
      antiphon down
      antiphon down --wait 10
    """
    try:
        stopped = daemon.stop(local.folder(), wait)
    except TimeoutError as error:
        raise exits.Failure(str(error)) from None
    click.echo("stopped" if stopped else "nothing was running")
    return exits.OK


@click.command(epilog=exits.HELP)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option(
    "--gateway", metavar="HOST:PORT", help="Ask this gateway for its services instead of looking at this machine."
)
def status(as_json: bool, gateway: str | None) -> int:
    """Show each service: process, port, readiness, restarts, time since its start. Exit code 0 where all are ready.

    \b
    Examples:
      antiphon status
      antiphon status --json
      antiphon status --gateway gateway.example:50050
    """
    if gateway is not None:
        return _remote_status(gateway, as_json)
    state = daemon.running(local.folder())
    if state is None:
        last = StackState.load(local.folder() / "state.json")
        if as_json:
            click.echo(json.dumps({"running": False, "services": []}, indent=2))
        else:
            click.echo("not running; start with: antiphon up")
            if last is not None and (problems := daemon.describe_failures(last)):
                click.echo(f"the last start failed:\n{problems}")
        return exits.FAILED
    healths = [_health(service) for service in state.services]
    if as_json:
        rows = [
            {
                **dataclasses.asdict(service),
                "health": health,
                "ready": _is_ready(service, health),
                **(worker_status(service.port) if health == "SERVING" else no_worker_status()),
            }
            for service, health in zip(state.services, healths, strict=True)
        ]
        click.echo(json.dumps({"running": True, "supervisor_pid": state.pid, "services": rows}, indent=2))
    else:
        _print_table(state, healths)
    ready = all(_is_ready(service, health) for service, health in zip(state.services, healths, strict=True))
    return exits.OK if ready else exits.FAILED


def _plan(services: str, base_port: int, wait: float, spec: Path | None) -> Plan:
    try:
        if spec is not None:
            return Plan.load(spec, folder=str(local.folder()))
        names = [name.strip() for name in services.split(",") if name.strip()]
        if not names:
            raise PlanError(f"no service given; there are {', '.join(SERVICES)}")
        plan = project_plan(project_root(os.environ), local.folder(), names, base_port, os.environ)
        return dataclasses.replace(plan, start_seconds=wait)
    except PlanError as error:
        raise click.UsageError(str(error)) from None


def _foreground(plan: Plan) -> int:
    supervisor = Supervisor(plan)
    click.echo(f"starting {', '.join(program.name for program in plan.programs)}; stop with Ctrl-C", err=True)
    code = supervisor.run()
    if code == ALREADY_RUNNING:
        raise daemon.AlreadyRunningError("already running")
    if code == exits.FAILED:
        raise daemon.StartError(daemon.describe_failures(supervisor.state))
    return code


def _already_running(plan: Plan) -> int:
    state = daemon.running(plan.folder)
    if state is None:
        raise exits.Failure(f"another supervisor is starting or stopping in {plan.folder}; try again in a moment")
    wanted = {(program.name, program.port) for program in plan.programs}
    if wanted - {(service.name, service.port) for service in state.services}:
        names = ", ".join(f"{service.name} at {service.port}" for service in state.services)
        raise exits.Failure(f"already running with {names}; to change that: antiphon down, then antiphon up")
    click.echo(f"already running, supervisor pid {state.pid}; see: antiphon status")
    return exits.OK


def _remote_status(gateway: str, as_json: bool) -> int:
    try:
        with SyncClient(gateway) as client:
            services = client.services()
    except AntiphonClientError as error:
        hint = "; start it with: antiphon up" if is_loopback_target(gateway) else ""
        raise exits.Failure(f"{error}{hint}", exits.UNREACHABLE if error.unreachable else exits.FAILED) from None
    if as_json:
        rows = [{"name": each.service, "ready": each.ready, "problem": each.problem} for each in services]
        click.echo(json.dumps({"services": rows}, indent=2))
    else:
        for each in services:
            click.echo(f"{each.service:<12} {'ready' if each.ready else f'not ready: {each.problem}'}")
    return exits.OK if all(each.ready for each in services) else exits.FAILED


def _health(service: ServiceState) -> str:
    if service.pid is None:
        return "no process"
    probe = HealthProbe(service.port)
    try:
        return probe.ask()
    finally:
        probe.close()


def _is_ready(service: ServiceState, health: str) -> bool:
    return service.phase is Phase.READY and health == "SERVING"


def _print_table(state: StackState, healths: list[str]) -> None:
    click.echo(
        f"{'SERVICE':<12} {'STATE':<20} {'HEALTH':<16} {'PID':>8} {'PORT':>6} {'RESTARTS':>9} {'UP FOR':>10}"
        f" {'WORKERS LOST':>13}  MODEL"
    )
    problems = []
    for service, health in zip(state.services, healths, strict=True):
        pid = "-" if service.pid is None else str(service.pid)
        age = "-" if service.start_time is None else _age(time.time() - service.start_time)
        model = default_model(service.name, service.port) if health == "SERVING" else "-"
        kinds = worker_status(service.port) if health == "SERVING" else no_worker_status()
        workers = [each for each in kinds.values() if each is not None]
        lost = str(sum(each["restart_count"] for each in workers)) if workers else "-"
        problems += [
            f"{service.name}: {each['last_problem']} ({each['last_restart_time']})"
            for each in workers
            if each["last_problem"]
        ]
        click.echo(
            f"{service.name:<12} {service.phase:<20} {health:<16} {pid:>8} {service.port:>6}"
            f" {service.restarts:>9} {age:>10} {lost:>13}  {model}"
        )
    for problem in problems:
        click.echo(f"\n{problem}")
    for service in state.services:
        if service.phase is not Phase.READY and service.problem:
            click.echo(f"\n{service.name}: {service.problem}\n  whole log: {service.log}")


def _age(seconds: float) -> str:
    minutes, rest = divmod(int(max(seconds, 0)), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


class _Progress:
    def __init__(self) -> None:
        self._told: dict[str, Phase] = {}

    def __call__(self, state: StackState) -> None:
        for service in state.services:
            if service.phase in (Phase.STARTING, Phase.READY) and self._told.get(service.name) is not service.phase:
                self._told[service.name] = service.phase
                click.echo(f"  {service.name}: {service.phase}, port {service.port}", err=True)
