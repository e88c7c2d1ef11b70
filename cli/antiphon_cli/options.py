"""What options are made of: groups of them, and the kinds of files that they take."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from antiphon.audio.v1 import audio_pb2

Command = TypeVar("Command", bound=Callable[..., Any])

READABLE_FILE = click.Path(exists=True, dir_okay=False, readable=True, path_type=Path)

READABLE_FILE_OR_PIPE = click.Path(exists=True, dir_okay=False, readable=True, allow_dash=True, path_type=Path)
"""The same, or ``-`` for standard input."""

SECONDS_FROM = click.FloatRange(min=0)
SECONDS_TO = click.FloatRange(min=0, min_open=True)


track_option = click.option(
    "--track",
    type=click.IntRange(min=0),
    metavar="NUMBER",
    help="Audio track to read of a file with several, counted from 0; the default one where not given.",
)


def option_group(*options: Callable[[Command], Command]) -> Callable[[Command], Command]:
    """Makes one decorator of several options and arguments; ``--help`` shows them in this order."""

    def decorate(command: Command) -> Command:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


def clip_range(start: float | None, end: float | None) -> audio_pb2.ClipRange | None:
    """Returns the part of a recording from ``--start`` to ``--end``, in seconds; None where neither is given.

    Raises:
        UsageError: the end is not after the start.
    """
    if start is None and end is None:
        return None
    if end is not None and end <= (start or 0):
        raise click.UsageError(f"--end {end:g} must come after --start {start or 0:g}")
    clip = audio_pb2.ClipRange()
    if start is not None:
        clip.start_offset.FromNanoseconds(round(start * 1e9))
    if end is not None:
        clip.end_offset.FromNanoseconds(round(end * 1e9))
    return clip
