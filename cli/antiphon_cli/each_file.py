"""A job done on each of several files: one that fails does not stop the others, and the exit code tells of all."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from antiphon_cli import exits
from antiphon_cli.connection import Connection
from antiphon_cli.explain import as_data, exit_code, explain, explain_file
from antiphon_cli.terminal import complain
from antiphon_client import AntiphonClientError

Found = TypeVar("Found")
Source = TypeVar("Source")


@dataclass(frozen=True)
class Attempt(Generic[Found]):
    """How a job on one file ended.

    Attributes:
        found: What it found; None where it failed.
        problem: Why it failed, as plain data; empty where it did not.
        code: Its exit code.
    """

    found: Found | None
    problem: dict[str, Any]
    code: int


def each_file(job: Callable[[Source], int], sources: Iterable[Source]) -> int:
    """Does the job on each source; returns the exit code of all.

    Args:
        job: Returns the exit code of one source.
        sources: Files, or whatever stands for them.

    Returns:
        OK where all are, UNREACHABLE where each that failed is, else FAILED.
    """
    codes = {job(source) for source in sources} - {exits.OK}
    if not codes:
        return exits.OK
    return exits.UNREACHABLE if codes == {exits.UNREACHABLE} else exits.FAILED


def attempt(work: Callable[[], Found], name: str, connection: Connection, path: Path | None = None) -> Attempt[Found]:
    """Does the work for one file, and says on standard error why it failed if it does.

    Args:
        work: Asks the service and writes what came.
        name: What the file is called, safe to print.
        connection: Whom the work asks.
        path: The file.
    """
    try:
        return Attempt(work(), {}, exits.OK)
    except AntiphonClientError as error:
        complain(explain(error, connection.service, connection.target), name)
        return Attempt(None, as_data(error), exit_code(error))
    except OSError as error:
        message = explain_file(error, path)
        complain(message, name)
        return Attempt(None, {"code": "INTERNAL", "reason": "FILE", "message": message, "metadata": {}}, exits.FAILED)


def numbered(names: Iterable[str]) -> Iterator[str]:
    """Yields the names, those that came before with a number, so that none comes twice.

    >>> list(numbered(["song", "talk", "song"]))
    ['song', 'talk', 'song-2']
    """
    used: set[str] = set()
    for name in names:
        free, number = name, 1
        while free in used:
            number += 1
            free = f"{name}-{number}"
        used.add(free)
        yield free
