"""What went wrong, in words that say what to do about it, and as data."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from antiphon_cli import exits
from antiphon_cli.field_names import option_of, told
from antiphon_cli.local import whereabouts
from antiphon_cli.services import spoken
from antiphon_cli.terminal import plain
from antiphon_client import AntiphonClientError


def explain(error: AntiphonClientError, service: str, target: str) -> str:
    """Returns the error as lines: itself, the fields at fault, when to come back.

    Args:
        error: What the call ended with.
        service: Name of what was asked, such as ``speech``.
        target: Where.
    """
    if error.reason == "SERVICE_UNREACHABLE":
        return f"{error}\nIs the {spoken(service)} running at {target}? {whereabouts(service, target)}"
    if error.reason == "TLS_MISMATCH":
        return f"{error}\nSee --tls-ca, --tls-cert, --tls-key and --tls-server-name."
    lines = [told(error)]
    lines += [f"  {option_of(field) or field}: {text}" for field, text in error.fields if text != error.message]
    if error.retry_after is not None:
        lines.append(f"  try again in {error.retry_after:g} s")
    return "\n".join(lines)


def exit_code(error: AntiphonClientError) -> int:
    """Returns the exit code of a program that ends with this error."""
    return exits.UNREACHABLE if error.unreachable else exits.FAILED


def as_data(error: AntiphonClientError) -> dict[str, Any]:
    """Returns the error as plain data, for a JSON document."""
    return {"code": error.code, "reason": error.reason, "message": error.message, "metadata": error.metadata}


def code_of(error: OSError) -> str:
    """Returns the name of the gRPC status code that says what an error of a file does."""
    if isinstance(error, FileNotFoundError):
        return "NOT_FOUND"
    if isinstance(error, PermissionError):
        return "PERMISSION_DENIED"
    return "FAILED_PRECONDITION" if isinstance(error, IsADirectoryError | NotADirectoryError) else "INTERNAL"


def explain_file(error: OSError, path: Path | None) -> str:
    """Returns what is wrong with a file; ``path`` is named where the error names none."""
    name = error.filename or path
    return plain(f"{error.strerror or error}: {click.format_filename(name)}" if name else f"{error.strerror or error}")
