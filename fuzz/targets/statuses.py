"""The reading of errors that a peer sent: it never raises, and what it read can be sent on."""

from __future__ import annotations

from google.protobuf.message import DecodeError
from google.rpc import status_pb2

from antiphon_wire.errors import busy, invalid
from antiphon_wire.status import from_status, read, to_grpc, to_rpc_status
from fuzz.target import FindingError, Target

_MOST_TRAILER_BYTES = 8192


def _seeds() -> list[bytes]:
    errors = (
        invalid("UNKNOWN_MODEL", "there is no such model", field="config.model", model="x", known="y, z"),
        busy("QUEUE_FULL", "try again", retry_after_seconds=1.5, waiting=8),
    )
    return [to_rpc_status(error).SerializeToString() for error in errors]


def _accepts(data: bytes) -> bool:
    try:
        status = status_pb2.Status.FromString(data)
    except DecodeError:
        return False
    read(status)
    sent_on = to_grpc(from_status(status))
    for _, value in sent_on.trailing_metadata or ():
        if len(value) > _MOST_TRAILER_BYTES:
            raise FindingError(f"the details of the error have {len(value)} bytes")
    return True


TARGET = Target("statuses", _seeds, _accepts, (b"type.googleapis.com/google.rpc.RetryInfo", b"\x1a\x02", b"\xff" * 9))
