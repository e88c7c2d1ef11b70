"""Errors keep their reason, variables, fields and delay across the wire, and reading one never raises."""

from __future__ import annotations

from typing import Any

import grpc
import pytest
from google.protobuf import any_pb2, duration_pb2
from google.rpc import error_details_pb2, status_pb2

from antiphon_wire import status
from antiphon_wire.errors import AntiphonError, invalid
from tests.wire.test_errors import ERRORS

UNREADABLE = any_pb2.Any(type_url="type.googleapis.com/google.rpc.ErrorInfo", value=b"\xff\xff\xff")
FOREIGN = any_pb2.Any(type_url="type.googleapis.com/antiphon.future.v9.Unknown", value=b"\x01")


class Failed(grpc.RpcError):
    """A call that ended with a code, words and trailers."""

    def __init__(self, code: grpc.StatusCode, details: str | None, trailers: Any) -> None:
        self._code, self._details, self._trailers = code, details, trailers

    def code(self) -> grpc.StatusCode:
        return self._code

    def details(self) -> str | None:
        return self._details

    def trailing_metadata(self) -> Any:
        return self._trailers


def packed(*details: Any, code: int = 3, message: str = "wrong") -> status_pb2.Status:
    """A status with these details, packed where they are not yet."""
    result = status_pb2.Status(code=code, message=message)
    for detail in details:
        if isinstance(detail, any_pb2.Any):
            result.details.append(detail)
        else:
            result.details.add().Pack(detail)
    return result


def violations(*paths: str) -> error_details_pb2.BadRequest:
    each = error_details_pb2.BadRequest.FieldViolation
    return error_details_pb2.BadRequest(field_violations=[each(field=path, description="no") for path in paths])


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.reason)
def test_an_error_survives_the_wire(error: AntiphonError) -> None:
    back = status.from_status(status.to_rpc_status(error))
    assert vars(back) == vars(error)


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.reason)
def test_error_info_always_travels(error: AntiphonError) -> None:
    info = error_details_pb2.ErrorInfo()
    assert status.to_rpc_status(error).details[0].Unpack(info)
    assert (info.reason, info.domain) == (error.reason, "antiphon")


def test_details_stay_below_8_kb_whatever_the_message() -> None:
    many = {f"variable_{index}": "\N{GRINNING FACE}" * 100_000 for index in range(20)}
    error = invalid("AUDIO_FORMAT", "\N{GRINNING FACE}" * 100_000, field="config" * 1000, **many)
    assert status.to_rpc_status(error).ByteSize() < 8_000


def test_a_code_that_is_not_known_has_its_number_for_a_name_and_keeps_it() -> None:
    error = status.from_status(status_pb2.Status(code=99, message="from the future"))
    assert (error.code, error.reason, error.message) == ("CODE_99", "CODE_99", "from the future")
    assert status.to_rpc_status(error).code == 99


@pytest.mark.parametrize("code", ["NOT_A_CODE", "", "CODE_", "CODE_99999999999"])
def test_an_error_with_a_name_that_is_no_code_goes_out_as_unknown(code: str) -> None:
    sent = status.to_rpc_status(AntiphonError(code, "ODD", "odd"))
    assert status.read(sent).code == "UNKNOWN"
    assert status.read(sent).reason == "ODD"


@pytest.mark.parametrize("code", ["CODE_99", "OK", "NOT_A_CODE"])
def test_what_grpc_cannot_send_ends_a_call_as_unknown_with_its_details(code: str) -> None:
    sent = status.to_grpc(AntiphonError(code, "ODD", "odd"))
    assert sent.code is grpc.StatusCode.UNKNOWN
    heard = status.from_rpc_error(Failed(sent.code, sent.details, sent.trailing_metadata))
    assert status.read(heard).reason == "ODD"


@pytest.mark.parametrize("unreadable", [UNREADABLE, FOREIGN], ids=["broken", "foreign"])
def test_a_detail_that_cannot_be_read_hides_neither_the_status_nor_the_other_details(unreadable: any_pb2.Any) -> None:
    retry = error_details_pb2.RetryInfo(retry_delay=duration_pb2.Duration(seconds=2, nanos=500_000_000))
    said = status.read(packed(unreadable, violations("config.a"), retry))
    assert (said.code, said.reason, said.message) == ("INVALID_ARGUMENT", "INVALID_ARGUMENT", "wrong")
    assert said.fields == (("config.a", "no"),)
    assert said.retry_after_seconds == 2.5


def test_every_field_at_fault_is_read_and_an_error_keeps_the_first() -> None:
    sent = packed(violations("config.a", "config.b"), violations("config.c"))
    assert [path for path, _ in status.read(sent).fields] == ["config.a", "config.b", "config.c"]
    assert status.from_status(sent).field == "config.a"


def test_a_delay_beyond_what_a_duration_may_hold_is_read_as_it_stands() -> None:
    retry = error_details_pb2.RetryInfo(retry_delay=duration_pb2.Duration(seconds=10**12))
    assert status.read(packed(retry)).retry_after_seconds == 1e12


def test_words_that_utf_8_cannot_say_are_sent_with_question_marks() -> None:
    name = b"song-\xff.wav".decode(errors="surrogateescape")
    said = status.read(status.to_rpc_status(invalid("AUDIO_UNDECODABLE", f"{name} is no audio", name=name)))
    assert said.message == "song-?.wav is no audio"
    assert said.metadata == {"name": "song-?.wav"}


def test_the_details_of_a_failed_call_come_from_its_trailers() -> None:
    sent = status.to_rpc_status(invalid("UNKNOWN_STEM", "no stem named x", stem="x"))
    trailers = (("other", "x"), (status.DETAILS_KEY, sent.SerializeToString()))
    assert status.from_rpc_error(Failed(grpc.StatusCode.INVALID_ARGUMENT, "short", trailers)) == sent


@pytest.mark.parametrize(
    "trailers",
    [
        None,
        ((status.DETAILS_KEY, b"\xff\xff"),),
        ((status.DETAILS_KEY, packed(code=5).SerializeToString()),),
    ],
    ids=["none", "unreadable", "of another code"],
)
def test_a_failed_call_without_details_to_believe_has_its_code_and_words(trailers: Any) -> None:
    heard = status.from_rpc_error(Failed(grpc.StatusCode.UNAVAILABLE, "gone", trailers))
    assert heard == status_pb2.Status(code=14, message="gone")
    assert status.from_rpc_error(Failed(grpc.StatusCode.UNAVAILABLE, None, trailers)).message == ""


def test_the_variables_of_an_error_are_packed_in_the_same_order_in_every_process() -> None:
    # Eight entries: by chance the order would be this one in one process of forty thousand.
    error = invalid("X", "wrong", **{name: name for name in "hgfedcba"})
    (detail,) = status.to_rpc_status(error).details
    info = error_details_pb2.ErrorInfo(reason="X", domain=status.DOMAIN, metadata={name: name for name in "abcdefgh"})
    assert detail.value == info.SerializeToString(deterministic=True)
