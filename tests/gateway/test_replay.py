"""What the gateway relies on in grpc.aio, held by a test of its own."""

from __future__ import annotations

import asyncio
from typing import Any

import grpc

from antiphon.audio.v1 import audio_pb2
from antiphon.essentia.v1 import essentia_service_pb2 as essentia_pb2
from antiphon.essentia.v1 import essentia_service_pb2_grpc as essentia_grpc
from antiphon_wire.errors import invalid
from gateway.service_call import keep_status
from tests.gateway.conftest import Peers
from tests.gateway.peers import refuses


async def code_of_a_refused_upload(call: Any) -> grpc.StatusCode:
    """Writes until the server ends the call; returns the code that the client sees."""
    chunk = essentia_pb2.AnalyzeRequest(chunk=audio_pb2.AudioChunk(data=bytes(256 << 10)))
    try:
        for _ in range(10_000):
            await call.write(chunk)
    except grpc.aio.AioRpcError as error:
        return error.code()
    except asyncio.InvalidStateError:  # The call ended between two writes.
        return await call.code()  # type: ignore[no-any-return]
    raise AssertionError("the server did not end the call")


async def test_keep_status_shows_the_code_of_a_server_that_ends_an_upload(peers: Peers) -> None:
    peers.essentia.script = [refuses(invalid("UPLOAD_TOO_LARGE", "too much"), after_messages=2)]
    async with grpc.aio.insecure_channel(peers.essentia.target) as channel:
        stub = essentia_grpc.EssentiaServiceStub(channel)
        kept = [await code_of_a_refused_upload(keep_status(stub.Analyze(timeout=10))) for _ in range(10)]
        plain = [await code_of_a_refused_upload(stub.Analyze(timeout=10)) for _ in range(10)]
    assert kept == [grpc.StatusCode.INVALID_ARGUMENT] * 10
    # The control: once grpc.aio tells the truth by itself, this fails and keep_status can go.
    assert grpc.StatusCode.INTERNAL in plain
