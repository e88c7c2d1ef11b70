"""How the worker processes of a service of this machine are."""

from __future__ import annotations

from typing import Any

from google.protobuf import json_format

from antiphon.status.v1 import status_service_pb2 as status_pb2
from antiphon_cli.status.asking import ask
from antiphon_wire.channels import Tls

KINDS = ("workers", "live_workers")


def worker_status(port: int, tls: Tls | None = None) -> dict[str, dict[str, Any] | None]:
    """Returns the service's WorkerStatus of each kind as plain data, every field present.

    None where it has no workers of that kind, or does not say.
    """
    found = no_worker_status()
    answer = ask(port, status_pb2, "GetStatus", tls)
    for kind in KINDS:
        if answer is not None and answer.HasField(kind):
            found[kind] = json_format.MessageToDict(
                getattr(answer, kind), preserving_proto_field_name=True, always_print_fields_with_no_presence=True
            )
    return found


def no_worker_status() -> dict[str, dict[str, Any] | None]:
    """Returns that of a service that cannot be asked."""
    return dict.fromkeys(KINDS)
