"""What a family's conversion module stands on: how it refuses an input, and how it is run as a program.

The other side, which runs it in a process of its own when a model is pulled, is :mod:`chassis.models.conversion`.
"""

from __future__ import annotations

import argparse
import contextlib
import inspect
import os
import resource
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

MEMORY_BYTES = 2 << 30
"""Private memory that a conversion may take beside what its inputs are worth: libraries, a network that is built."""
MEMORY_FOR_EACH_BYTE = 4
"""Bytes of memory for each byte of the inputs: as read, as arrays, renamed, and as written."""
_LONGEST_COMPLAINT = 400


class ConversionError(ValueError):
    """An input is not what a conversion reads; the message says what was found."""


def refusal(conversion: Callable[[], None], inputs: Iterable[Path]) -> str:
    """Runs a conversion with no more memory than its inputs are worth, so that none takes the machine by a claim.

    Args:
        conversion: Reads the inputs.
        inputs: Files.

    Returns:
        Why an input is refused; empty where the conversion is done. A foreign checkpoint may make the libraries that
        read it raise nearly anything, and all of it means the same.
    """
    total = 0
    for path in inputs:
        if not path.is_file():  # a pipe would be waited for without an end
            return f"{path}: is no file"
        total += path.stat().st_size
    try:
        with _memory(MEMORY_BYTES + MEMORY_FOR_EACH_BYTE * total):
            conversion()
    except ConversionError as error:
        return _one_line(str(error))
    except MemoryError:
        return f"takes more memory than {total} bytes of input are worth"
    except Exception as error:
        return _one_line(f"is not what this conversion reads ({type(error).__name__}: {error})")
    return ""


@contextlib.contextmanager
def _memory(more_bytes: int) -> Iterator[None]:
    """Has this process fail to allocate more than that on top of what it has; a limit that is lower stays."""
    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    limits = [_private_bytes() + more_bytes, *(each for each in (soft, hard) if each != resource.RLIM_INFINITY)]
    resource.setrlimit(resource.RLIMIT_DATA, (min(limits), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))


def _private_bytes() -> int:
    try:
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[5])
    except OSError:  # elsewhere than on Linux, where the system does not hold to the limit either
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


def _one_line(text: str) -> str:
    return " ".join(text.split())[:_LONGEST_COMPLAINT]


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
    conversion = next(each for each in conversions if each.__name__ == chosen)
    out, *inputs = inspect.signature(conversion).parameters
    refused = refusal(lambda: conversion(**options), (options[name] for name in inputs))
    if refused:
        options[out].unlink(missing_ok=True)  # half a file is none
        sys.stderr.write(f"{refused}\n")
    return 1 if refused else 0


def _first_line(docstring: str | None) -> str:
    return (docstring or "").partition("\n")[0]
