"""The options of every command that asks a service: track, address, time, encryption, quiet; the connection of them."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click

from antiphon_cli.address import ADDRESS
from antiphon_cli.local import address_of
from antiphon_cli.options import READABLE_FILE, SECONDS_TO, option_group, track_option
from antiphon_cli.services import default_address
from antiphon_client import SyncClient, Tls
from antiphon_client.connection import DEFAULT_TIMEOUT_SECONDS


@dataclass(frozen=True)
class Connection:
    """Whom a command asks, and how.

    Attributes:
        service: Name of the one that it asks first.
        targets: Address of each service that it may ask, by name.
        timeout: Longest time of a call, in seconds.
        tls: Files for an encrypted channel; None for plain text.
        quiet: Whether to show no progress.
        track: Which audio track of a file is meant; None for the default one.
    """

    service: str
    targets: Mapping[str, str]
    timeout: float
    tls: Tls | None
    quiet: bool
    track: int | None = None

    @property
    def target(self) -> str:
        """The address of ``service``."""
        return self.targets[self.service]

    def to(self, service: str) -> Connection:
        """Returns the same, for another of the services."""
        return replace(self, service=service)

    def open(self) -> SyncClient:
        """Opens a client whose calls end after ``timeout``; nothing is sent yet."""
        return SyncClient(self.target, tls=self.tls, timeout_seconds=self.timeout, track=self.track)


_TLS = option_group(
    click.option("--tls-ca", type=READABLE_FILE, help="Encrypt, and trust the certificates of this PEM file."),
    click.option("--tls-cert", type=READABLE_FILE, help="Certificate to show to the server, PEM."),
    click.option("--tls-key", type=READABLE_FILE, help="Private key of that certificate, PEM."),
    click.option(
        "--tls-server-name",
        metavar="NAME",
        help="Name that the server's certificate bears, where it is not the address.",
    ),
)


def tls_options(command: Callable[..., int]) -> Callable[..., int]:
    """Adds the options of an encrypted connection to a command, which is given one ``tls`` in their place."""

    @functools.wraps(command)
    def with_tls(**given: Any) -> int:
        files = [given.pop(name) for name in ("tls_ca", "tls_cert", "tls_key", "tls_server_name")]
        return command(tls=_tls(*files), **given)

    return _TLS(with_tls)


def connection_options(
    addresses: Mapping[str, str], *, longest: str, quiet: str
) -> Callable[[Callable[..., int]], Callable[..., int]]:
    """Adds the options of a connection to a command, which is given one :class:`Connection` in their place.

    Args:
        addresses: Help of the address of each service that the command may ask, by its name; the first is asked first.
        longest: What the time is the longest of, such as ``each file``.
        quiet: Help of ``--quiet``.
    """

    def decorate(command: Callable[..., int]) -> Callable[..., int]:
        @functools.wraps(command)
        def with_connection(**given: Any) -> int:
            targets = {service: given.pop(_parameter(service)) for service in addresses}
            tls = given.pop("tls")
            track = given.pop("track")
            connection = Connection(
                next(iter(addresses)), targets, given.pop("timeout"), tls, given.pop("quiet"), track
            )
            return command(connection=connection, **given)

        time = click.option(
            "--timeout",
            type=SECONDS_TO,
            default=DEFAULT_TIMEOUT_SECONDS,
            show_default=True,
            metavar="SECONDS",
            help=f"Longest time for {longest}.",
        )
        silence = click.option("-q", "--quiet", is_flag=True, help=quiet)
        options = option_group(
            track_option, *(_address(*each) for each in addresses.items()), time, tls_options, silence
        )
        return options(with_connection)

    return decorate


def _address(service: str, words: str) -> Callable[[Callable[..., int]], Callable[..., int]]:
    return click.option(
        f"--{service.replace('_', '-')}",
        _parameter(service),
        envvar=f"ANTIPHON_{service.upper()}",
        type=ADDRESS,
        metavar="HOST:PORT",
        default=lambda: address_of(service),
        show_default=f"the one that antiphon up started, else {default_address(service)}",
        help=words,
    )


def _parameter(service: str) -> str:
    # Not the service's name alone: a command may have a setting of that name.
    return f"{service}_address"


def _tls(ca: Path | None, certificate: Path | None, key: Path | None, server_name: str | None) -> Tls | None:
    if (certificate is None) != (key is None):
        raise click.UsageError("give --tls-cert and --tls-key together")
    if server_name and not (ca or certificate):
        raise click.UsageError("--tls-server-name needs --tls-ca; without it no TLS is spoken")
    return Tls(ca, certificate, key, server_name or "") if ca or certificate else None
