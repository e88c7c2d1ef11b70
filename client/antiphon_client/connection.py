"""Channels: their options, their encryption, and the repair of grpc.aio's lost status."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import grpc.aio

DEFAULT_TARGET = "127.0.0.1:50050"
DEFAULT_TIMEOUT_SECONDS = 3600.0

# A record with every word of hours of speech outgrows gRPC's 4 MiB.
MAX_ANSWER_BYTES = 64 << 20


@dataclass(frozen=True)
class Tls:
    """Files for an encrypted channel, all PEM.

    Attributes:
        root_certificates: Certificates to trust; the system's own where None.
        certificate: Certificate to show to the server; give it together with ``key``.
        key: Private key of the certificate.
        server_name: Name that the server's certificate must bear, where it differs from the address.
    """

    root_certificates: Path | None = None
    certificate: Path | None = None
    key: Path | None = None
    server_name: str = ""

    def __post_init__(self) -> None:
        if (self.certificate is None) != (self.key is None):
            raise ValueError("give certificate and key together, or neither")

    def credentials(self) -> grpc.ChannelCredentials:
        """Reads the files.

        Raises:
            OSError: one of them cannot be read.
        """
        return grpc.ssl_channel_credentials(
            root_certificates=_read(self.root_certificates),
            private_key=_read(self.key),
            certificate_chain=_read(self.certificate),
        )


def options(target: str, tls: Tls | None) -> list[tuple[str, Any]]:
    """Lists the options of a channel to ``target``."""
    found: list[tuple[str, Any]] = [
        # Tighter pings kill healthy slow links: a ping queues behind the audio.
        ("grpc.keepalive_time_ms", 20_000),
        ("grpc.keepalive_timeout_ms", 5_000),
        ("grpc.http2.ping_timeout_ms", 5_000),
        ("grpc.max_receive_message_length", MAX_ANSWER_BYTES),
    ]
    if is_loopback(target):
        # grpc obeys http_proxy even for loopback, where no proxy can help.
        found.append(("grpc.enable_http_proxy", 0))
    if tls is not None and tls.server_name:
        found.append(("grpc.ssl_target_name_override", tls.server_name))
    return found


def is_loopback(target: str) -> bool:
    """Tells whether an address such as ``127.0.0.1:50050`` or ``localhost:1`` is on this machine."""
    host = target.rpartition(":")[0].strip("[]")
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def open_channel(target: str, tls: Tls | None) -> grpc.aio.Channel:
    """Opens an asyncio channel; nothing is sent yet."""
    if tls is None:
        return grpc.aio.insecure_channel(target, options=options(target, tls))
    return grpc.aio.secure_channel(target, tls.credentials(), options=options(target, tls))


def open_sync_channel(target: str, tls: Tls | None) -> grpc.Channel:
    """Opens a blocking channel; nothing is sent yet."""
    if tls is None:
        return grpc.insecure_channel(target, options=options(target, tls))
    return grpc.secure_channel(target, tls.credentials(), options=options(target, tls))


class _StatusKeeper:
    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def set_internal_error(self, _text: str) -> None:
        """Drops the made-up status; the call then waits for the real one."""


def keep_status(call: Any) -> Any:
    """Makes a call with a request stream end with the status that the server sent.

    grpc.aio writes INTERNAL "Internal error from Core" over the server's status, and loses its details, when the call
    ends while a request is being written. This touches a private attribute: grpcio is pinned in requirements.in to the
    versions it was tried with, and tests/client/test_status_kept.py fails where it stops working.
    """
    if hasattr(call, "_cython_call"):
        call._cython_call = _StatusKeeper(call._cython_call)
    return call


def _read(path: Path | None) -> bytes | None:
    return None if path is None else path.read_bytes()
