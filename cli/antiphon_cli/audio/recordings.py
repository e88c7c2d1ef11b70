"""Recordings as a command is given them: files, or standard input."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import click

from antiphon_cli import exits
from antiphon_cli.options import READABLE_FILE, Command, InputFile

PIPE = "-"


def recordings_argument(*, required: bool = True, metavar: str = "FILE...") -> Callable[[Command], Command]:
    """Makes the argument FILE...: recordings, ``-`` being standard input.

    One that is not there is wrong usage where it is alone; among several it fails by itself, and the others go on.

    Args:
        required: Whether one must be given.
        metavar: What help calls them.
    """
    return click.argument(
        "files",
        nargs=-1,
        required=required,
        metavar=metavar,
        type=InputFile(allow_dash=True, readable=False, path_type=Path),
        callback=_checked,
    )


def is_pipe(path: Path | None) -> bool:
    """Tells whether it is standard input."""
    return str(path) == PIPE


def opened(path: Path) -> Path | BinaryIO:
    """Returns what the client uploads: the file, or standard input as a stream.

    Raises:
        Failure: standard input is closed.
    """
    return standard_input() if is_pipe(path) else path


def standard_input() -> BinaryIO:
    """Returns standard input.

    Raises:
        Failure: it is closed.
    """
    if sys.stdin is None:
        raise exits.Failure("standard input is closed; give a file")
    return sys.stdin.buffer


def check_pipe(*paths: Path | None) -> None:
    """Refuses standard input that is asked for twice, or is a terminal.

    Raises:
        UsageError: it is.
    """
    count = sum(is_pipe(path) for path in paths)
    if count > 1:
        raise click.UsageError("- is standard input, which can be read once; give it once")
    if count and sys.stdin is not None and sys.stdin.isatty():
        raise click.UsageError("- is standard input, which is this terminal; give a file, or pipe one in")


def _checked(context: click.Context, parameter: click.Parameter, paths: tuple[Path, ...]) -> Any:
    if len(paths) == 1 and not is_pipe(paths[0]):
        return (READABLE_FILE.convert(paths[0], parameter, context),)
    return paths
