"""The client's error says all that the wire says, and a status that it cannot read whole is no reason to fail."""

from __future__ import annotations

from google.protobuf import any_pb2
from google.rpc import error_details_pb2, status_pb2

from antiphon_client.errors import from_error, from_status
from antiphon_wire.errors import data_loss


def test_every_field_at_fault_is_told() -> None:
    each = error_details_pb2.BadRequest.FieldViolation
    status = status_pb2.Status(code=3, message="wrong")
    status.details.add().Pack(
        error_details_pb2.BadRequest(field_violations=[each(field="a", description="x"), each(field="b")])
    )
    assert from_status(status).fields == (("a", "x"), ("b", ""))


def test_a_newer_server_is_understood_as_far_as_it_goes() -> None:
    broken = any_pb2.Any(type_url="type.googleapis.com/google.rpc.RetryInfo", value=b"\xff\xff\xff")
    error = from_status(status_pb2.Status(code=99, message="from the future", details=[broken]))
    assert (error.code, error.reason, str(error)) == ("CODE_99", "CODE_99", "CODE_99: from the future")
    assert (error.metadata, error.fields, error.retry_after, error.unreachable) == ({}, (), None, False)


def test_what_the_checks_of_an_answer_find_reads_like_any_other_error() -> None:
    error = from_error(data_loss("STEM_OFFSET", "a gap", stem="vocals", expected=3))
    assert (error.code, error.reason, error.message) == ("DATA_LOSS", "STEM_OFFSET", "a gap")
    assert error.metadata == {"stem": "vocals", "expected": "3"}
