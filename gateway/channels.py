"""Channels to the services: the wire's, spread over all replicas of a service that are healthy."""

from __future__ import annotations

import json
from pathlib import Path

import grpc

from antiphon_wire import channels
from antiphon_wire.channels import RECONNECT, Tls

# No retryPolicy: it would repeat a call that occupies a GPU, and cannot replay an upload beyond 256 KiB anyway;
# docs/decisions/0015-retry-is-a-loop.md.
_SERVICE_CONFIG = json.dumps({"loadBalancingConfig": [{"round_robin": {}}], "healthCheckConfig": {"serviceName": ""}})


def open_channel(target: str, tls: Tls | None, max_answer_bytes: int) -> grpc.aio.Channel:
    """Opens a channel to a service; connects on first use, and goes round its addresses call by call.

    Args:
        target: Where the service is, such as ``dns:///separation:50051``.
        tls: Files of an encrypted channel; None for plain text.
        max_answer_bytes: Largest single message taken from it.

    Raises:
        OSError: a TLS file cannot be read.
    """
    extra = [("grpc.service_config", _SERVICE_CONFIG), *RECONNECT]
    return channels.open_channel(target, tls, max_answer_bytes=max_answer_bytes, extra=extra)


def tls_of(ca_file: str, cert_file: str, key_file: str) -> Tls | None:
    """Gives the TLS files by their paths; None, for plain text, where no CA is named."""
    if not ca_file:
        return None
    certificate, key = (Path(name) if name else None for name in (cert_file, key_file))
    return Tls(Path(ca_file), certificate, key)
