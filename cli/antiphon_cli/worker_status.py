"""How the worker processes of a service of this machine are."""

from __future__ import annotations

from typing import Any

import grpc
from google.protobuf import json_format

from antiphon.status.v1 import status_service_pb2 as status_pb2
from antiphon.status.v1 import status_service_pb2_grpc as status_grpc
from antiphon_wire.channels import open_sync_channel

KINDS = ("workers", "live_workers")


def worker_status(port: int) -> dict[str, dict[str, Any] | None]:
    """The service's WorkerStatus of each kind as plain data, every field present.

    None where it has no workers of that kind, or does not say.
    """
    found: dict[str, dict[str, Any] | None] = dict.fromkeys(KINDS)
    with open_sync_channel(f"127.0.0.1:{port}", None) as channel:
        try:
            answer = status_grpc.StatusServiceStub(channel).GetStatus(status_pb2.GetStatusRequest(), timeout=2.0)
        except grpc.RpcError:
            return found
    for kind in KINDS:
        if answer.HasField(kind):
            found[kind] = json_format.MessageToDict(
                getattr(answer, kind), preserving_proto_field_name=True, always_print_fields_with_no_presence=True
            )
    return found


def no_worker_status() -> dict[str, dict[str, Any] | None]:
    """That of a service that cannot be asked."""
    return dict.fromkeys(KINDS)
