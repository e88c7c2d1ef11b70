"""An analysis without a face: services are plain generators, nothing is served, and a record comes back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest

from antiphon.analysis.v1 import analysis_record_pb2 as record_pb2
from antiphon.analysis.v1 import analysis_service_pb2 as analysis_pb2
from antiphon.audio.v1 import audio_pb2
from antiphon.essentia.v1 import essentia_service_pb2 as essentia_pb2
from antiphon.evidence.v1 import evidence_pb2
from antiphon.speech.v1 import speech_service_pb2 as speech_pb2
from antiphon_wire.errors import AntiphonError, data_loss
from antiphon_wire.rpcs import FEATURES, TRANSCRIBE, StreamRpc
from chassis.spool import Spool
from gateway.analysis.analyze import Arrival, analyze
from gateway.analysis.limits import Limits
from gateway.analysis.question import Service
from gateway.recording import Recording

LIMITS = Limits({"speech": 5.0, "essentia": 5.0}, fuse_margin_seconds=0.0, max_attempts=2)
RECORDING = Recording(Path("song.flac"), 3, b"\1" * 32, audio_pb2.AudioFormat())


async def hears_words(
    rpc: StreamRpc[Any], config: Any, recording: Recording, timeout: float
) -> AsyncGenerator[Any, None]:
    """A speech service that hears one line."""
    assert (rpc, recording) == (TRANSCRIBE, RECORDING)
    yield evidence_pb2.Progress(phase=evidence_pb2.Progress.PHASE_COMPUTING, fraction=0.5)
    yield speech_pb2.Segment(text="hello darkness")
    yield speech_pb2.TranscriptionSummary(language_code="en")


async def hears_tempo(
    rpc: StreamRpc[Any], config: Any, recording: Recording, timeout: float
) -> AsyncGenerator[Any, None]:
    """An essentia service that finds 120 beats per minute."""
    assert (rpc, recording) == (FEATURES, RECORDING)
    features = essentia_pb2.Features()
    features.rhythm.bpm = 120.0
    yield features
    yield essentia_pb2.AnalysisSummary()


SERVICES: dict[str, Service] = {"speech": hears_words, "essentia": hears_tempo}


class Told:
    """What an analysis has sent."""

    def __init__(self) -> None:
        self.events: list[analysis_pb2.AnalyzeResponse] = []

    async def send(self, event: analysis_pb2.AnalyzeResponse) -> None:
        """Takes one event."""
        self.events.append(event)

    def states(self) -> list[tuple[str, str]]:
        """Lists (stage, state) of every report, in order."""
        name = record_pb2.StageState.Name
        reports = [each.stage_report for each in self.events if each.HasField("stage_report")]
        return [(report.stage, name(report.state).removeprefix("STAGE_STATE_")) for report in reports]


async def analyzed(
    tmp_path: Path, told: Told, recording: Recording | Arrival = RECORDING, **stages: Any
) -> record_pb2.AnalysisRecord:
    """Analyses the recording with the services above."""
    config = analysis_pb2.AnalysisConfig(**{"stages": ["speech", "essentia"], **stages})
    spool = Spool(tmp_path, 1 << 20, 1 << 20)
    return await analyze(
        recording, config, services=SERVICES, limits=LIMITS, spool=spool, send=told.send, seconds_left=10.0
    )


async def test_a_recording_and_a_config_give_a_record(tmp_path: Path) -> None:
    told = Told()
    record = await analyzed(tmp_path, told)
    assert [(report.stage, report.state) for report in record.stage_reports] == [
        ("speech", record_pb2.STAGE_STATE_SUCCEEDED),
        ("essentia", record_pb2.STAGE_STATE_SUCCEEDED),
    ]
    assert record.fusion.lyrics.text == "hello darkness"
    assert record.fusion.tempo.bpm == 120.0
    assert record.speech.summary.language_code == "en"


async def test_events_are_sent_as_they_come_and_the_record_is_returned_alone(tmp_path: Path) -> None:
    told = Told()
    record = await analyzed(tmp_path, told, stages=["speech"])
    kinds = [event.WhichOneof("event") for event in told.events]
    assert kinds == ["stage_report", "stage_report", "progress", "segment", "speech", "stage_report"]
    assert told.states() == [("speech", "WAITING"), ("speech", "RUNNING"), ("speech", "SUCCEEDED")]
    assert told.events[-1].stage_report == record.stage_reports[0]


async def test_a_recording_that_is_on_its_way_is_waited_for_after_the_stages_are_announced(tmp_path: Path) -> None:
    told = Told()
    before: list[tuple[str, str]] = []

    async def arrival() -> Recording:
        before.extend(told.states())
        return RECORDING

    record = await analyzed(tmp_path, told, arrival)
    assert before == [("speech", "WAITING"), ("essentia", "WAITING")]
    assert record.fusion.tempo.bpm == 120.0


async def test_a_recording_that_does_not_arrive_ends_the_analysis_with_its_error(tmp_path: Path) -> None:
    async def arrival() -> Recording:
        raise data_loss("UPLOAD_DIGEST", "the upload has another digest than announced")

    with pytest.raises(AntiphonError) as caught:
        await analyzed(tmp_path, Told(), arrival)
    assert caught.value.reason == "UPLOAD_DIGEST"


async def test_an_unknown_stage_is_refused_before_anything_is_said_or_read(tmp_path: Path) -> None:
    async def arrival() -> Recording:
        raise AssertionError("the recording was waited for")

    told = Told()
    with pytest.raises(AntiphonError) as caught:
        await analyzed(tmp_path, told, arrival, stages=["karaoke"])
    assert caught.value.reason == "UNKNOWN_STAGE"
    assert told.events == []


async def test_cancelling_an_analysis_closes_the_answers_under_way(tmp_path: Path) -> None:
    begun, closed = asyncio.Event(), asyncio.Event()

    async def never_ends(
        rpc: StreamRpc[Any], config: Any, recording: Recording, timeout: float
    ) -> AsyncGenerator[Any, None]:
        begun.set()
        try:
            await asyncio.Event().wait()
            yield
        finally:
            closed.set()

    config = analysis_pb2.AnalysisConfig(stages=["speech", "essentia"])
    services: dict[str, Service] = {"speech": hears_words, "essentia": never_ends}
    spool = Spool(tmp_path, 1 << 20, 1 << 20)
    analysis = asyncio.create_task(
        analyze(RECORDING, config, services=services, limits=LIMITS, spool=spool, send=Told().send, seconds_left=10.0)
    )
    await begun.wait()
    analysis.cancel()
    with pytest.raises(asyncio.CancelledError):
        await analysis
    assert closed.is_set()
