"""Services that ``antiphon up`` did not start: those of a gateway, and what listens at the usual addresses."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from antiphon_cli.services import FAMILIES, GATEWAY, PORTS, default_address
from antiphon_cli.stack.health import NOT_ANSWERING, SERVING, ask_once
from antiphon_client import AntiphonClientError, SyncClient, Tls

_SECONDS = 3.0
"""How long an address is given that may well be nobody's."""


@dataclass(frozen=True)
class Served:
    """One service that answers, or that a gateway looks for.

    Attributes:
        name: Its name.
        ready: Whether it takes calls.
        problem: Why not; empty where it does.
        target: Where it was asked; empty where a gateway asked it.
    """

    name: str
    ready: bool
    problem: str = ""
    target: str = ""

    def row(self) -> dict[str, Any]:
        """Returns it as plain data."""
        return {"name": self.name, "ready": self.ready, "problem": self.problem}

    def line(self) -> str:
        """Returns it as a line."""
        where = f", at {self.target}" if self.target else ""
        return f"{self.name:<12} {'ready' if self.ready else f'not ready: {self.problem}'}{where}"


def of_gateway(gateway: str, tls: Tls | None = None, timeout_seconds: float = 10.0) -> list[Served]:
    """Asks a gateway for the services that it uses.

    Raises:
        AntiphonClientError: it does not answer.
    """
    with SyncClient(gateway, tls=tls) as client:
        services = client.services(timeout_seconds=timeout_seconds)
    return [Served(each.service, each.ready, each.problem) for each in services]


def whoever_serves(gateway: str, tls: Tls | None = None) -> list[Served]:
    """Lists a gateway with its services, or where none answers the services that do at their usual addresses.

    Args:
        gateway: Address of the gateway.
        tls: Files of an encrypted connection to it; None for plain text.

    Returns:
        Nothing where nobody answers.
    """
    with contextlib.suppress(AntiphonClientError):
        return [Served(GATEWAY, True, target=gateway), *of_gateway(gateway, tls, _SECONDS)]
    return list(_at_usual_addresses())


def _at_usual_addresses() -> Iterator[Served]:
    for family in FAMILIES:
        answer = ask_once(PORTS[family], _SECONDS)
        if answer != NOT_ANSWERING:
            yield Served(family, answer == SERVING, "" if answer == SERVING else answer, default_address(family))
