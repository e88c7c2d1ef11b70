"""What the client makes of an answer: events, errors, damage, an early end."""

from __future__ import annotations

import asyncio
import socket
from contextlib import aclosing, closing
from pathlib import Path
from typing import Any

import pytest

from antiphon.analysis.v1.analysis_record_pb2 import AnalysisRecord, StageReport
from antiphon.analysis.v1.analysis_service_pb2 import AnalysisConfig, StageProgress
from antiphon.audio.v1.audio_pb2 import INPUT_ENCODING_CONTAINER, AudioFormat
from antiphon.separation.v1.separation_service_pb2 import SeparationConfig, StemChunk
from antiphon_client import AntiphonClientError, Client, SyncClient
from antiphon_client.exchange import Exchange
from antiphon_wire.rpcs import ANALYZE
from tests.fixtures.gateway_process import gateway_process, wait_until
from tests.fixtures.scripted_gateway import STEMS


async def _error(peer: Any, audio: bytes, **settings: Any) -> AntiphonClientError:
    async with Client(peer.target) as client:
        with pytest.raises(AntiphonClientError) as caught:
            await client.analyze_to_record(audio, **settings)
    return caught.value


async def test_events_come_typed_and_the_record_last(peer: Any) -> None:
    async with Client(peer.target) as client:
        events = [event async for event in client.analyze(b"fine")]
    assert [type(event) for event in events] == [StageReport, *[StageProgress] * 4, StageReport, AnalysisRecord]


async def test_stems_arrive_byte_for_byte(peer: Any) -> None:
    received: dict[str, bytes] = {}
    async with Client(peer.target) as client:
        async for event in client.analyze(b"fine", return_stems=True, separation=SeparationConfig(output_encoding=3)):
            if isinstance(event, StemChunk):
                received[event.stem] = received.get(event.stem, b"") + event.chunk.data
    assert received == STEMS


async def test_an_error_carries_reason_variables_and_fields(peer: Any) -> None:
    error = await _error(peer, b"bad")
    assert (error.code, error.reason, error.message) == (
        "INVALID_ARGUMENT",
        "AUDIO_UNDECODABLE",
        "these bytes are no audio",
    )
    assert error.metadata == {"bytes": "3"}
    assert error.fields == (("chunk.data", "no audio"),)
    assert error.retry_after is None
    assert not error.unreachable


async def test_a_busy_server_says_when_to_come_back(peer: Any) -> None:
    error = await _error(peer, b"full")
    assert (error.reason, error.retry_after) == ("QUEUE_FULL", 2.5)


@pytest.mark.parametrize(
    ("script", "reason"),
    [("cut", "STREAM_INCOMPLETE"), ("more", "SUMMARY_NOT_LAST"), ("torn", "STEM_OFFSET"), ("flipped", "STEM_DIGEST")],
)
async def test_an_answer_that_is_not_whole_is_data_loss(peer: Any, script: str, reason: str) -> None:
    error = await _error(peer, script.encode(), return_stems=True)
    assert (error.code, error.reason) == ("DATA_LOSS", reason)


async def test_a_failed_stage_with_half_a_stem_is_no_damage(peer: Any) -> None:
    async with Client(peer.target) as client:
        record = await client.analyze_to_record(b"halfway", return_stems=True)
    assert not record.HasField("separation")


async def test_a_server_that_goes_away_in_the_middle_is_told_from_one_that_is_not_there(peer: Any) -> None:
    lost = await _error(peer, b"dies")
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        async with Client(f"127.0.0.1:{held.getsockname()[1]}") as client:
            with pytest.raises(AntiphonClientError) as absent:
                await client.services()
    assert (lost.reason, absent.value.reason) == ("CONNECTION_LOST", "SERVICE_UNREACHABLE")
    assert lost.unreachable
    assert absent.value.unreachable


async def test_the_deadline_ends_a_call(peer: Any) -> None:
    error = await _error(peer, b"endless", timeout_seconds=0.3)
    assert error.code == "DEADLINE_EXCEEDED"


async def test_leaving_early_cancels_the_call(peer: Any) -> None:
    async with Client(peer.target) as client:
        async with aclosing(client.analyze(b"endless")) as events:
            async for _ in events:
                break
            assert not peer.seen.cancelled.is_set(), "it goes on while it is listened to"
        assert await asyncio.wait_for(peer.seen.cancelled.wait(), 5)


async def test_cancelling_the_task_cancels_the_call(peer: Any) -> None:
    begun = asyncio.Event()
    async with Client(peer.target) as client:
        task = asyncio.create_task(client.analyze_to_record(b"endless", on_event=lambda _: begun.set()))
        await asyncio.wait_for(begun.wait(), 5)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.wait_for(peer.seen.cancelled.wait(), 5)


def test_the_blocking_client_says_the_same(gateway: Any) -> None:
    with SyncClient(gateway.target) as client:
        record = client.analyze_to_record(b"fine", return_stems=True)
        assert record.fusion.key.tonic == "Eb"
        with pytest.raises(AntiphonClientError, match="these bytes are no audio"):
            client.analyze_to_record(b"bad")
        with pytest.raises(AntiphonClientError, match="STREAM_INCOMPLETE"):
            client.analyze_to_record(b"cut")
        assert [service.ready for service in client.services()] == [True, False]


def test_the_blocking_client_passes_on_an_error_of_the_callers_iterator(gateway: Any) -> None:
    def broken() -> Any:
        yield b"fine "
        raise ValueError("the microphone was pulled out")

    with SyncClient(gateway.target) as client, pytest.raises(ValueError, match="microphone"):
        client.analyze_to_record(broken())


def test_leaving_the_blocking_client_early_cancels_the_call(tmp_path: Path) -> None:
    # A gateway of its own: in the log of the others' an earlier call may yet be cancelled.
    with gateway_process(tmp_path) as gateway:
        with SyncClient(gateway.target) as client, closing(client.analyze(b"endless")) as events:
            next(events)
            assert "cancelled" not in gateway.log.read_text(), "it goes on meanwhile"
        wait_until(lambda: "cancelled" in gateway.log.read_text())


def test_the_blocking_client_refuses_an_asynchronous_iterable(gateway: Any) -> None:
    async def live() -> Any:
        yield b"fine "

    with SyncClient(gateway.target) as client, pytest.raises(TypeError, match="asyncio Client"):
        client.analyze_to_record(live())


def test_a_config_may_be_used_again_for_other_audio() -> None:
    config = AnalysisConfig(audio_format=AudioFormat(encoding=INPUT_ENCODING_CONTAINER))
    before = AnalysisConfig.FromString(config.SerializeToString())
    Exchange(ANALYZE, "nowhere:1", config, b"fine").close()
    assert config == before
