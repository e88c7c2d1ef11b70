"""Options that every command with a connection has."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])

READABLE_FILE = click.Path(exists=True, dir_okay=False, readable=True, path_type=Path)

_TLS = (
    click.option("--tls-ca", type=READABLE_FILE, help="Encrypt, and trust the certificates of this PEM file."),
    click.option("--tls-cert", type=READABLE_FILE, help="Certificate to show to the server, PEM."),
    click.option("--tls-key", type=READABLE_FILE, help="Private key of that certificate, PEM."),
)


def tls_options(command: Command) -> Command:
    """Adds ``tls_ca``, ``tls_cert`` and ``tls_key`` to a command: paths, or None."""
    for option in reversed(_TLS):
        command = option(command)
    return command
