"""The gateway before well-behaved services: what it asks, what it streams, what it answers."""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator, Callable
from typing import Any

import grpc
import psutil
import pytest

from antiphon.analysis.v1 import analysis_record_pb2 as record_pb2
from antiphon.analysis.v1 import analysis_service_pb2 as analysis_pb2
from antiphon.audio.v1 import audio_pb2
from antiphon.evidence.v1 import evidence_pb2
from antiphon.speech.v1 import speech_service_pb2 as speech_pb2
from antiphon_wire.calls import keep_status
from antiphon_wire.status import from_rpc_error, from_status
from gateway.analysis.plan import STAGES
from services.speech import speakers
from tests.gateway.conftest import CHUNK_BYTES, Gateway, Peers, requests_of
from tests.gateway.peers import PCM_SHA256, hangs


async def test_every_part_and_the_fused_record_come_back(gateway: Gateway, song: bytes) -> None:
    answer = await gateway.analyze(song)
    record = answer.record
    assert [(report.stage, report.state) for report in record.stage_reports] == [
        (stage.name, record_pb2.STAGE_STATE_SUCCEEDED) for stage in STAGES
    ]
    assert record.separation == answer.of("separation")[0]
    assert record.speech == answer.of("speech")[0]
    assert record.essentia == answer.of("essentia")[0]
    assert record.stem_features == answer.of("stem_features")[0]
    assert list(record.speech.segments) == answer.of("segment")
    assert record.essentia.features.rhythm.bpm == 120.0
    assert record.essentia.features.loudness.integrated_lufs == -14.0
    assert record.source.upload_sha256 == hashlib.sha256(song).digest()
    assert record.source.pcm_sha256 == PCM_SHA256
    assert record.fusion.lyrics.text == "hello darkness\nmy old friend"
    assert record.fusion.lyrics.from_vocals
    assert record.fusion.tempo.bpm == 120.0
    assert record.fusion.vocals.energy_share == 0.25
    assert {progress.stage for progress in answer.of("progress")} == {stage.name for stage in STAGES}


async def test_every_service_that_listens_to_the_upload_gets_its_bytes(
    gateway: Gateway, peers: Peers, song: bytes
) -> None:
    await gateway.analyze(song)
    for peer in (peers.separation, peers.essentia):
        heard = peer.heard[0]
        assert heard.sha256 == hashlib.sha256(song).digest()
        assert heard.last
        assert heard.config.audio_format.content_sha256 == hashlib.sha256(song).digest()
        assert heard.config.audio_format.total_bytes == len(song)


async def test_speech_starts_after_separation_has_ended(gateway: Gateway) -> None:
    answer = await gateway.analyze()
    separation, speech = answer.report("separation"), answer.report("speech")
    end = separation.start_offset.ToNanoseconds() + separation.elapsed.ToNanoseconds()
    assert speech.start_offset.ToNanoseconds() >= end > 0
    assert speech.elapsed.ToNanoseconds() > 0


async def test_each_stage_tells_every_state_it_goes_through(gateway: Gateway) -> None:
    answer = await gateway.analyze()
    for stage in ("separation", "speech", "essentia"):
        assert answer.states(stage) == ["WAITING", "RUNNING", "SUCCEEDED"]
        assert answer.of("stage_report")[-1] in list(answer.record.stage_reports)


async def test_the_first_events_come_before_the_upload_is_complete(gateway: Gateway) -> None:
    call = gateway.stub.Analyze(timeout=20)
    await call.write(analysis_pb2.AnalyzeRequest(config=analysis_pb2.AnalysisConfig()))
    await call.write(analysis_pb2.AnalyzeRequest(chunk=audio_pb2.AudioChunk(data=b"a")))
    async with asyncio.timeout(1.0):
        reports = [(await call.read()).stage_report for _ in range(5)]
    assert [report.state for report in reports] == [record_pb2.STAGE_STATE_WAITING] * 5
    await call.write(analysis_pb2.AnalyzeRequest(chunk=audio_pb2.AudioChunk(data=b"b", byte_offset=1, last=True)))
    await call.done_writing()
    events = [event async for event in read_all(call)]
    assert events[-1].WhichOneof("event") == "record"


