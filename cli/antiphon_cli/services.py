"""The services that the command line knows: their names, and where each listens unless told otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

GATEWAY = "gateway"

PORTS: Mapping[str, int] = MappingProxyType(
    {
        GATEWAY: 50050,
        "separation": 50051,
        "speech": 50052,
        "essentia": 50053,
        "generation": 50054,
        "llm_audio": 50055,
    }
)
"""TCP port of each by default. ``antiphon up --base-port`` moves them together, so their distances stay."""

FAMILIES = tuple(name for name in PORTS if name != GATEWAY)
"""All but the gateway, in the order in which they are started and shown."""

BASE_PORT = PORTS[GATEWAY]


def default_address(service: str) -> str:
    """Returns the address at which a service of this machine listens by default, as ``HOST:PORT``."""
    return f"127.0.0.1:{PORTS[service]}"


def spoken(service: str) -> str:
    """Returns the service as a sentence names it: ``gateway``, or ``speech service``."""
    return service if service == GATEWAY else f"{service} service"
