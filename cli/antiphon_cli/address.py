"""The address of a service as people write it."""

from __future__ import annotations

import re
from typing import Any

import click

from antiphon_cli.services import GATEWAY, default_address

LAST_PORT = 65_535
_OTHER = re.compile(r"(dns|ipv4|ipv6|unix|unix-abstract|vsock|xds):.+")
"""What gRPC resolves by a scheme of its own is left to it."""
_HOST_AND_PORT = re.compile(r"(?P<host>\[[0-9A-Fa-f:.%\w]+\]|[^\s:/\[\]]+):(?P<port>[0-9]+)")


class Address(click.types.StringParamType):
    """``HOST:PORT``, or an address with a scheme that gRPC knows, such as ``unix:/run/antiphon.sock``."""

    name = "address"

    def convert(self, value: Any, parameter: click.Parameter | None, context: click.Context | None) -> Any:
        """Returns the address as it was given.

        Raises:
            BadParameter: it is none; gRPC would ask another port or another host without a word.
        """
        text = str(value)
        if _OTHER.fullmatch(text):
            return text
        if "://" in text:
            self.fail(f"{text!r} is a URL; services speak gRPC, give HOST:PORT alone", parameter, context)
        match = _HOST_AND_PORT.fullmatch(text)
        if match is None:
            self.fail(f"{text!r} is no address; give HOST:PORT, such as {default_address(GATEWAY)}", parameter, context)
        if not 1 <= int(match["port"]) <= LAST_PORT:
            self.fail(f"{text!r} has no such port; give 1 to {LAST_PORT}", parameter, context)
        return text


ADDRESS = Address()
