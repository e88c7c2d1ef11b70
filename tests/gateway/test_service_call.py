"""One call to a service: what goes out, what comes back, and what is made of a failure."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc
import pytest
import pytest_asyncio

from antiphon.audio.v1 import audio_pb2
from antiphon.essentia.v1 import essentia_service_pb2 as essentia_pb2
from antiphon_wire.errors import invalid
from antiphon_wire.rpcs import FEATURES
from gateway import call_failure
from gateway.call_failure import CallFailure
from gateway.channels import open_channel, open_front
from gateway.recording import Recording
from gateway.replicas import Replicas
from gateway.service_call import Route
from tests.gateway.conftest import Peers
from tests.gateway.peers import Heard, Peer, answers, fails


@pytest.fixture
def recording(tmp_path: Path, song: bytes) -> Recording:
    """A raw recording of three chunks on disk."""
    path = tmp_path / "recording"
    path.write_bytes(song)
    raw = audio_pb2.AudioFormat(encoding=audio_pb2.INPUT_ENCODING_PCM_S16LE, sample_rate_hertz=8_000, channel_count=1)
    return Recording(path, len(song), hashlib.sha256(song).digest(), raw)


@pytest_asyncio.fixture
async def route(peers: Peers) -> AsyncIterator[Route]:
    """The way to the essentia peer."""
    target = peers.essentia.target
    replicas = Replicas(
        "essentia", target, lambda: open_channel(target, None, 1 << 20), lambda: open_front(target, None)
    )
    yield Route(replicas)
    await replicas.close()


async def events_of(route: Route, recording: Recording) -> list[Any]:
    """Calls essentia with the recording and no settings of its own."""
    return [event async for event in route.call(FEATURES, essentia_pb2.AnalysisConfig(), recording, timeout=10.0)]


@pytest.mark.parametrize("cause", ["UNAVAILABLE", "UNIMPLEMENTED", "INTERNAL"])
def test_what_grpc_says_of_the_way_is_for_the_log_alone(cause: str, caplog: pytest.LogCaptureFixture) -> None:
    said = "failed to connect to all addresses; last error: ipv4:10.1.2.3:50053: Connection refused"
    nothing = grpc.aio.Metadata()
    error = call_failure.from_call(
        grpc.aio.AioRpcError(grpc.StatusCode[cause], nothing, nothing, said), "essentia", "inner.host:50053", False
    )
    told = f"{error.message} {error.metadata}"
    assert error.code == cause
    assert "10.1.2.3" not in told
    assert "inner.host" not in told
    assert "inner.host:50053" in caplog.text
    assert "10.1.2.3" in caplog.text


async def test_every_chunk_of_a_recording_carries_its_crc32c(route: Route, peers: Peers, recording: Recording) -> None:
    await events_of(route, recording)
    (heard,) = peers.essentia.heard
    assert (heard.byte_count, heard.sha256, heard.last) == (recording.byte_count, recording.sha256, True)
    assert heard.checked_chunk_count == heard.chunk_count == 3


async def test_the_format_is_announced_with_length_and_digest(route: Route, peers: Peers, recording: Recording) -> None:
    await events_of(route, recording)
    assert peers.essentia.heard[0].config.audio_format == recording.announced()


async def test_an_event_that_has_no_name_here_is_passed_over(route: Route, peers: Peers, recording: Recording) -> None:
    known = await events_of(route, recording)

    async def says_more(peer: Peer, heard: Heard, requests: AsyncIterator[Any], context: Any) -> AsyncIterator[Any]:
        yield essentia_pb2.AnalyzeResponse()
        async for response in answers(peer, heard, requests, context):
            yield response

    peers.essentia.script = [says_more]
    assert await events_of(route, recording) == known


async def test_more_after_the_summary_is_data_loss(route: Route, peers: Peers, recording: Recording) -> None:
    async def goes_on(peer: Peer, heard: Heard, requests: AsyncIterator[Any], context: Any) -> AsyncIterator[Any]:
        async for response in answers(peer, heard, requests, context):
            yield response
        yield response

    peers.essentia.script = [goes_on]
    with pytest.raises(CallFailure) as caught:
        await events_of(route, recording)
    assert (caught.value.code, caught.value.reason, caught.value.worked) == ("DATA_LOSS", "SUMMARY_NOT_LAST", True)


@pytest.mark.parametrize("after_responses", [0, 1])
async def test_a_failure_tells_whether_the_service_had_begun_to_answer(
    route: Route, peers: Peers, recording: Recording, after_responses: int
) -> None:
    peers.essentia.script = [fails(invalid("AUDIO_UNDECODABLE", "this is no audio"), after_responses)]
    with pytest.raises(CallFailure) as caught:
        await events_of(route, recording)
    assert caught.value.reason == "AUDIO_UNDECODABLE"
    assert caught.value.worked is bool(after_responses)
