"""What is safe and right to print."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import click

from antiphon.evidence.v1 import evidence_pb2


def plain(text: str) -> str:
    """Takes out what would steer a terminal: models and file tags may hold anything.

    >>> plain("la" + chr(27) + "[31m la")
    'la�[31m la'
    """
    return re.sub(r"[\x00-\x1f\x7f-\x9f]", "�", text)


def shown_name(path: Path | str | bytes) -> str:
    """Returns the name of a file as it can be printed, whatever bytes it is made of."""
    return plain(click.format_filename(path))


def complain(text: str, about: str = "") -> None:
    """Writes to standard error what is wrong, and with what."""
    click.echo(f"antiphon: {about}: {text}" if about else f"antiphon: {text}", err=True)


def show_warnings(warnings: Iterable[evidence_pb2.Warning], about: str = "") -> None:
    """Writes the warnings of an answer to standard error."""
    for warning in warnings:
        complain(f"{warning.reason}: {plain(warning.message)}", about)
