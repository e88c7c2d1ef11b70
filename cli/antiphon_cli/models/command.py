"""``antiphon models``: the model store's own program, its lines shown."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from antiphon_cli.models.events import event_of, planned
from antiphon_cli.models.keeping import du, lock, prune, remove
from antiphon_cli.models.listing import Listing, matches
from antiphon_cli.models.running import run, shown
from antiphon_cli.services import FAMILIES

_HELP = "Exit codes: 0 all well, 1 a model failed, 2 wrong usage, 130 interrupted."
_as_json = click.option("--json", "as_json", is_flag=True, help="Pass on the program's lines, a JSON object each.")
_ASK_FROM_BYTES = 5_000_000_000
_names = click.argument("names", nargs=-1, metavar="[NAME]...")


@click.group(epilog=_HELP, no_args_is_help=False)
def models() -> None:
    """List, install, check and remove models of a checkout.

    \b
    Examples:
      antiphon models list
      antiphon models list --installed --service speech
      antiphon models pull starter
      antiphon models pull whisper-base
      antiphon models pull mission --for generation
      antiphon models verify --repair
      antiphon models import /media/usb/models
    """


@models.command("list", epilog=_HELP)
@click.argument("words", nargs=-1, metavar="[WORD]...")
@click.option("--installed", is_flag=True, help="Only those that are installed.")
@click.option("--service", type=click.Choice(FAMILIES), help="Only those of one service.")
@_as_json
def list_models(words: tuple[str, ...], installed: bool, service: str | None, as_json: bool) -> int:
    """List every model, or those with all WORDs in name, engine, licence or summary: installed or not, size, licence.

    \b
    Examples:
      antiphon models list
      antiphon models list --installed
      antiphon models list --service separation
      antiphon models list music stereo
    """
    if not as_json:
        listing = Listing()
        code = run(["list"], lambda line: listing.take(event_of(line), line))
        click.echo("\n".join(listing.lines(installed, service, words)))
        return code

    def wanted(line: str) -> None:
        event = event_of(line)
        if event.get("event") != "model" or matches(event, installed, service, words):
            click.echo(line)

    return run(["list"], wanted)


@models.command(epilog=_HELP)
@_names
@click.option("--for", "service", type=click.Choice(FAMILIES), help="Only models of one service.")
@click.option(
    "--lock", "held", type=click.Path(path_type=Path), help="Hold the models to a lock file of another machine."
)
@click.option("--yes", is_flag=True, help="Fetch more than 5 GB without being asked.")
@_as_json
def pull(names: tuple[str, ...], service: str | None, held: Path | None, yes: bool, as_json: bool) -> int:
    """Fetch models into the store: NAMEs, or the sets starter, mission and full.

    Without a NAME it is the starter set; with --for alone, what that service begins with. A pull that broke off goes on
    where it was. Gated models need HF_TOKEN; HF_ENDPOINT names a mirror of the hub, ANTIPHON_MODEL_MIRROR a folder.

    \b
    Examples:
      antiphon models pull
      antiphon models pull whisper-base htdemucs
      antiphon models pull mission --for generation --yes
      antiphon models pull --lock models.lock
    """
    arguments = [*names, *(("--for", service) if service else ()), *(("--lock", str(held)) if held else ())]
    if not yes and not as_json and sys.stdin.isatty():
        yes = _agreed(arguments)
        if not yes:
            click.echo("nothing was fetched", err=True)
            return 1
    return shown("pull", [*arguments, *(("--yes",) if yes else ())], as_json)


def _agreed(arguments: list[str]) -> bool:
    """Whether what a pull would fetch is little, or a person at the terminal agrees to it."""
    found: dict[str, Any] = {}

    def take(line: str) -> None:
        event = event_of(line)
        if event.get("event") == "plan":
            found.update(event)

    run(["plan", *arguments], take)
    if int(found.get("bytes") or 0) <= _ASK_FROM_BYTES:
        return True
    return click.confirm(f"{planned(found)}. Go on?", err=True)


@models.command(epilog=_HELP)
@_names
@click.option("--repair", is_flag=True, help="Fetch again what is missing or damaged.")
@_as_json
def verify(names: tuple[str, ...], repair: bool, as_json: bool) -> int:
    """Read installed files again and check their digests; of all models where no NAME is given.

    \b
    Examples:
      antiphon models verify
      antiphon models verify --repair whisper-base
    """
    return shown("verify", [*names, *(("--repair",) if repair else ())], as_json)


@models.command("import", epilog=_HELP)
@click.argument("folder", type=click.Path(path_type=Path))
@_as_json
def import_models(folder: Path, as_json: bool) -> int:
    """Take in every known file, or wheel of such, of a FOLDER.

    \b
    Examples:
      antiphon models import /media/usb/models
    """
    return shown("import", [str(folder)], as_json)


for _each in (lock, remove, prune, du):
    models.add_command(_each)
