"""The further ports of each service that ``antiphon up`` starts: metrics, and health where the service speaks TLS."""

from __future__ import annotations

from collections.abc import Mapping

from antiphon_cli.services import BASE_PORT, GATEWAY, PORTS
from antiphon_cli.stack.plan import PlanError

LAST_PORT = 65535
LAST_BASE_PORT = LAST_PORT - max(PORTS.values()) + BASE_PORT
"""Highest port of the gateway with which the services' own are ports too."""
HEALTH_DISTANCE = 100
"""How far above a service's port the supervisor asks for its health, where no setting names a port for that."""


def speaks_tls(service: str, environ: Mapping[str, str]) -> bool:
    """Whether a service will speak TLS."""
    return bool(environ.get(f"{service.upper()}_TLS_CERT_FILE") or environ.get("ANTIPHON_TLS_CERT_FILE"))


def metrics_port(service: str, environ: Mapping[str, str]) -> int:
    """Gives a service's port of metrics where one is set for all of them; 0 for what the service reads itself."""
    return 0 if environ.get(f"{service.upper()}_METRICS_PORT") else _of_all("METRICS_PORT", service, environ)


def health_port(service: str, port: int, environ: Mapping[str, str]) -> int:
    """Gives the port at which a service that speaks TLS answers health checks in plain text; 0 for one that does not.

    A supervisor that spoke TLS itself would need a certificate that such services accept.
    """
    if not speaks_tls(service, environ):
        return 0
    own = environ.get(f"{service.upper()}_HEALTH_PORT")
    if own:
        return _number(f"{service.upper()}_HEALTH_PORT", own)
    return _of_all("HEALTH_PORT", service, environ) or _in_range("HEALTH_PORT", port + HEALTH_DISTANCE)


def check_encryption(services: list[str], environ: Mapping[str, str]) -> None:
    """Refuses a gateway that would not understand its services.

    Raises:
        PlanError: they speak TLS and it is told of no CA, or the other way round.
    """
    trusted = environ.get("GATEWAY_SERVICES_CA_FILE") or environ.get("ANTIPHON_SERVICES_CA_FILE")
    for name in services:
        if name == GATEWAY or speaks_tls(name, environ) == bool(trusted):
            continue
        if trusted:
            own = f"{name.upper()}_TLS_CERT_FILE"
            raise PlanError(f"GATEWAY_SERVICES_CA_FILE is set, and {name} speaks no TLS; set {own} and its key")
        raise PlanError(f"{name} speaks TLS; tell the gateway by GATEWAY_SERVICES_CA_FILE whose certificate to trust")


def _of_all(name: str, service: str, environ: Mapping[str, str]) -> int:
    """Spreads what is set for all services: each is as far from it as its own port is from the gateway's."""
    text = environ.get(f"ANTIPHON_{name}", "")
    base = _number(f"ANTIPHON_{name}", text) if text else 0
    return _in_range(name, base + PORTS[service] - BASE_PORT) if base else 0


def _number(variable: str, text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise PlanError(f"{variable}={text!r}: give a whole number") from None


def _in_range(name: str, port: int) -> int:
    if not 1 <= port <= LAST_PORT:
        raise PlanError(f"ports of ANTIPHON_{name} would run past {LAST_PORT}; give a lower one")
    return port
