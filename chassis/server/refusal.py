"""A server that cannot start says why in one line, and by its exit code that trying again gives the same."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from collections.abc import Callable, Iterator

from antiphon_wire.exits import CANNOT_START
from chassis.settings import SettingError

_FAILED = 1
_PASSING = frozenset(
    getattr(errno, name) for name in ("ENOSPC", "EDQUOT", "EMFILE", "ENFILE", "ENOMEM", "EAGAIN", "EIO", "EINTR")
)
"""Errors of the system that another start may not meet."""


class CannotStartError(Exception):
    """The server cannot do what it was set to do; the message says what is wrong."""


@contextlib.contextmanager
def refusals(*further: type[Exception]) -> Iterator[None]:
    """Ends the process for what is wrong in its settings, its addresses, its folders or its device.

    Args:
        further: Errors that say the same, beside those of settings and of :class:`CannotStartError`.

    Raises:
        SystemExit: with CANNOT_START; with 1 for an error of the system that may pass.
    """
    known: tuple[type[Exception], ...] = (SettingError, CannotStartError, *further)
    try:
        yield
    except known as error:
        _end(str(error), CANNOT_START)
    except OSError as error:
        _end(str(error), _FAILED if error.errno in _PASSING else CANNOT_START)


def as_program(main: Callable[[], None]) -> None:
    """Runs the main function of a process, whose refusal is then the last that it says.

    gRPC's own threads may complain while the interpreter is taken down under them; after a refusal there is nothing to
    take down.
    """
    try:
        main()
    except SystemExit as end:
        if end.code != CANNOT_START:
            raise
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(CANNOT_START)


def _end(why: str, code: int) -> None:
    sys.stderr.write(f"error: {why}\n")
    sys.exit(code)
