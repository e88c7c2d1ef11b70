"""What options are made of: groups of them, and the kinds of files that they take."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from antiphon.audio.v1 import audio_pb2

Command = TypeVar("Command", bound=Callable[..., Any])


class InputFile(click.Path):
    """A file that a command reads; nothing that the command writes takes its place."""


class JsonFile(InputFile):
    """A file of JSON; who gives the JSON itself is told so."""

    def convert(self, value: Any, parameter: click.Parameter | None, context: click.Context | None) -> Any:
        """Returns the path.

        Raises:
            BadParameter: there is no such file.
        """
        if isinstance(value, str) and value.lstrip()[:1] in ("{", "[") and not os.path.exists(value):
            self.fail("this is JSON; write it into a file, and give the name of that file", parameter, context)
        return super().convert(value, parameter, context)


class Number(click.FloatRange):
    """A number in a range; what is no number, or has no end, is refused."""

    def convert(self, value: Any, parameter: click.Parameter | None, context: click.Context | None) -> Any:
        """Returns the number.

        Raises:
            BadParameter: it is not finite, or out of range.
        """
        found = super().convert(value, parameter, context)
        if not math.isfinite(found):
            self.fail(f"{value} is not finite; give a number", parameter, context)
        return found


READABLE_FILE = InputFile(exists=True, dir_okay=False, readable=True, path_type=Path)

READABLE_FILE_OR_PIPE = InputFile(exists=True, dir_okay=False, readable=True, allow_dash=True, path_type=Path)
"""The same, or ``-`` for standard input."""

JSON_FILE = JsonFile(exists=True, dir_okay=False, readable=True, path_type=Path)

SECONDS_FROM = Number(min=0)
SECONDS_TO = Number(min=0, min_open=True)
LAST_TRACK = 255
"""Highest number of an audio track that a service looks for."""

track_option = click.option(
    "--track",
    type=click.IntRange(0, LAST_TRACK),
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


def range_options(times: str) -> Callable[[Command], Command]:
    """Makes ``--start`` and ``--end``, the part of a recording that is worked on.

    Args:
        times: What the help of the first says of the times that come back; empty for nothing.
    """
    return option_group(
        click.option("--start", type=SECONDS_FROM, metavar="SECONDS", help=f"Begin there{times}."),
        click.option("--end", type=SECONDS_TO, metavar="SECONDS", help="End there."),
    )


def json_option(what: str) -> Callable[[Command], Command]:
    """Makes ``--json`` of a command that may be given several files.

    Args:
        what: What is written of each, such as ``the record``.
    """
    return click.option(
        "--json",
        "json_path",
        metavar="PATH",
        help=f"Write {what} as JSON to PATH; of several files a line for each, as soon as it is done. - is stdout, and "
        "nothing else there.",
    )


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
