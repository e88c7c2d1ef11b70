"""What the exit codes of ``antiphon`` mean."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import IO

import click

from antiphon_cli import INTERRUPTED

__all__ = ["FAILED", "HELP", "INTERRUPTED", "OK", "UNREACHABLE", "USAGE", "Failure", "terminable"]

OK = 0
FAILED = 1
USAGE = 2
UNREACHABLE = 3

HELP = "Exit codes: 0 all well, 1 something failed, 2 wrong usage, 3 services not reachable, 130 interrupted."


class Failure(click.ClickException):
    """Ends the program with a message and exit code 1, or another one."""

    def __init__(self, message: str, exit_code: int = FAILED) -> None:
        super().__init__(message)
        self.exit_code = exit_code  # type: ignore[misc]  # click declares it for the class alone

    def show(self, file: IO[str] | None = None) -> None:
        """Writes the message to a file; to stderr where none is given."""
        click.echo(f"antiphon: {self.message}", file, err=file is None)


@contextmanager
def terminable() -> Iterator[None]:
    """Turns SIGTERM into SystemExit inside the block, so that temporary files are removed on the way out."""

    def leave(number: int, _frame: FrameType | None) -> None:
        raise SystemExit(128 + number)

    previous = signal.signal(signal.SIGTERM, leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, previous)
