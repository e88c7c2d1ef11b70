"""Bytes that are no message: refused with a typed error at every RPC, without a traceback, and the service lives on."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from antiphon.speech.v1 import speech_service_pb2 as pb
from antiphon.speech.v1 import speech_service_pb2_grpc as pb_grpc
from antiphon_wire import status
from antiphon_wire.errors import AntiphonError
from chassis.server import Server, ServerSettings, rpc

NAME = pb.DESCRIPTOR.services_by_name["SpeechService"].full_name
GARBAGE = b"\xff\xff\xff\xff"
NO_UTF_8 = b"\x0a\x05\xff\xfe\xff\xfe\xff"
"""Field 1 as a text that is none."""
NO_UTF_8_WITHIN = b"\x0a\x07\x0a\x05\xff\xfe\xff\xfe\xff"
"""Field 1 as a message whose field 1 is such a text."""
GOOD = pb.TranscribeRequest(config=pb.TranscriptionConfig()).SerializeToString()
UNARY = (f"/{NAME}/ListModels", "/grpc.health.v1.Health/Check", "/antiphon.status.v1.StatusService/GetStatus")
STREAMED = (f"/{NAME}/Transcribe", "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo")


class Servicer(pb_grpc.SpeechServiceServicer):
    """Reads all that is sent."""

    @rpc
    async def Transcribe(self, requests: Any, context: Any) -> AsyncIterator[pb.TranscribeResponse]:
        async for _ in requests:
            yield pb.TranscribeResponse()

    @rpc
    async def ListModels(self, request: Any, context: Any) -> pb.ListModelsResponse:
        return pb.ListModelsResponse()


@pytest.fixture
async def channel(tmp_path: Path, unused_tcp_port: int) -> AsyncIterator[Any]:
    settings = ServerSettings(port=unused_tcp_port, spool_dir=tmp_path, lame_duck_seconds=0.0)
    server = Server("speech", settings)
    server.add(Servicer(), pb_grpc.add_SpeechServiceServicer_to_server, NAME)
    await server.start()
    options = [("grpc.use_local_subchannel_pool", 1)]
    async with grpc.aio.insecure_channel(f"127.0.0.1:{unused_tcp_port}", options=options) as channel:
        yield channel
    await server.drain()


async def refusal(call: Any) -> AntiphonError:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        if hasattr(call, "__aiter__"):
            async for _ in call:
                pass
        else:
            await call
    return status.from_status(status.from_rpc_error(caught.value))


async def serves(channel: Any) -> bool:
    answer = await health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest())
    return bool(answer.status == health_pb2.HealthCheckResponse.SERVING)


@pytest.mark.parametrize("method", UNARY)
async def test_garbage_as_a_single_message_is_the_callers_fault(
    channel: Any, caplog: pytest.LogCaptureFixture, method: str
) -> None:
    error = await refusal(channel.unary_unary(method)(GARBAGE, timeout=10.0))
    assert (error.code, error.reason, error.metadata["method"]) == ("INVALID_ARGUMENT", "MESSAGE_UNREADABLE", method)
    assert not any(record.exc_info for record in caplog.records)
    assert await serves(channel)


async def test_garbage_for_a_watch_of_health_is_refused(channel: Any) -> None:
    error = await refusal(channel.unary_stream("/grpc.health.v1.Health/Watch")(NO_UTF_8, timeout=10.0))
    assert (error.code, error.reason) == ("INVALID_ARGUMENT", "MESSAGE_UNREADABLE")


@pytest.mark.parametrize("method", STREAMED)
@pytest.mark.parametrize("message", [GARBAGE, b"\x0a\xff\xff\xff\xff\x0f"], ids=["garbage", "cut"])
async def test_garbage_in_a_stream_is_the_callers_fault(
    channel: Any, caplog: pytest.LogCaptureFixture, method: str, message: bytes
) -> None:
    error = await refusal(channel.stream_stream(method)(iter([message]), timeout=10.0))
    assert (error.code, error.reason) == ("INVALID_ARGUMENT", "MESSAGE_UNREADABLE")
    assert not any(record.exc_info for record in caplog.records)
    assert await serves(channel)


async def test_garbage_after_good_messages_ends_the_stream_the_same_way(channel: Any) -> None:
    call = channel.stream_stream(f"/{NAME}/Transcribe")(iter([GOOD, GOOD, NO_UTF_8_WITHIN]), timeout=10.0)
    error = await refusal(call)
    assert (error.code, error.reason) == ("INVALID_ARGUMENT", "MESSAGE_UNREADABLE")


async def test_a_text_that_is_no_utf_8_is_unreadable(channel: Any) -> None:
    error = await refusal(channel.unary_unary("/grpc.health.v1.Health/Check")(NO_UTF_8, timeout=10.0))
    assert (error.code, error.reason) == ("INVALID_ARGUMENT", "MESSAGE_UNREADABLE")


async def test_a_flood_of_garbage_writes_one_line(channel: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    for _ in range(50):
        await refusal(channel.unary_unary(f"/{NAME}/ListModels")(GARBAGE, timeout=10.0))
    assert len([record for record in caplog.records if "are no request" in record.message]) == 1


async def test_a_message_that_is_too_large_is_refused_by_our_own_reason(channel: Any) -> None:
    call = channel.stream_stream(f"/{NAME}/Transcribe")(iter([bytes(5 << 20)]), timeout=10.0)
    error = await refusal(call)
    assert (error.code, error.reason) == ("INVALID_ARGUMENT", "MESSAGE_TOO_LARGE")
    assert (error.metadata["bytes"], error.metadata["limit"]) == (str(5 << 20), str(4 << 20))
