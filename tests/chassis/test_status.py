"""Errors keep their reason, variables, field and delay across the wire."""

from __future__ import annotations

import pickle

import pytest
from google.rpc import error_details_pb2

from antiphon_wire import status
from antiphon_wire.errors import AntiphonError, busy, data_loss, invalid, lost, not_ready

ERRORS = [
    invalid("UNKNOWN_STEM", "no stem named x", field="config.stems", stem="x"),
    data_loss("CHUNK_OFFSET", "a gap", byte_offset=3),
    not_ready("MODEL_NOT_INSTALLED", "run this", model="m"),
    busy("QUEUE_FULL", "later", retry_after_seconds=1.5, limit=3),
    lost("died", exit_code=-9),
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.reason)
def test_an_error_survives_the_wire(error: AntiphonError) -> None:
    back = status.from_status(status.to_rpc_status(error))
    assert vars(back) == vars(error)


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.reason)
def test_an_error_survives_the_way_from_a_worker(error: AntiphonError) -> None:
    assert vars(pickle.loads(pickle.dumps(error))) == vars(error)


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.reason)
def test_error_info_always_travels(error: AntiphonError) -> None:
    info = error_details_pb2.ErrorInfo()
    assert status.to_rpc_status(error).details[0].Unpack(info)
    assert (info.reason, info.domain) == (error.reason, "antiphon")


def test_details_stay_below_8_kb_whatever_the_message() -> None:
    many = {f"variable_{index}": "\N{GRINNING FACE}" * 100_000 for index in range(20)}
    error = invalid("AUDIO_FORMAT", "\N{GRINNING FACE}" * 100_000, field="config" * 1000, **many)
    assert status.to_rpc_status(error).ByteSize() < 8_000
