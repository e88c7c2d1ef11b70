"""What a family's conversion module stands on: how it refuses an input, and how it is run as a program.

The other side, which runs it in a process of its own when a model is pulled, is :mod:`chassis.models.conversion`.
"""

from __future__ import annotations

import argparse
import inspect
import sys
from collections.abc import Callable, Sequence
from pathlib import Path


class ConversionError(ValueError):
    """An input is not what a conversion reads; the message says what was found."""


def main(
    module: str, description: str | None, *conversions: Callable[..., None], arguments: Sequence[str] | None = None
) -> int:
    """Runs the conversion that the command line names: ``MODULE FUNCTION OUT INPUT…``.

    Args:
        module: Dotted name of the conversions' module.
        description: Its docstring, of which the help shows the first line.
        conversions: Each takes the path to write and those to read; its name is the verb, its docstring's first line
            the help, its parameters' names those of the arguments.
        arguments: Of the command line; None for the process's own.

    Returns:
        The exit status: 0 where it is done, 1 where an input is refused, which is said on standard error.
    """
    parser = argparse.ArgumentParser(prog=f"python -m {module}", description=_first_line(description))
    verbs = parser.add_subparsers(dest="verb", required=True)
    for each in conversions:
        verb = verbs.add_parser(each.__name__, help=_first_line(each.__doc__))
        for name in inspect.signature(each).parameters:
            verb.add_argument(name, type=Path)
    options = vars(parser.parse_args(arguments))
    chosen = options.pop("verb")
    try:
        next(each for each in conversions if each.__name__ == chosen)(**options)
    except ConversionError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def _first_line(docstring: str | None) -> str:
    return (docstring or "").partition("\n")[0]
