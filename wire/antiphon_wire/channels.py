"""Channels: keepalive, sizes, proxies and encryption, the same for whoever calls."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import grpc
import grpc.aio

from antiphon_wire.addresses import is_loopback_target
from antiphon_wire.limits import MAX_ANSWER_BYTES

Option = tuple[str, str | int]

KEEPALIVE: tuple[Option, ...] = (
    # The three go together. Tighter values kill healthy uploads on slow links, where a ping queues behind the audio.
    ("grpc.keepalive_time_ms", 20_000),
    ("grpc.keepalive_timeout_ms", 5_000),
    ("grpc.http2.ping_timeout_ms", 5_000),
)
"""How a channel finds out that its peer is gone while a call is under way."""

RECONNECT: tuple[Option, ...] = (
    # By default a service that was down stays unnoticed for up to two minutes after it is back.
    ("grpc.initial_reconnect_backoff_ms", 200),
    ("grpc.min_reconnect_backoff_ms", 200),
    ("grpc.max_reconnect_backoff_ms", 2_000),
)
"""For a channel that lives as long as its process: it notices soon that a service is back."""


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


def channel_options(
    target: str,
    tls: Tls | None = None,
    *,
    max_answer_bytes: int = MAX_ANSWER_BYTES,
    extra: Iterable[Option] = (),
) -> list[Option]:
    """Lists the options of a channel.

    Args:
        target: Address, ``HOST:PORT`` or any gRPC name.
        tls: Files of an encrypted channel; None for plain text.
        max_answer_bytes: Most bytes of one message of an answer.
        extra: More options, such as RECONNECT or a service config; they go before those that every channel has.
    """
    options = list(dict([*KEEPALIVE, ("grpc.max_receive_message_length", max_answer_bytes), *extra]).items())
    if is_loopback_target(target):
        # grpc obeys http_proxy even for loopback, where no proxy can help.
        options.append(("grpc.enable_http_proxy", 0))
    if tls is not None and tls.server_name:
        options.append(("grpc.ssl_target_name_override", tls.server_name))
    return options


def open_channel(
    target: str,
    tls: Tls | None = None,
    *,
    max_answer_bytes: int = MAX_ANSWER_BYTES,
    extra: Iterable[Option] = (),
) -> grpc.aio.Channel:
    """Opens a channel for an event loop; nothing is sent yet. See :func:`channel_options`.

    Raises:
        OSError: a TLS file cannot be read.
    """
    options = channel_options(target, tls, max_answer_bytes=max_answer_bytes, extra=extra)
    if tls is None:
        return grpc.aio.insecure_channel(target, options=options)
    return grpc.aio.secure_channel(target, tls.credentials(), options=options)


def open_sync_channel(
    target: str,
    tls: Tls | None = None,
    *,
    max_answer_bytes: int = MAX_ANSWER_BYTES,
    extra: Iterable[Option] = (),
) -> grpc.Channel:
    """Opens a channel that blocks; nothing is sent yet. See :func:`channel_options`.

    Raises:
        OSError: a TLS file cannot be read.
    """
    options = channel_options(target, tls, max_answer_bytes=max_answer_bytes, extra=extra)
    if tls is None:
        return grpc.insecure_channel(target, options=options)
    return grpc.secure_channel(target, tls.credentials(), options=options)


def _read(path: Path | None) -> bytes | None:
    return None if path is None else path.read_bytes()
