"""Why an output is not written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from antiphon_cli import exits
from antiphon_cli.terminal import shown_name


class OutputError(exits.Failure):
    """An output is refused or cannot be written; where there are several inputs, the others go on.

    Attributes:
        reason: OUTPUT_EXISTS, OUTPUT_IS_INPUT, OUTPUT_TWICE, OUTPUT_OUTSIDE or OUTPUT_UNWRITABLE.
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class StandardOutputGone(exits.Failure):
    """Nothing more can be written to standard output, which ends the program whatever is still to do."""


class Skipped(Exception):
    """Every output is there already, and ``--skip-existing`` leaves it.

    Args:
        what: They, by names that are safe to print.
        where: In what they are; empty where they are files of their own.
    """

    def __init__(self, what: Iterable[str], where: str = "") -> None:
        names = list(what)
        there = f"{'are' if len(names) > 1 else 'is'}{f' in {where}' if where else ' there'} already"
        super().__init__(f"{', '.join(names)} {there}; --overwrite makes {'them' if len(names) > 1 else 'it'} anew")


@contextmanager
def writing(path: Path | str) -> Iterator[None]:
    """Tells of an OSError within the block as one of writing ``path``.

    Raises:
        OutputError: OUTPUT_UNWRITABLE.
    """
    try:
        yield
    except OSError as error:
        why = error.strerror or str(error)
        other = error.filename if isinstance(error, FileExistsError | NotADirectoryError) else None
        if other and str(other) != str(path):
            why = f"{why}: {click.format_filename(other)}"
        raise OutputError("OUTPUT_UNWRITABLE", f"cannot write {shown_name(path)}: {why}") from error
