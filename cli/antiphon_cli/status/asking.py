"""A question to a service of this machine that it answers at once."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import grpc

from antiphon_wire.channels import Tls, open_sync_channel

_SECONDS = 2.0


def ask(port: int, messages: ModuleType, method: str, tls: Tls | None = None) -> Any | None:
    """Makes a call that takes an empty request; returns its response, None where the service does not answer it.

    Args:
        port: Of the service, on loopback.
        messages: Generated module of a proto with one service, such as ``speech_service_pb2``.
        method: Name of the call, such as ``ListModels``.
        tls: Files of an encrypted connection; None for plain text.
    """
    (service,) = messages.DESCRIPTOR.services_by_name.values()
    request, response = getattr(messages, f"{method}Request"), getattr(messages, f"{method}Response")
    with open_sync_channel(f"127.0.0.1:{port}", tls) as channel:
        call = channel.unary_unary(
            f"/{service.full_name}/{method}",
            request_serializer=request.SerializeToString,
            response_deserializer=response.FromString,
        )
        try:
            return call(request(), timeout=_SECONDS)
        except grpc.RpcError:
            return None