async def read_all(call: Any) -> Any:
    """Yields what is left of an answer."""
    while (event := await call.read()) is not grpc.aio.EOF:
        yield event


async def test_every_service_that_hears_the_upload_is_told_which_track_is_meant(gateway: Gateway, peers: Peers) -> None:
    await gateway.analyze(announce=False, audio_format=audio_pb2.AudioFormat(track=3))
    heard = [each for peer in (peers.essentia, peers.speech, peers.separation) for each in peer.heard]
    of_the_upload = [each for each in heard if each.config.audio_format.HasField("track")]
    assert {each.config.audio_format.track for each in of_the_upload} == {3}
    assert of_the_upload
    # The stems that separation gave have one track each.
    assert peers.separation.heard[0].config.audio_format.track == 3


async def test_a_raw_upload_is_announced_as_the_caller_described_it(gateway: Gateway, peers: Peers) -> None:
    raw = audio_pb2.AudioFormat(encoding=audio_pb2.INPUT_ENCODING_PCM_S16LE, sample_rate_hertz=16_000, channel_count=1)
    await gateway.analyze(announce=False, audio_format=raw, stages=["essentia"])
    format_ = peers.essentia.heard[0].config.audio_format
    assert format_.encoding == audio_pb2.INPUT_ENCODING_PCM_S16LE
    assert (format_.sample_rate_hertz, format_.channel_count) == (16_000, 1)


async def test_nothing_stays_in_the_spool(gateway: Gateway, song: bytes) -> None:
    await gateway.analyze(song)
    assert os.listdir(gateway.spool.folder) == []
    assert gateway.spool.used_bytes == 0


async def test_an_unknown_stage_is_refused_with_the_known_ones(gateway: Gateway, peers: Peers) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await gateway.analyze(stages=["speech", "karaoke"])
    error = from_status(from_rpc_error(caught.value))
    assert (error.code, error.reason, error.field) == ("INVALID_ARGUMENT", "UNKNOWN_STAGE", "config.stages[1]")
    assert error.metadata["known"] == ", ".join(stage.name for stage in STAGES)
    assert peers.speech.heard == []


async def test_a_damaged_upload_fails_the_call_and_reaches_no_service(gateway: Gateway, peers: Peers) -> None:
    format_ = audio_pb2.AudioFormat(content_sha256=hashlib.sha256(b"another upload").digest())
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await gateway.analyze(announce=False, audio_format=format_)
    error = from_status(from_rpc_error(caught.value))
    assert (error.code, error.reason) == ("DATA_LOSS", "UPLOAD_DIGEST")
    assert [peer.service for peer in peers.all() if peer.heard] == []


async def test_one_analysis_too_many_is_refused_with_a_delay(start_gateway: Callable[..., Any], peers: Peers) -> None:
    gateway: Gateway = await start_gateway(max_analyses=1)
    peers.essentia.script = [hangs]
    first = asyncio.create_task(gateway.analyze(stages=["essentia"]))
    await asyncio.wait_for(peers.essentia.reached.wait(), 20)
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await gateway.analyze()
    error = from_status(from_rpc_error(caught.value))
    assert (error.code, error.reason) == ("RESOURCE_EXHAUSTED", "QUEUE_FULL")
    assert error.retry_after_seconds is not None
    assert error.retry_after_seconds >= 1.0
    first.cancel()


