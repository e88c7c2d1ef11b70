"""What is safe and right to print."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
from collections.abc import Iterable
from pathlib import Path

import click
from rich.cells import cell_len

from antiphon.evidence.v1 import evidence_pb2

_NARROWEST = 40
_HANGING = "  "
_STANDARD_ERROR = 2


def plain(text: str) -> str:
    """Takes out what would steer a terminal: models and file tags may hold anything.

    >>> plain("la" + chr(27) + "[31m la")
    'la�[31m la'
    """
    return re.sub(r"[\x00-\x1f\x7f-\x9f]", "�", text)


def counted(count: int, noun: str) -> str:
    """Returns a count with what is counted.

    >>> counted(1, "port"), counted(2, "port")
    ('1 port', '2 ports')
    """
    return f"{count} {noun}{'' if count == 1 else 's'}"


def shown_name(path: Path | str | bytes) -> str:
    """Returns the name of a file as it can be printed, whatever bytes it is made of."""
    return plain(click.format_filename(path))


def remark(text: str) -> None:
    """Writes a line to standard error; where that is gone, the work goes on without."""
    with contextlib.suppress(OSError):
        click.echo(text, err=True)


def complain(text: str, about: str = "") -> None:
    """Writes to standard error what is wrong, and with what."""
    remark(fitted(f"antiphon: {about}: {text}" if about else f"antiphon: {text}"))


def warn(text: str, about: str = "") -> None:
    """Writes to standard error what should be known of something that went well all the same."""
    complain(text, f"warning: {about}" if about else "warning")


def fitted(text: str) -> str:
    """Breaks what is told on standard error where a person reads it, who has a terminal, or has set COLUMNS.

    In a file or another program's hands each line stays whole, so that it can be searched.
    """
    if not (os.environ.get("COLUMNS") or os.isatty(_STANDARD_ERROR)):
        return text
    return "\n".join(line for each in text.split("\n") for line in _fitted(each, width()))


def _fitted(text: str, columns: int) -> list[str]:
    """Lines of one that is too long; a command at its end stays whole, so that it can be copied."""
    command = re.match(r"(.*\bwith:) (.+)", text)
    if command is None or cell_len(text) <= columns:
        return wrapped(text, columns, _HANGING)
    return [*wrapped(command[1], columns, _HANGING), _HANGING + command[2]]


def width() -> int:
    """Returns the columns that a line may fill: COLUMNS, else those of the terminal, else 80; at least 40."""
    return max(_NARROWEST, shutil.get_terminal_size((80, 24)).columns)


def wrapped(text: str, columns: int, hanging: str = "") -> list[str]:
    """Breaks text at spaces into lines of so many columns; a word that is longer stands alone and whole.

    Args:
        text: On one line.
        columns: Of a line; a wide character fills two.
        hanging: What the lines after the first begin with.
    """
    lines = [text[: len(text) - len(text.lstrip())]]
    for word in re.findall(r"\S+ *", text):
        if lines[-1].strip() and cell_len(lines[-1] + word.rstrip()) > columns:
            lines.append(hanging)
        lines[-1] += word
    return [line.rstrip() for line in lines]


def show_warnings(warnings: Iterable[evidence_pb2.Warning], about: str = "") -> None:
    """Writes the warnings of an answer to standard error."""
    for warning in warnings:
        warn(f"{warning.reason}: {plain(warning.message)}", about)
