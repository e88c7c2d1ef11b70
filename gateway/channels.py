"""Channels to the services: the wire's, spread over all replicas of a service that can take work."""

from __future__ import annotations

import json
from pathlib import Path

import grpc

from antiphon_wire import channels
from antiphon_wire.channels import RECONNECT, Option, Tls

READINESS = "readiness"
"""Health name of a server that can take work, which the chassis publishes."""

# No retryPolicy: it would repeat a call that occupies a GPU, and cannot replay an upload beyond 256 KiB anyway;
# docs/decisions/0015-retry-is-a-loop.md.
_SERVICE_CONFIG = json.dumps(
    {"loadBalancingConfig": [{"round_robin": {}}], "healthCheckConfig": {"serviceName": READINESS}}
)
_OPTIONS: tuple[Option, ...] = (
    ("grpc.service_config", _SERVICE_CONFIG),
    # By default a name is looked up every 30 s at most: replicas that have taken the place of others stay unknown for
    # so long, and where all of them have, nobody is left to ask.
    ("grpc.dns_min_time_between_resolutions_ms", 1_000),
    # A replica that hangs, or whose host has gone, is given up within 15 s also where its connection is silent.
    ("grpc.keepalive_time_ms", 10_000),
    *RECONNECT,
)


def open_channel(target: str, tls: Tls | None, max_answer_bytes: int) -> grpc.aio.Channel:
    """Opens a channel to a service; connects on first use, and goes round the replicas that are ready, call by call.

    Args:
        target: Where the service is, such as ``dns:///separation:50051``.
        tls: Files of an encrypted channel; None for plain text.
        max_answer_bytes: Largest single message taken from it.

    Raises:
        OSError: a TLS file cannot be read.
    """
    return channels.open_channel(target, tls, max_answer_bytes=max_answer_bytes, extra=_OPTIONS)


def open_front(target: str, tls: Tls | None) -> grpc.aio.Channel:
    """Opens a channel to any replica of a service, ready or not, to ask how it is; it looks its name up anew.

    Raises:
        OSError: a TLS file cannot be read.
    """
    # A connection that has just failed is shared with other channels otherwise, and with it the pause that follows.
    return channels.open_channel(target, tls, extra=[("grpc.use_local_subchannel_pool", 1)])


def tls_of(ca_file: str, cert_file: str, key_file: str) -> Tls | None:
    """Gives the TLS files by their paths; None, for plain text, where no CA is named."""
    if not ca_file:
        return None
    certificate, key = (Path(name) if name else None for name in (cert_file, key_file))
    return Tls(Path(ca_file), certificate, key)
