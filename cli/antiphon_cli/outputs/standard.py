"""Standard output: whole, at once, and with one line where nothing more can be written to it."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click

from antiphon_cli.outputs.errors import StandardOutputGone


def tell(text: str, *, newline: bool = True) -> None:
    """Writes text.

    Raises:
        StandardOutputGone: it cannot be written.
    """
    with sending():
        click.echo(text, nl=newline)
        sys.stdout.flush()


def send(data: bytes) -> None:
    """Writes bytes.

    Raises:
        StandardOutputGone: they cannot be written.
    """
    with sending():
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()


@contextmanager
def sending() -> Iterator[None]:
    """Ends the program with one line where an OSError within the block says that standard output is gone.

    Raises:
        StandardOutputGone: it is.
    """
    try:
        yield
    except BrokenPipeError:
        _silence()
        raise StandardOutputGone("whoever read standard output has closed it") from None
    except OSError as error:
        _silence()
        raise StandardOutputGone(f"cannot write to standard output: {error.strerror or error}") from None


@contextmanager
def guarded() -> Iterator[None]:
    """Does as :func:`sending` does where it was click that wrote, of which an OSError without a file's name tells.

    Raises:
        StandardOutputGone: standard output is gone.
        OSError: another one.
    """
    try:
        yield
    except OSError as error:
        if error.filename is not None:
            raise
        with sending():
            raise


def hold_descriptors() -> None:
    """Keeps the numbers 0 to 2 from being given to other files where the program was started without them.

    What is written to a standard output that is closed fails then, as it should, instead of going nowhere.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            # Of 1 and 2 the wrong way round, so that writing fails.
            held = os.open(os.devnull, os.O_WRONLY if number == 0 else os.O_RDONLY)
            if held != number:
                os.dup2(held, number)
                os.close(held)
    if sys.stdout is None:
        sys.stdout = os.fdopen(1, "w", encoding="utf-8", errors="replace")


def _silence() -> None:
    """What is still in the buffer would make Python complain when it ends."""
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
