"""A job done on each of several files: one that fails does not stop the others, and the exit code tells of all."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

import click

from antiphon_cli import exits
from antiphon_cli.connection import Connection
from antiphon_cli.explain import as_data, code_of, exit_code, explain, explain_file
from antiphon_cli.outputs.errors import OutputError, Skipped, StandardOutputGone
from antiphon_cli.outputs.records import Records
from antiphon_cli.terminal import complain, fitted, plain, remark
from antiphon_client import AntiphonClientError

Found = TypeVar("Found")
Source = TypeVar("Source")


@dataclass(frozen=True)
class Attempt(Generic[Found]):
    """How a job on one file ended.

    Attributes:
        found: What it found; None where it failed, or was left out.
        problem: Why it failed, as plain data; empty where it did not.
        code: Its exit code.
        skipped: Why it was left out; empty where it was not.
    """

    found: Found | None
    problem: dict[str, Any]
    code: int
    skipped: str = ""

    def outcome(self) -> dict[str, Any]:
        """Returns why nothing was found, for the file's record."""
        return {"skipped": self.skipped} if self.skipped else {"error": self.problem}


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


def attempt(
    work: Callable[[], Found], name: str, connection: Connection | None = None, path: Path | None = None
) -> Attempt[Found]:
    """Does the work for one file, and says on standard error why it failed if it does, in whatever way.

    Args:
        work: Asks the service and writes what came.
        name: What the file is called, safe to print.
        connection: Whom the work asks; None for nobody.
        path: The file.

    Raises:
        StandardOutputGone: nothing more can be written, which is no matter of this file.
    """
    try:
        return Attempt(work(), {}, exits.OK)
    except StandardOutputGone:
        raise
    except Skipped as left:
        if connection is None or not connection.quiet:
            remark(fitted(f"{name}: skipped: {left}" if name else f"skipped: {left}"))
        return Attempt(None, {}, exits.OK, str(left))
    except AntiphonClientError as error:
        said = str(error) if connection is None else explain(error, connection.service, connection.target)
        complain(said, name)
        return Attempt(None, as_data(error), exit_code(error))
    except OutputError as error:
        return _failed(name, error.message, "FAILED_PRECONDITION", error.reason, error.exit_code)
    except click.ClickException as error:
        return _failed(name, error.message, "INVALID_ARGUMENT", "INPUT", error.exit_code)
    except OSError as error:
        return _failed(name, explain_file(error, path), code_of(error), "FILE")
    except Exception as error:  # the others have nothing to do with it, whatever it is
        return _failed(name, plain(f"{type(error).__name__}: {error}"), "INTERNAL", "UNEXPECTED")


def settle(done: Attempt[Any], records: Records, path: Path, name: str, connection: Connection) -> int:
    """Writes into a file's record why there is nothing of it, if there is not; returns the exit code.

    Raises:
        StandardOutputGone: nothing more can be written.
    """
    if done.found is None:
        told = attempt(lambda: records.add_outcome(path, done.outcome()), name, connection)
        return done.code or told.code
    return done.code


def _failed(name: str, message: str, code: str, reason: str, exit_code: int = exits.FAILED) -> Attempt[Any]:
    complain(message, "" if name in message else name)
    problem = {"code": code, "reason": reason, "message": message, "metadata": {}}
    return Attempt(None, problem, exit_code)
