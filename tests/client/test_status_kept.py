"""grpc.aio keeps the server's status when an upload is refused half-way; this is the test of ``keep_status``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import grpc
import pytest

from antiphon.analysis.v1 import analysis_service_pb2 as analysis_pb2
from antiphon_client import AntiphonClientError, Client
from antiphon_wire.calls import keep_status

# More than HTTP/2 takes in before the peer reads, so that a write is pending when the server refuses.
LARGE = 16 << 20


async def test_a_refusal_in_the_middle_of_an_upload_arrives_with_its_details(peer: Any) -> None:
    async with Client(peer.target) as client:
        for _ in range(5):
            with pytest.raises(AntiphonClientError) as caught:
                await client.analyze_to_record(b"bad" + bytes(LARGE))
            assert caught.value.reason == "AUDIO_UNDECODABLE"


async def test_a_made_up_internal_error_is_dropped(peer: Any) -> None:
    """Holds the private attribute in place: a grpcio that renames it fails here."""

    def requests() -> Iterator[Any]:
        yield analysis_pb2.AnalyzeRequest(config=analysis_pb2.AnalysisConfig())

    async with grpc.aio.insecure_channel(peer.target) as channel:
        method = channel.stream_stream("/antiphon.analysis.v1.AnalysisService/Analyze")
        call = method(iter(()), timeout=5)
        before = call._cython_call
        assert callable(before.set_internal_error)
        assert keep_status(call) is call
        call._cython_call.set_internal_error("made up")
        assert not call.done()
        call.cancel()
