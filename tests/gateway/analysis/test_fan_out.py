"""A plan whose stage cannot do without another: what no plan of today has, and any of tomorrow may."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import replace
from pathlib import Path
from typing import Any

from antiphon.analysis.v1 import analysis_record_pb2 as record_pb2
from antiphon.analysis.v1 import analysis_service_pb2 as analysis_pb2
from antiphon.audio.v1 import audio_pb2
from antiphon_wire.errors import not_ready
from antiphon_wire.rpcs import StreamRpc
from chassis.spool import Spool
from gateway.analysis.fan_out import FanOut
from gateway.analysis.limits import Limits
from gateway.analysis.plan import derive
from gateway.analysis.stages import separation, speech
from gateway.call_failure import CallFailure
from gateway.recording import Recording


async def lacks_its_model(
    rpc: StreamRpc[Any], config: Any, recording: Recording, timeout: float, again: bool
) -> AsyncGenerator[Any, None]:
    """A service whose model is not installed."""
    raise CallFailure(not_ready("MODEL_NOT_INSTALLED", "run: antiphon models pull x"))
    yield


async def test_a_stage_whose_only_input_failed_is_skipped_with_that_error(tmp_path: Path) -> None:
    plan = derive([], [separation.STAGE, replace(speech.STAGE, inputs=("separation.vocals",))])
    sent: list[analysis_pb2.AnalyzeResponse] = []

    async def send(event: analysis_pb2.AnalyzeResponse) -> None:
        sent.append(event)

    fan_out = FanOut(
        plan,
        analysis_pb2.AnalysisConfig(),
        services={"separation": lacks_its_model, "speech": lacks_its_model},
        limits=Limits({"separation": 5.0, "speech": 5.0}, fuse_margin_seconds=0.2, max_attempts=2),
        spool=Spool(tmp_path, 1 << 20, 1 << 20),
        send=send,
        seconds_left=10.0,
    )
    findings = await fan_out.run(Recording(tmp_path / "unread", 0, b"", audio_pb2.AudioFormat()))
    failed, skipped = findings.reports
    assert failed.state == record_pb2.STAGE_STATE_FAILED
    assert skipped.state == record_pb2.STAGE_STATE_SKIPPED
    assert skipped.error == failed.error
    assert skipped.attempt_count == 0
    assert not skipped.HasField("start_offset")
    assert findings.parts == {}
    assert sent[-1].stage_report == skipped
