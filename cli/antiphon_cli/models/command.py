"""``antiphon models``: the model store's own program, its lines shown."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import click

from antiphon_cli import exits
from antiphon_cli.models.events import View, event_of
from antiphon_cli.models.listing import Listing, matches
from antiphon_cli.project import environment_python, need_checkout, python_path
from antiphon_cli.services import FAMILIES, GATEWAY

_HELP = "Exit codes: 0 all well, 1 a model failed, 2 wrong usage, 130 interrupted."
_as_json = click.option("--json", "as_json", is_flag=True, help="Pass on the program's lines, a JSON object each.")
_names = click.argument("names", nargs=-1, metavar="[NAME]...")


@click.group(epilog=_HELP, no_args_is_help=False)
def models() -> None:
    """List, install, verify or import models of a checkout.

    \b
    Examples:
      antiphon models list
      antiphon models list --installed --service speech
      antiphon models pull starter
      antiphon models pull whisper-base
      antiphon models verify
      antiphon models import /media/usb/models
    """


@models.command("list", epilog=_HELP)
@click.option("--installed", is_flag=True, help="Only those that are installed.")
@click.option("--service", type=click.Choice(FAMILIES), help="Only those of one service.")
@_as_json
def list_models(installed: bool, service: str | None, as_json: bool) -> int:
    """List every model: whether it is installed, its size, its licence.

    \b
    Examples:
      antiphon models list
      antiphon models list --installed
      antiphon models list --service separation
    """
    if not as_json:
        listing = Listing()
        code = _run(["list"], lambda line: listing.take(event_of(line), line))
        click.echo("\n".join(listing.lines(installed, service)))
        return code

    def wanted(line: str) -> None:
        event = event_of(line)
        if event.get("event") != "model" or matches(event, installed, service):
            click.echo(line)

    return _run(["list"], wanted)


@models.command(epilog=_HELP)
@_names
@_as_json
def pull(names: tuple[str, ...], as_json: bool) -> int:
    """Fetch models into the store: NAMEs, or the sets starter (where none is given) and full.

    \b
    Examples:
      antiphon models pull
      antiphon models pull whisper-base htdemucs
    """
    return _shown("pull", names, as_json)


@models.command(epilog=_HELP)
@_names
@_as_json
def verify(names: tuple[str, ...], as_json: bool) -> int:
    """Read installed files again and check their digests; of all models where no NAME is given.

    \b
    Examples:
      antiphon models verify
    """
    return _shown("verify", names, as_json)


@models.command("import", epilog=_HELP)
@click.argument("folder", type=click.Path(path_type=Path))
@_as_json
def import_models(folder: Path, as_json: bool) -> int:
    """Take in every known file, or wheel of such, of a FOLDER.

    \b
    Examples:
      antiphon models import /media/usb/models
    """
    return _shown("import", [str(folder)], as_json)


def _shown(verb: str, arguments: Sequence[str], as_json: bool) -> int:
    if as_json:
        return _run([verb, *arguments], click.echo)
    with View() as view:
        return _run([verb, *arguments], view.show)


def _run(arguments: Sequence[str], take: Callable[[str], None]) -> int:
    """Runs the store's program and hands its lines on as they come; returns its exit code."""
    root = need_checkout(os.environ, "antiphon models lists and installs the models of")
    command = [_python(root), "-P", "-m", "chassis.models", "--json", *arguments]
    environment = {**os.environ, "PYTHONPATH": python_path(root)}
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        for line in process.stdout:
            take(line.decode(errors="replace").rstrip("\n"))
        code = process.wait()
    except BaseException:
        # Ctrl-C has reached the child too; one that was interrupted otherwise is told here.
        process.send_signal(signal.SIGINT)
        process.wait()
        raise
    if code in (-signal.SIGINT, exits.INTERRUPTED):
        raise KeyboardInterrupt
    return code if code >= 0 else exits.FAILED


def _python(root: Path) -> str:
    """The gateway's interpreter; ours until that one has been made, since the store's program needs nothing more."""
    own = environment_python(root, GATEWAY)
    return str(own) if own.exists() else sys.executable
