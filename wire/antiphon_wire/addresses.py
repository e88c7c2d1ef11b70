"""Addresses: which of them are on this machine. Knows no gRPC, so that downloads may ask too."""

from __future__ import annotations

import ipaddress


def is_loopback(host: str) -> bool:
    """Tells whether a host, without a port, is this machine itself.

    >>> [is_loopback(host) for host in ("localhost", "127.0.0.9", "::1", "10.0.0.1", "example.org")]
    [True, True, True, False, False]
    """
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_loopback_target(target: str) -> bool:
    """Tells whether a gRPC target such as ``127.0.0.1:50050`` or ``dns:///localhost:1`` is on this machine.

    >>> [is_loopback_target(target) for target in ("[::1]:50050", "dns:///localhost:1", "10.0.0.1:50050", "unix:/s")]
    [True, True, False, False]
    """
    return is_loopback(target.rpartition("/")[2].rpartition(":")[0].strip("[]"))
