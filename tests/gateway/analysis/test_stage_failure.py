"""The status in a report: a service's own word for word, else made of the error that was found here."""

from __future__ import annotations

from google.rpc import error_details_pb2

from antiphon_wire.errors import invalid
from antiphon_wire.status import from_status, to_rpc_status
from gateway.analysis.stage_failure import no_input, status_of
from gateway.call_failure import CallFailure


def test_a_detail_that_the_gateway_does_not_know_stays_in_the_report() -> None:
    sent = to_rpc_status(invalid("LANGUAGE_UNKNOWN", "no language 'xx'", language="xx"))
    sent.details.add().Pack(error_details_pb2.Help(links=[error_details_pb2.Help.Link(url="https://example.com")]))
    assert status_of(CallFailure(from_status(sent), sent)) == sent


def test_an_error_that_was_found_here_is_told_with_all_it_says() -> None:
    error = from_status(status_of(no_input("stem_features", ("separation.*",))))
    assert (error.code, error.reason) == ("UNAVAILABLE", "STAGE_INPUT_MISSING")
    assert error.metadata == {"stage": "stem_features", "inputs": "separation.*"}


def test_the_failure_of_a_call_says_what_the_error_says() -> None:
    error = invalid("LANGUAGE_UNKNOWN", "no language 'xx'", field="config.language_code", language="xx")
    failure = CallFailure(error)
    assert (failure.code, failure.reason, failure.message) == (error.code, error.reason, error.message)
    assert (failure.field, failure.metadata) == (error.field, error.metadata)
    assert status_of(failure) == to_rpc_status(error)
