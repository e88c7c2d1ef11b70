"""``antiphon status``: how the services of this machine, or those of a gateway, fare."""

from __future__ import annotations

import json
import os

import click

from antiphon_cli import exits, local
from antiphon_cli.address import ADDRESS
from antiphon_cli.connection import tls_options
from antiphon_cli.services import GATEWAY, default_address
from antiphon_cli.stack import daemon
from antiphon_cli.stack.state import StackState
from antiphon_cli.status import elsewhere, supervised
from antiphon_client import AntiphonClientError, Tls
from antiphon_wire.addresses import is_loopback_target


@click.command(epilog=exits.HELP)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option(
    "--gateway",
    type=ADDRESS,
    metavar="HOST:PORT",
    help="Ask this gateway for its services instead of looking at this machine.",
)
@tls_options
def status(as_json: bool, gateway: str | None, tls: Tls | None) -> int:
    """Show each service: process, port, readiness, restarts, time since its start. Exit code 0 where all are ready.

    What antiphon up started is shown; where it started nothing, what answers at $ANTIPHON_GATEWAY or at the usual
    addresses of this machine.

    \b
    Examples:
      antiphon status
      antiphon status --json
      antiphon status --gateway gateway.example:50050
    """
    if gateway is not None:
        return _of_gateway(gateway, as_json, tls)
    state = daemon.running(local.folder())
    return _of_whoever_serves(as_json, tls) if state is None else _of_supervised(state, as_json, tls)


def _of_gateway(gateway: str, as_json: bool, tls: Tls | None) -> int:
    try:
        services = elsewhere.of_gateway(gateway, tls)
    except AntiphonClientError as error:
        start = is_loopback_target(gateway) and error.reason == "SERVICE_UNREACHABLE"
        hint = f"; start it with: {local.up_command()}" if start else ""
        raise exits.Failure(f"{error}{hint}", exits.UNREACHABLE if error.unreachable else exits.FAILED) from None
    if as_json:
        click.echo(json.dumps({"services": [each.row() for each in services]}, indent=2))
    else:
        click.echo("\n".join(each.line() for each in services))
    return exits.OK if all(each.ready for each in services) else exits.FAILED


def _of_supervised(state: StackState, as_json: bool, tls: Tls | None) -> int:
    found = [supervised.ask(service, tls) for service in state.services]
    if as_json:
        rows = [each.row() for each in found]
        click.echo(json.dumps({"running": True, "supervisor_pid": state.pid, "services": rows}, indent=2))
    else:
        click.echo("\n".join(supervised.table(found)))
    return exits.OK if all(each.ready for each in found) else exits.FAILED


def _of_whoever_serves(as_json: bool, tls: Tls | None) -> int:
    """Nothing was started by ``antiphon up`` here; somebody else's services may run all the same."""
    gateway = os.environ.get("ANTIPHON_GATEWAY") or default_address(GATEWAY)
    found = elsewhere.whoever_serves(gateway, tls)
    if as_json:
        document = {"running": bool(found), "services": [each.row() for each in found]}
        click.echo(json.dumps({**document, "gateway": gateway} if found else document, indent=2))
    else:
        click.echo(
            "antiphon up started nothing here, but this serves:"
            if found
            else f"not running; start with: {local.up_command()}"
        )
        for each in found:
            click.echo(each.line())
        last = StackState.load(local.folder() / "state.json")
        if last is not None and (problems := daemon.describe_failures(last)):
            click.echo(f"the last start failed:\n{problems}")
    whole = any(each.name == GATEWAY for each in found) and all(each.ready for each in found)
    return exits.OK if whole else exits.FAILED