async def test_sixteen_slow_uploads_keep_no_honest_caller_out_and_are_let_go(start_gateway: Callable[..., Any]) -> None:
    gateway: Gateway = await start_gateway(max_analyses=2, upload_window_seconds=2.0)

    async def drip() -> AsyncIterator[analysis_pb2.AnalyzeRequest]:
        yield analysis_pb2.AnalyzeRequest(config=analysis_pb2.AnalysisConfig(stages=["essentia"]))
        for offset in range(1000):
            yield analysis_pb2.AnalyzeRequest(chunk=audio_pb2.AudioChunk(data=b"R", byte_offset=offset))
            await asyncio.sleep(0.1)

    calls = [aiter(keep_status(gateway.stub.Analyze(drip(), timeout=60))) for _ in range(16)]
    await asyncio.gather(*(anext(call) for call in calls))  # each plan is announced: all are let in
    for _ in range(3):
        assert (await gateway.analyze(stages=["essentia"])).states("essentia")[-1] == "SUCCEEDED"
    for call in calls:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            async for _ in call:
                pass
        error = from_status(from_rpc_error(caught.value))
        assert (error.code, error.reason) == ("DEADLINE_EXCEEDED", "UPLOAD_TOO_SLOW")
    assert gateway.spool.used_bytes == 0
    assert (await gateway.analyze(stages=["essentia"])).states("essentia")[-1] == "SUCCEEDED"


async def test_the_services_are_listed_with_what_keeps_them_from_answering_and_not_with_where_they_are(
    start_gateway: Callable[..., Any], peers: Peers, caplog: pytest.LogCaptureFixture
) -> None:
    await peers.speech.health.set("readiness", 2)  # NOT_SERVING
    gateway: Gateway = await start_gateway(essentia_target="127.0.0.1:1")
    answer = await gateway.stub.ListServices(analysis_pb2.ListServicesRequest(), timeout=5)
    found = {status.service: status for status in answer.services}
    assert list(found) == [peer.service for peer in peers.all()]
    assert found["separation"].ready
    assert found["separation"].problem == ""
    assert not found["speech"].ready
    assert "NOT_SERVING" in found["speech"].problem
    assert not found["essentia"].ready
    assert "UNAVAILABLE" in found["essentia"].problem
    assert "essentia at 127.0.0.1:1 is not ready" in caplog.text
    assert not any("127.0.0.1" in status.problem for status in answer.services)


async def test_a_caller_that_reads_nothing_stops_the_stems_instead_of_filling_memory(
    gateway: Gateway, peers: Peers
) -> None:
    peers.separation.stems = {"vocals": bytes(64 << 20)}
    peers.separation.shares = {"vocals": 1.0}
    call = gateway.stub.Analyze(requests_of(analysis_pb2.AnalysisConfig(return_stems=True), b"x"), timeout=20)
    async for event in call:
        if event.WhichOneof("event") == "stem_chunk":
            break
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(1.0):
            await peers.separation.all_sent.wait()
    # gRPC lets each of two hops run ahead by some 6 MiB on loopback, whatever the length of the stem.
    assert peers.separation.sent_bytes < 32 << 20
    async with asyncio.timeout(10.0):
        events = [event async for event in call]
    assert peers.separation.sent_bytes == 64 << 20
    assert events[-1].WhichOneof("event") == "record"


async def test_a_slow_reader_of_stems_holds_neither_the_service_nor_a_place(
    start_gateway: Callable[..., Any], peers: Peers, song: bytes
) -> None:
    gateway: Gateway = await start_gateway(max_analyses=1, reader_wait_seconds=0.2)
    peers.separation.stems = {"vocals": bytes(64 << 20)}
    peers.separation.shares = {"vocals": 1.0}
    config = analysis_pb2.AnalysisConfig(return_stems=True, stages=["separation"])
    call = gateway.stub.Analyze(requests_of(config, song), timeout=60)
    process = psutil.Process()
    async for event in call:
        if event.WhichOneof("event") == "stem_chunk":
            break
    before = process.memory_info().rss
    async with asyncio.timeout(30.0):
        await peers.separation.all_sent.wait()
    # Some 12 MiB are on their way in gRPC and the kernel; the rest is on disk.
    assert process.memory_info().rss - before < 40 << 20
    peers.separation.stems = {"vocals": bytes(1 << 20)}
    await asyncio.sleep(0.5)  # what was sent last is read and fused
    assert (await gateway.analyze(song, stages=["separation"])).states("separation")[-1] == "SUCCEEDED"
    async with asyncio.timeout(30.0):
        events = [event async for event in call]
    assert events[-1].WhichOneof("event") == "record"


