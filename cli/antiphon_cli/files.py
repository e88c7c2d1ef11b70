"""Text files, read, and written so that nobody meets half of one."""

from __future__ import annotations

from pathlib import Path

import click

from antiphon_cli import exits
from antiphon_cli.outputs.rules import Existing, Rules
from antiphon_cli.outputs.safe_file import write_file


def read_text(path: Path) -> str:
    """Reads a text file in UTF-8, with or without a byte order mark; line ends stay as they are.

    Raises:
        Failure: it cannot be read.
    """
    try:
        return path.read_bytes().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise exits.Failure(f"cannot read {click.format_filename(path)}: {error}") from error


def write_atomically(path: Path, text: str, mode: int | None = None) -> None:
    """Writes a file of our own, over an older one; follows links, and writes into what is no regular file.

    Args:
        path: Its place.
        text: What it is to hold.
        mode: Its permissions; None for those of any new file.

    Raises:
        OutputError: it cannot be written; nothing is left beside the place then.
    """
    write_file(path, text.encode(), Rules(Existing.REPLACE), mode=mode)
