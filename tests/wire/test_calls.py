"""What calls rely on in grpc.aio, and the rule of the last event."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import grpc
import pytest

from antiphon.analysis.v1 import analysis_record_pb2 as record_pb2
from antiphon.analysis.v1 import analysis_service_pb2 as analysis_pb2
from antiphon.audio.v1 import audio_pb2
from antiphon_wire.calls import Ending, keep_status
from antiphon_wire.errors import AntiphonError, invalid
from antiphon_wire.status import from_rpc_error, from_status, to_grpc
from tests.wire.conftest import ANALYZE, Serve

PROGRESS = analysis_pb2.AnalyzeResponse(progress=analysis_pb2.StageProgress(stage="speech"))
RECORD = analysis_pb2.AnalyzeResponse(record=record_pb2.AnalysisRecord())


async def refuses(requests: AsyncIterator[Any], context: Any) -> AsyncIterator[Any]:
    """Ends the call after two messages, the rest of the upload unread."""
    for _ in range(2):
        await anext(requests)
    await context.abort_with_status(to_grpc(invalid("UPLOAD_TOO_LARGE", "too much", limit=1)))
    yield


def method(channel: grpc.aio.Channel) -> Any:
    return channel.stream_stream(
        ANALYZE,
        request_serializer=analysis_pb2.AnalyzeRequest.SerializeToString,
        response_deserializer=analysis_pb2.AnalyzeResponse.FromString,
    )


async def status_of_a_refused_upload(call: Any) -> AntiphonError:
    """Writes until the server ends the call; returns what the client sees."""
    # More than HTTP/2 takes in before the peer reads, so that a write is pending when the server refuses.
    chunk = analysis_pb2.AnalyzeRequest(chunk=audio_pb2.AudioChunk(data=bytes(256 << 10)))
    try:
        for _ in range(10_000):
            await call.write(chunk)
    except grpc.aio.AioRpcError as error:
        return from_status(from_rpc_error(error))
    except asyncio.InvalidStateError:  # The call ended between two writes.
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await call.read()
        return from_status(from_rpc_error(caught.value))
    raise AssertionError("the server did not end the call")


async def test_a_server_that_ends_an_upload_is_heard_with_its_details(serve: Serve) -> None:
    async with serve(refuses) as target, grpc.aio.insecure_channel(target) as channel:
        for _ in range(10):
            error = await status_of_a_refused_upload(keep_status(method(channel)(timeout=10)))
            assert (error.code, error.reason) == ("INVALID_ARGUMENT", "UPLOAD_TOO_LARGE")
            assert error.metadata == {"limit": "1"}


async def test_grpc_aio_still_needs_its_status_kept(serve: Serve) -> None:
    """The control: once grpc.aio tells the truth by itself, this fails and keep_status can go."""
    async with serve(refuses) as target, grpc.aio.insecure_channel(target) as channel:
        plain = [(await status_of_a_refused_upload(method(channel)(timeout=10))).code for _ in range(10)]
    assert "INTERNAL" in plain


async def test_a_made_up_internal_error_is_dropped(serve: Serve) -> None:
    """Holds the private attribute in place: a grpcio that renames it fails here."""
    async with serve(refuses) as target, grpc.aio.insecure_channel(target) as channel:
        call = method(channel)(iter(()), timeout=5)
        assert callable(call._cython_call.set_internal_error)
        assert keep_status(call) is call
        call._cython_call.set_internal_error("made up")
        assert not call.done()
        call.cancel()


def test_a_call_without_that_core_is_left_alone() -> None:
    call = object()
    assert keep_status(call) is call


def test_an_answer_with_its_last_event_once_at_the_end_is_whole() -> None:
    ending = Ending("record", "the gateway")
    assert not ending.begun
    assert [ending.take(response) for response in (PROGRESS, RECORD)] == ["progress", "record"]
    assert ending.begun
    ending.end()


def test_an_event_of_a_kind_that_is_not_known_has_no_name() -> None:
    assert Ending("record", "the gateway").take(analysis_pb2.AnalyzeResponse()) is None


@pytest.mark.parametrize("more", [PROGRESS, RECORD, analysis_pb2.AnalyzeResponse()], ids=["other", "again", "unknown"])
def test_nothing_may_follow_the_last_event(more: analysis_pb2.AnalyzeResponse) -> None:
    ending = Ending("record", "the gateway", target="here:1")
    ending.take(RECORD)
    with pytest.raises(AntiphonError) as caught:
        ending.take(more)
    assert (caught.value.code, caught.value.reason) == ("DATA_LOSS", "SUMMARY_NOT_LAST")
    assert caught.value.metadata == {"target": "here:1"}


@pytest.mark.parametrize("before", [[], [PROGRESS]], ids=["nothing", "a beginning"])
def test_an_answer_without_its_last_event_is_not_whole(before: list[analysis_pb2.AnalyzeResponse]) -> None:
    ending = Ending("record", "speech", missing_reason="NO_SUMMARY", service="speech")
    for response in before:
        ending.take(response)
    with pytest.raises(AntiphonError) as caught:
        ending.end()
    assert (caught.value.code, caught.value.reason) == ("DATA_LOSS", "NO_SUMMARY")
    assert caught.value.metadata == {"service": "speech", "missing": "record"}
