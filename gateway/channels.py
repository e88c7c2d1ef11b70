"""Channels to the services: round robin over DNS with health checks, keepalive, TLS where configured."""

from __future__ import annotations

import json
from pathlib import Path

import grpc

from gateway.settings import GatewaySettings

# No retryPolicy: it would repeat a call that occupies a GPU, and cannot replay an upload beyond 256 KiB anyway.
_SERVICE_CONFIG = json.dumps({"loadBalancingConfig": [{"round_robin": {}}], "healthCheckConfig": {"serviceName": ""}})

OPTIONS: tuple[tuple[str, str | int], ...] = (
    ("grpc.service_config", _SERVICE_CONFIG),
    # The three go together; tighter values kill healthy uploads on slow links, where pings queue behind data.
    ("grpc.keepalive_time_ms", 20_000),
    ("grpc.keepalive_timeout_ms", 5_000),
    ("grpc.http2.ping_timeout_ms", 5_000),
    # By default a service that was down stays unnoticed for up to two minutes after it is back.
    ("grpc.initial_reconnect_backoff_ms", 200),
    ("grpc.min_reconnect_backoff_ms", 200),
    ("grpc.max_reconnect_backoff_ms", 2_000),
)


def open_channel(service: str, settings: GatewaySettings) -> grpc.aio.Channel:
    """Opens a channel to a service; connects on first use.

    Raises:
        OSError: a TLS file cannot be read.
    """
    target = settings.target(service)
    options = [*OPTIONS, ("grpc.max_receive_message_length", settings.max_answer_bytes)]
    if not settings.services_ca_file:
        return grpc.aio.insecure_channel(target, options=options)
    credentials = grpc.ssl_channel_credentials(
        Path(settings.services_ca_file).read_bytes(),
        Path(settings.services_key_file).read_bytes() if settings.services_key_file else None,
        Path(settings.services_cert_file).read_bytes() if settings.services_cert_file else None,
    )
    return grpc.aio.secure_channel(target, credentials, options=options)