async def test_memory_does_not_grow_with_the_upload(gateway: Gateway, peers: Peers) -> None:
    size = 128 << 20
    piece = bytes(CHUNK_BYTES)

    async def upload() -> AsyncIterator[analysis_pb2.AnalyzeRequest]:
        yield analysis_pb2.AnalyzeRequest(config=analysis_pb2.AnalysisConfig(stages=["separation", "essentia"]))
        for offset in range(0, size, CHUNK_BYTES):
            chunk = audio_pb2.AudioChunk(data=piece, byte_offset=offset, last=offset + CHUNK_BYTES == size)
            yield analysis_pb2.AnalyzeRequest(chunk=chunk)
            peak.append(process.memory_info().rss)

    process = psutil.Process()
    before, peak = process.memory_info().rss, [0]
    async for _ in gateway.stub.Analyze(upload(), timeout=60):
        peak.append(process.memory_info().rss)
    assert peers.separation.heard[0].byte_count == peers.essentia.heard[0].byte_count == size
    # Client, gateway and two services share this process; 9 MiB were seen for 128 and for 512 MiB alike.
    assert max(peak) - before < 48 << 20


async def test_a_gateway_with_some_services_asks_them_alone_and_the_record_names_what_was_left_out(
    start_gateway: Callable[..., Any], peers: Peers, song: bytes
) -> None:
    gateway = await start_gateway(services=("speech", "essentia"))
    record = (await gateway.analyze(song)).record
    assert [report.stage for report in record.stage_reports] == ["speech", "essentia"]
    assert peers.separation.heard == peers.llm_audio.heard == []
    left_out = {warning.field for warning in record.fusion.warnings if warning.reason == "STAGE_NOT_SERVED"}
    assert left_out == {"separation", "stem_features", "llm_audio"}


@pytest.mark.parametrize(
    ("settings", "model", "code", "reason"),
    [
        ({"model": "no-such"}, "no-such", "INVALID_ARGUMENT", "UNKNOWN_MODEL"),
        ({"model": "large"}, "large", "FAILED_PRECONDITION", "MODEL_NOT_INSTALLED"),
        ({"diarize": True}, speakers.MODEL, "FAILED_PRECONDITION", "MODEL_NOT_INSTALLED"),
    ],
)
async def test_a_model_that_is_named_or_needed_and_not_there_is_refused_before_the_upload(
    gateway: Gateway, peers: Peers, settings: dict[str, Any], model: str, code: str, reason: str
) -> None:
    for name, installed in (("base", True), ("large", False), (speakers.MODEL, False)):
        identity = evidence_pb2.ModelIdentity(name=name)
        peers.speech.models.append(
            evidence_pb2.ModelInfo(
                identity=identity, installed=installed, install_command=f"antiphon models pull {name}"
            )
        )
    config = analysis_pb2.AnalysisConfig(speech=speech_pb2.TranscriptionConfig(**settings))

    async def config_alone() -> AsyncIterator[analysis_pb2.AnalyzeRequest]:
        yield analysis_pb2.AnalyzeRequest(config=config)
        await asyncio.Event().wait()

    with pytest.raises(grpc.aio.AioRpcError) as caught:
        async for _ in gateway.stub.Analyze(config_alone(), timeout=20):
            pass
    error = from_status(from_rpc_error(caught.value))
    assert (error.code, error.reason, error.metadata["model"]) == (code, reason, model)
    installed_alone = speech_pb2.TranscriptionConfig(model="base")
    assert (await gateway.analyze(speech=installed_alone)).report("speech").state == record_pb2.STAGE_STATE_SUCCEEDED
