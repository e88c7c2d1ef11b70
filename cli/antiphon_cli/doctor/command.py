"""``antiphon doctor``: looks at this machine and at the services that run on it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator

import click

from antiphon_cli import exits, local
from antiphon_cli.doctor.finding import Finding, Machine, State
from antiphon_cli.doctor.registry import CHECKS
from antiphon_cli.project import find_checkout
from antiphon_cli.services import BASE_PORT, GATEWAY
from antiphon_cli.stack import daemon
from antiphon_cli.stack.side_ports import LAST_BASE_PORT
from antiphon_cli.terminal import width, wrapped

_INDENT = 29


@click.command(epilog="Exit codes: 0 nothing is wrong, 1 something is, 2 wrong usage.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--check", "chosen", type=click.Choice(list(CHECKS)), multiple=True, help="Do this check alone.")
@click.option(
    "--base-port",
    type=click.IntRange(1, LAST_BASE_PORT),
    metavar="PORT",
    help=f"Port that the gateway is to have, as antiphon up --base-port; {BASE_PORT} where not given and nothing runs.",
)
def doctor(as_json: bool, chosen: tuple[str, ...], base_port: int | None) -> int:
    """Look for what is wrong with this machine and its services, and say what to do.

    Nothing is changed.

    \b
    Examples:
      antiphon doctor
      antiphon doctor --check sandbox --json
      antiphon doctor --check ports --base-port 51050
    """
    state = daemon.running(local.folder())
    services = {each.name: each.port for each in state.services} if state is not None else {}
    base = base_port or services.get(GATEWAY, BASE_PORT)
    machine = Machine(find_checkout(os.environ), os.environ, services, base)
    found = [(name, each) for name in chosen or CHECKS for each in CHECKS[name](machine)]
    if as_json:
        click.echo(json.dumps({"findings": [each.row(name) for name, each in found]}, indent=2))
    else:
        for name, each in found:
            click.echo("\n".join(_lines(name, each)))
    return exits.FAILED if any(each.state is State.WRONG for _, each in found) else exits.OK


def _lines(name: str, finding: Finding) -> Iterator[str]:
    """The finding in lines that fit; what to do stays whole, so that it can be copied."""
    yield from wrapped(f"{name:<17} {finding.state:<10} {finding.what}", width(), " " * _INDENT)
    if finding.remedy:
        yield f"{'':<{_INDENT}}do: {finding.remedy}"
