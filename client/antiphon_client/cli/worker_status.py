"""How the worker processes of a service of this machine are."""

from __future__ import annotations

from typing import Any

import grpc
from google.protobuf import json_format

from antiphon.status.v1 import status_service_pb2 as status_pb2
from antiphon.status.v1 import status_service_pb2_grpc as status_grpc
from antiphon_client.connection import open_sync_channel


def worker_status(port: int) -> dict[str, Any] | None:
    """The service's WorkerStatus as plain data, every field present; None where it has no workers or does not say."""
    with open_sync_channel(f"127.0.0.1:{port}", None) as channel:
        try:
            answer = status_grpc.StatusServiceStub(channel).GetStatus(status_pb2.GetStatusRequest(), timeout=2.0)
        except grpc.RpcError:
            return None
    if not answer.HasField("workers"):
        return None
    document: dict[str, Any] = json_format.MessageToDict(
        answer.workers, preserving_proto_field_name=True, always_print_fields_with_no_presence=True
    )
    return document
