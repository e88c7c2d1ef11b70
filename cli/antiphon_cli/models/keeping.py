"""``antiphon models lock | remove | prune | du``: what keeps a store in order."""

from __future__ import annotations

import sys
from typing import Any

import click

from antiphon_cli.models.events import event_of, size
from antiphon_cli.models.running import run, shown

_HELP = "Exit codes: 0 all well, 1 a model failed, 2 wrong usage, 130 interrupted."
_as_json = click.option("--json", "as_json", is_flag=True, help="Pass on the program's lines, a JSON object each.")


@click.command(epilog=_HELP)
@click.argument("names", nargs=-1, metavar="[NAME]...")
def lock(names: tuple[str, ...]) -> int:
    """Print a lock file of what is installed: digests and sizes of every file, commits of what came from a hub.

    \b
    Examples:
      antiphon models lock > models.lock
      antiphon models pull --lock models.lock
    """

    def take(line: str) -> None:
        click.echo(line, err=event_of(line).get("event") == "error")

    return run(["lock", *names], take)


@click.command(epilog=_HELP)
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@click.option("--forget", is_flag=True, help="Forget what the first pull recorded; the next one is a first one again.")
@_as_json
def remove(names: tuple[str, ...], forget: bool, as_json: bool) -> int:
    """Take models out of the store; files that another model uses stay.

    \b
    Examples:
      antiphon models remove whisper-tiny.en
      antiphon models remove --forget musicgen-small
    """
    return shown("remove", [*names, *(("--forget",) if forget else ())], as_json)


@click.command(epilog=_HELP)
@click.option("--yes", is_flag=True, help="Delete them without being asked.")
@click.option("--partial", is_flag=True, help="Transfers that broke off as well.")
@_as_json
def prune(yes: bool, partial: bool, as_json: bool) -> int:
    """Find files that belong to no model any more, such as those of earlier versions, and delete them where agreed to.

    Models of manifests that are not named now (SERVICE_MODELS_EXTRA) are among these files.

    \b
    Examples:
      antiphon models prune
      antiphon models prune --partial --yes
    """
    arguments = ["--partial"] if partial else []
    if not yes and not as_json and sys.stdin.isatty():
        found: dict[str, Any] = {}
        code = run(["prune", *arguments], lambda line: found.update(event_of(line)))
        count = int(found.get("bytes") or 0)
        if code or not (count or found.get("views")):
            click.echo("nothing to delete" if not code else found.get("message", ""), err=True)
            return code
        yes = click.confirm(f"{size(count)} belong to no model any more. Delete them?", err=True)
    return shown("prune", [*arguments, *(("--yes",) if yes else ())], as_json)


@click.command(epilog=_HELP)
@_as_json
def du(as_json: bool) -> int:
    """Tell what each installed model takes up, and the store altogether.

    \b
    Examples:
      antiphon models du
    """
    return shown("du", [], as_json)
