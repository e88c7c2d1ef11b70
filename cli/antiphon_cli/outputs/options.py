"""The options of every command that writes: what becomes of an output that is there already."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click

from antiphon_cli.options import InputFile, option_group
from antiphon_cli.outputs.rules import Existing, Rules

_OVERWRITE = click.option("--overwrite", is_flag=True, help="Replace outputs that are there; they are refused if not.")


def existing_options(*, skipping: str = "") -> Callable[[Callable[..., int]], Callable[..., int]]:
    """Adds ``--overwrite`` to a command, which is given the :class:`Rules` of its outputs in its place.

    Every file that the command reads, by any of its options, is protected.

    Args:
        skipping: Help of ``--skip-existing``; empty where the command has no such option.
    """

    def decorate(command: Callable[..., int]) -> Callable[..., int]:
        @functools.wraps(command)
        def with_rules(**given: Any) -> int:
            context = click.get_current_context()
            overwrite, skip = given.pop("overwrite"), given.pop("skip_existing", False)
            if overwrite and skip:
                raise click.UsageError("--overwrite and --skip-existing exclude each other")
            existing = Existing.REPLACE if overwrite else Existing.SKIP if skip else Existing.REFUSE
            return command(rules=Rules(existing, _inputs(context)), **given)

        skip_option = click.option("--skip-existing", is_flag=True, help=skipping)
        options = option_group(_OVERWRITE, skip_option) if skipping else _OVERWRITE
        return options(with_rules)

    return decorate


def _inputs(context: click.Context) -> Iterator[Path]:
    """The files that the command line names to be read."""
    for parameter in context.command.params:
        given = context.params.get(parameter.name or "")
        if isinstance(parameter.type, InputFile) and given is not None:
            yield from given if isinstance(given, tuple) else (given,)
