"""The gateway before services that fail, refuse, hang, die or lie."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Callable
from typing import Any

import grpc
import pytest
from google.rpc import code_pb2

from antiphon.analysis.v1 import analysis_record_pb2 as record_pb2
from antiphon.analysis.v1 import analysis_service_pb2 as analysis_pb2
from antiphon_wire.errors import AntiphonError, busy, invalid, lost, not_ready
from antiphon_wire.status import from_rpc_error, from_status, to_rpc_status
from gateway.analysis import plan
from gateway.analysis.stage_run import StageRun
from tests.gateway.conftest import Gateway, Peers, error_of, requests_of
from tests.gateway.peers import (
    Heard,
    Peer,
    answers,
    dies,
    fails,
    forgets_summary,
    hangs,
    refuses,
)
from tests.gateway.proxy import Proxy

SUCCEEDED, FAILED = record_pb2.STAGE_STATE_SUCCEEDED, record_pb2.STAGE_STATE_FAILED
SKIPPED = record_pb2.STAGE_STATE_SKIPPED
# The stages that listen to the upload, or can.
STAGES = ["separation", "speech", "essentia"]


async def test_a_failed_stage_keeps_its_error_and_the_others_stand(gateway: Gateway, peers: Peers) -> None:
    error = invalid("LANGUAGE_UNKNOWN", "no language 'xx'", field="config.language_code", language="xx")
    peers.speech.script = [fails(error, after_responses=3)]
    answer = await gateway.analyze()
    assert answer.report("speech").error == to_rpc_status(error)
    assert answer.report("speech").attempt_count == 1
    assert answer.states("speech") == ["WAITING", "RUNNING", "FAILED"]
    assert answer.report("separation").state == answer.report("essentia").state == SUCCEEDED
    assert not answer.record.HasField("speech")
    assert not answer.record.fusion.HasField("lyrics")
    assert answer.record.fusion.tempo.bpm == 120.0


async def test_all_stages_may_fail_and_a_record_still_comes(gateway: Gateway, peers: Peers) -> None:
    for peer in peers.all():
        peer.script = [fails(invalid("AUDIO_UNDECODABLE", "this is no audio"))]
    answer = await gateway.analyze()
    states = {report.stage: report.state for report in answer.record.stage_reports}
    # It alone cannot do without another.
    assert states == {stage.name: SKIPPED if stage.name == "stem_features" else FAILED for stage in plan.STAGES}
    assert not answer.record.HasField("source")
    assert answer.record.fusion == record_pb2.Fusion(warnings=[])


async def test_speech_falls_back_to_the_upload_and_says_why(gateway: Gateway, peers: Peers, song: bytes) -> None:
    peers.separation.script = [fails(not_ready("MODEL_NOT_INSTALLED", "run: antiphon models pull spleeter-2stems"))]
    answer = await gateway.analyze(song)
    assert answer.report("speech").input == "upload"
    assert peers.speech.heard[0].sha256 == hashlib.sha256(song).digest()
    assert not peers.speech.heard[0].config.HasField("voice_activity_detection")
    assert not answer.record.fusion.lyrics.from_vocals
    (warning,) = answer.record.fusion.warnings
    assert warning.reason == "LYRICS_FROM_MIX"
    assert "MODEL_NOT_INSTALLED" in warning.message


async def test_a_lost_worker_is_asked_once_more_with_the_whole_recording(
    gateway: Gateway, peers: Peers, song: bytes
) -> None:
    error = AntiphonError("UNAVAILABLE", "WORKER_LOST", "the worker died", retry_after_seconds=0.0)
    peers.essentia.script = [fails(error, after_responses=2), answers]
    answer = await gateway.analyze(song, stages=STAGES)
    assert answer.report("essentia").state == SUCCEEDED
    assert answer.report("essentia").attempt_count == 2
    assert answer.states("essentia") == ["WAITING", "RUNNING", "RUNNING", "SUCCEEDED"]
    assert [heard.sha256 for heard in peers.essentia.heard] == [hashlib.sha256(song).digest()] * 2


async def test_half_a_stem_of_a_lost_worker_does_not_reach_speech(gateway: Gateway, peers: Peers) -> None:
    error = AntiphonError("UNAVAILABLE", "WORKER_LOST", "the worker died", retry_after_seconds=0.0)
    peers.separation.script = [fails(error, after_responses=4), answers]
    answer = await gateway.analyze()
    assert answer.report("separation").attempt_count == 2
    assert peers.speech.heard[0].sha256 == hashlib.sha256(peers.separation.stems["vocals"]).digest()
    assert gateway.spool.used_bytes == 0


async def test_a_worker_lost_twice_fails_its_stage(gateway: Gateway, peers: Peers) -> None:
    peers.essentia.script = [fails(lost("the worker died"))]
    started = time.monotonic()
    answer = await gateway.analyze(stages=STAGES)
    assert error_of(answer, "essentia").reason == "WORKER_LOST"
    assert answer.report("essentia").attempt_count == len(peers.essentia.heard) == 2
    assert time.monotonic() - started >= 1.0  # antiphon_wire.errors.lost asks to wait a second


@pytest.mark.parametrize("error", [invalid("X", "bad"), AntiphonError("INTERNAL", "INTERNAL", "oh")])
async def test_an_error_that_trying_again_would_not_cure_is_not_tried_again(
    gateway: Gateway, peers: Peers, error: AntiphonError
) -> None:
    peers.essentia.script = [fails(error)]
    answer = await gateway.analyze(stages=["essentia"])
    assert error_of(answer, "essentia").code == error.code
    assert len(peers.essentia.heard) == 1


async def test_a_server_that_stops_in_mid_answer_fails_its_stage_alone(
    start_gateway: Callable[..., Any], peers: Peers
) -> None:
    gateway: Gateway = await start_gateway(separation_start_seconds=0.5)
    stopping = []

    async def stop(peer: Peer) -> None:
        stopping.append(asyncio.create_task(peer.server.stop(None)))

    peers.separation.script = [dies(stop, after_responses=4)]
    answer = await gateway.analyze()
    assert error_of(answer, "separation").code == "UNAVAILABLE"
    assert answer.report("speech").state == answer.report("essentia").state == SUCCEEDED
    assert [warning.reason for warning in answer.record.fusion.warnings] == ["LYRICS_FROM_MIX"]
    await asyncio.gather(*stopping)


async def test_a_connection_that_is_reset_in_mid_answer_is_tried_again(
    start_gateway: Callable[..., Any], peers: Peers
) -> None:
    proxy = Proxy(peers.essentia.target)

    async def cut(_: Peer) -> None:
        proxy.cut()

    peers.essentia.script = [dies(cut, after_responses=2), answers]
    gateway: Gateway = await start_gateway(essentia_target=await proxy.start())
    answer = await gateway.analyze(stages=["essentia"])
    assert answer.report("essentia").state == SUCCEEDED
    assert answer.report("essentia").attempt_count == 2
    await proxy.stop()


async def test_a_busy_service_is_asked_again_when_it_said(gateway: Gateway, peers: Peers) -> None:
    full = refuses(busy("QUEUE_FULL", "8 of 8 places are taken", retry_after_seconds=0.3))
    peers.essentia.script = [full, full, full, answers]
    answer = await gateway.analyze(stages=["essentia"])
    report = answer.report("essentia")
    assert report.state == SUCCEEDED
    assert report.attempt_count == 1
    assert report.elapsed.ToNanoseconds() >= 0.9e9
    assert len(peers.essentia.heard) == 4


async def test_a_busy_service_that_will_be_free_too_late_fails_its_stage_at_once(
    gateway: Gateway, peers: Peers
) -> None:
    peers.essentia.script = [refuses(busy("QUEUE_FULL", "no room", retry_after_seconds=60.0))]
    started = time.monotonic()
    answer = await gateway.analyze(stages=["essentia"])
    assert error_of(answer, "essentia").reason == "QUEUE_FULL"
    assert time.monotonic() - started < 5.0


async def test_a_busy_service_that_does_not_say_when_is_not_asked_again(gateway: Gateway, peers: Peers) -> None:
    peers.essentia.script = [refuses(AntiphonError("RESOURCE_EXHAUSTED", "DEVICE_OOM", "the GPU is too small"))]
    answer = await gateway.analyze(stages=["essentia"])
    assert error_of(answer, "essentia").reason == "DEVICE_OOM"
    assert len(peers.essentia.heard) == 1


async def test_a_service_that_runs_out_of_room_while_it_works_uses_up_its_attempts(
    gateway: Gateway, peers: Peers
) -> None:
    peers.essentia.script = [fails(busy("DEVICE_OOM", "the GPU is full", retry_after_seconds=0.1), after_responses=2)]
    answer = await gateway.analyze(stages=["essentia"])
    assert error_of(answer, "essentia").reason == "DEVICE_OOM"
    assert answer.report("essentia").attempt_count == len(peers.essentia.heard) == 2


async def test_an_answer_without_a_summary_is_data_loss(gateway: Gateway, peers: Peers) -> None:
    peers.speech.script = [forgets_summary]
    error = error_of(await gateway.analyze(), "speech")
    assert (error.code, error.reason) == ("DATA_LOSS", "NO_SUMMARY")


async def test_a_stem_with_another_digest_than_announced_is_data_loss(gateway: Gateway, peers: Peers) -> None:
    peers.separation.damage = True
    answer = await gateway.analyze()
    assert error_of(answer, "separation").reason == "STEM_DAMAGED"
    assert answer.report("speech").input == "upload"


async def test_a_hole_in_a_stem_is_data_loss(gateway: Gateway, peers: Peers) -> None:
    async def skips(peer: Peer, heard: Heard, requests: Any, context: Any) -> Any:
        await peer.listen(heard, requests)
        chunks = 0
        async for response in peer.responses(heard):
            chunks += response.WhichOneof("event") == "stem_chunk"
            if chunks != 2 or response.WhichOneof("event") != "stem_chunk":
                yield response

    peers.separation.script = [skips]
    assert error_of(await gateway.analyze(), "separation").reason == "CHUNK_OFFSET"


async def test_an_upload_that_is_refused_halfway_keeps_the_reason(gateway: Gateway, peers: Peers) -> None:
    error = invalid("UPLOAD_TOO_LARGE", "8 MiB are too much", limit=1)
    peers.essentia.script = [refuses(error, after_messages=3)]
    for _ in range(5):
        answer = await gateway.analyze(bytes(8 << 20), stages=["essentia"])
        assert answer.report("essentia").error == to_rpc_status(error)


async def test_a_stage_that_takes_too_long_ends_alone(start_gateway: Callable[..., Any], peers: Peers) -> None:
    peers.essentia.script = [hangs]
    gateway: Gateway = await start_gateway(essentia_seconds=0.3)
    answer = await gateway.analyze()
    error = error_of(answer, "essentia")
    assert (error.code, error.reason) == ("DEADLINE_EXCEEDED", "STAGE_DEADLINE")
    assert "GATEWAY_ESSENTIA_SECONDS" in error.message
    assert answer.report("speech").state == SUCCEEDED
    async with asyncio.timeout(1.0):
        await peers.essentia.cancelled.wait()


async def test_the_record_arrives_before_the_callers_deadline(gateway: Gateway, peers: Peers) -> None:
    peers.speech.script = [hangs]
    answer = await gateway.analyze(timeout=1.5)
    assert error_of(answer, "speech").reason == "STAGE_DEADLINE"
    assert answer.report("separation").state == answer.report("essentia").state == SUCCEEDED


async def test_a_caller_that_cancels_stops_every_service_within_a_quarter_second(
    gateway: Gateway, peers: Peers, song: bytes
) -> None:
    for peer in peers.all():
        peer.script = [hangs]
    call = gateway.stub.Analyze(requests_of(analysis_pb2.AnalysisConfig(), song), timeout=20)
    reading = asyncio.create_task(call.read())
    working = (peers.separation, peers.essentia)
    for peer in working:
        await peer.reached.wait()
    call.cancel()
    async with asyncio.timeout(0.25):
        for peer in working:
            await peer.cancelled.wait()
    assert peers.speech.heard == []
    await asyncio.wait([reading])


async def test_a_caller_that_cancels_while_it_reads_nothing_stops_the_services_too(
    gateway: Gateway, peers: Peers
) -> None:
    peers.separation.stems = {"vocals": bytes(64 << 20)}
    peers.essentia.script = [hangs]
    call = gateway.stub.Analyze(requests_of(analysis_pb2.AnalysisConfig(return_stems=True), b"x"), timeout=20)
    async for event in call:
        if event.WhichOneof("event") == "stem_chunk":
            break
    await peers.essentia.reached.wait()
    call.cancel()
    async with asyncio.timeout(1.0):
        await peers.essentia.cancelled.wait()
    assert peers.separation.sent_bytes < 64 << 20


async def test_a_bug_in_a_stage_is_reported_without_its_inside(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def breaks(*_: Any) -> None:
        raise KeyError("secret detail")

    monkeypatch.setattr(StageRun, "_persist", breaks)
    answer = await gateway.analyze(stages=["essentia"])
    assert answer.report("essentia").error.code == code_pb2.INTERNAL
    assert "secret" not in str(answer.report("essentia").error)


async def test_a_failed_call_carries_details(gateway: Gateway) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await gateway.analyze(b"")
    assert from_status(from_rpc_error(caught.value)).reason == "UPLOAD_EMPTY"
