"""JSON that is to be a message: names held against those that there are, and errors on one line."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path

import click

from antiphon_cli import exits
from antiphon_cli.files import read_text
from antiphon_wire.spelling import did_you_mean


def one_line(error: Exception) -> str:
    """Returns what protobuf says of a value, without the account of how it came there.

    >>> one_line(ValueError("Failed to parse essentia field: Failed to parse minBpm field: it is a text."))
    'essentia: minBpm: it is a text'
    """
    said = str(error)
    before = ""
    while found := re.match(r"Failed to parse (\S+) field: (.*)", said, re.DOTALL):
        before, said = f"{before}{found[1]}: ", found[2]
    return before + " ".join(said.split()).rstrip(".")


def what_there_is(name: str, known: Iterable[str]) -> str:
    """Returns which name was probably meant, else which there are."""
    names = sorted(known)
    return did_you_mean(name, names).rstrip() or f"there are {', '.join(names)}"


def read_json_option(path: Path, option: str) -> str:
    """Reads the JSON of a file that an option names; returns its text.

    Raises:
        BadParameter: it cannot be read, or is no JSON.
    """
    text = read_text_option(path, option)
    try:
        json.loads(text)
    except (ValueError, RecursionError) as error:
        message = f"{click.format_filename(path)}: this is no JSON ({error})"
        raise click.BadParameter(message, param_hint=option) from error
    return text


def read_text_option(path: Path, option: str) -> str:
    """Reads the text of a file that an option names.

    Raises:
        BadParameter: it cannot be read.
    """
    try:
        return read_text(path)
    except exits.Failure as error:
        raise click.BadParameter(error.message, param_hint=option) from error
