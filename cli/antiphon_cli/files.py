"""Text files, read and written so that nobody meets half of one."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from pathlib import Path

import click

from antiphon_cli import exits


def read_text(path: Path) -> str:
    """Reads a text file in UTF-8, with or without a byte order mark.

    Raises:
        Failure: it cannot be read.
    """
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise exits.Failure(f"cannot read {click.format_filename(path)}: {error}") from error


def write_text(path: Path | str, text: str) -> None:
    """Writes a text file, whole or not at all; missing folders are made.

    Raises:
        Failure: it cannot be written.
    """
    try:
        write_atomically(Path(path), text)
    except OSError as error:
        raise exits.Failure(f"cannot write {click.format_filename(path)}: {error.strerror}") from error


def write_json(path: str | None, document: object) -> None:
    """Writes plain data as ``--json PATH`` asks: to a file, to standard output for ``-``, nowhere for None.

    Raises:
        Failure: it cannot be written.
    """
    if path == "-":
        click.echo(json_text(document), nl=False)
    elif path is not None:
        write_text(path, json_text(document))


def json_text(document: object) -> str:
    """Returns plain data as indented JSON with a newline at its end."""
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def write_atomically(path: Path, text: str, mode: int | None = None) -> None:
    """Writes a file beside its place and moves it there; follows links, and writes into what is no regular file.

    Args:
        path: Its place.
        text: What it is to hold.
        mode: Its permissions; None for those of any new file.

    Raises:
        OSError: it cannot be written; nothing is left beside the place then.
    """
    path = Path(os.path.realpath(path))
    if path.exists() and not path.is_file():
        path.write_text(text, encoding="utf-8")
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            os.fchmod(descriptor, new_file_mode() if mode is None else mode)
        os.replace(name, path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name)
        raise


def new_file_mode() -> int:
    """Returns the permissions that this process gives a new file, which a temporary one does not have."""
    # There is no way to read the mask but to set it.
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask
