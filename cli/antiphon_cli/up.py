"""``antiphon up`` and ``antiphon down``: starts and stops the services of this machine."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path

import click

from antiphon_cli import exits, local
from antiphon_cli.options import SECONDS_FROM, SECONDS_TO
from antiphon_cli.project import need_checkout
from antiphon_cli.services import BASE_PORT, FAMILIES
from antiphon_cli.stack import daemon
from antiphon_cli.stack.plan import Plan, PlanError
from antiphon_cli.stack.project_plan import project_plan
from antiphon_cli.stack.state import Phase, StackState
from antiphon_cli.stack.supervise import ALREADY_RUNNING, Supervisor

_DEFAULT_WAIT_SECONDS = 180.0


@click.command(epilog=exits.HELP)
@click.option(
    "--services", default=",".join(FAMILIES), show_default=True, help="Services to start, separated by commas."
)
@click.option("--detach/--foreground", default=True, help="Leave all running in the background (default), or stay.")
@click.option(
    "--base-port", type=int, default=BASE_PORT, show_default=True, help="The gateway's port; the services' follow it."
)
@click.option(
    "--wait",
    type=SECONDS_TO,
    default=_DEFAULT_WAIT_SECONDS,
    show_default=True,
    metavar="SECONDS",
    help="Longest time until a service is ready.",
)
@click.option("--spec", type=click.Path(exists=True, dir_okay=False, path_type=Path), hidden=True)
def up(services: str, detach: bool, base_port: int, wait: float, spec: Path | None) -> int:
    """Start the services of this machine and the gateway, and keep them running.

    They run from a checkout of Antiphon: the one of this command, or $ANTIPHON_ROOT. A service that crashes is started
    again. State and logs are in .run/ of the project, or in $ANTIPHON_STATE. <SERVICE>_ENGINE chooses an engine, which
    runs in an environment of its own where it needs one.

    \b
    Examples:
      antiphon up
      antiphon up --services speech,essentia
      SPEECH_ENGINE=openai-whisper antiphon up
      antiphon up --foreground --base-port 51050
    """
    plan = _plan(services, base_port, wait, spec)
    try:
        return _start(plan) if detach else _foreground(plan)
    except daemon.AlreadyRunningError:
        return _already_running(plan)
    except daemon.StartError as error:
        raise exits.Failure(f"could not start; all is stopped again\n{error}") from None
    except OSError as error:
        raise exits.Failure(f"cannot use {plan.folder}: {error.strerror}") from None


@click.command(epilog=exits.HELP)
@click.option(
    "--wait",
    type=SECONDS_FROM,
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


def _plan(services: str, base_port: int, wait: float, spec: Path | None) -> Plan:
    try:
        if spec is not None:
            return Plan.load(spec, folder=str(local.folder()))
        names = [name.strip() for name in services.split(",") if name.strip()]
        if not names:
            raise PlanError(f"no service given; there are {', '.join(FAMILIES)}")
        root = need_checkout(os.environ, "antiphon up starts services from")
        plan = project_plan(root, local.folder(), names, base_port, os.environ)
        return dataclasses.replace(plan, start_seconds=wait)
    except PlanError as error:
        raise click.UsageError(str(error)) from None


def _start(plan: Plan) -> int:
    state = daemon.start(plan, _Progress())
    click.echo(f"all ready, supervisor pid {state.pid}; the gateway listens at 127.0.0.1:{state.services[-1].port}")
    return exits.OK


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
        raise exits.Failure(f"already running with {names}; to change that: antiphon down, then this command again")
    click.echo(f"already running, supervisor pid {state.pid}; see: antiphon status")
    return exits.OK


class _Progress:
    """Tells of each service when it is started and when it is ready."""

    def __init__(self) -> None:
        self._told: dict[str, Phase] = {}

    def __call__(self, state: StackState) -> None:
        for service in state.services:
            if service.phase in (Phase.STARTING, Phase.READY) and self._told.get(service.name) is not service.phase:
                self._told[service.name] = service.phase
                click.echo(f"  {service.name}: {service.phase}, port {service.port}", err=True)
