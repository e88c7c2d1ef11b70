"""A plan whose stage cannot do without another: what no plan of today has, and any of tomorrow may."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path

from antiphon.analysis.v1 import analysis_record_pb2 as record_pb2
from antiphon.analysis.v1 import analysis_service_pb2 as analysis_pb2
from antiphon.audio.v1 import audio_pb2
from antiphon_wire.errors import not_ready
from chassis.spool import Spool
from gateway.analysis import stage_failure as failure
from gateway.analysis.fan_out import FanOut
from gateway.analysis.plan import Stage, derive
from gateway.backends import Question
from gateway.service_call import Line, Recording
from gateway.settings import GatewaySettings


class NotInstalled:
    """A backend whose service lacks its model."""

    line: Line

    async def ask(self, question: Question) -> AsyncGenerator[analysis_pb2.AnalyzeResponse, None]:
        """Fails."""
        raise failure.local(not_ready("MODEL_NOT_INSTALLED", "run: antiphon models pull x"))
        yield


async def test_a_stage_whose_only_input_failed_is_skipped_with_that_error(tmp_path: Path) -> None:
    plan = derive([], [Stage("separation", "separation"), Stage("speech", "speech", inputs=("separation.vocals",))])
    sent: list[analysis_pb2.AnalyzeResponse] = []

    async def send(event: analysis_pb2.AnalyzeResponse) -> None:
        sent.append(event)

    spool = Spool(tmp_path, 1 << 20, 1 << 20)
    config, settings = analysis_pb2.AnalysisConfig(), GatewaySettings()
    backends = {"separation": NotInstalled(), "speech": NotInstalled()}
    fan_out = FanOut(plan, backends, config, settings, spool, send, seconds_left=10.0)
    findings = await fan_out.run(Recording(tmp_path / "unread", 0, b"", audio_pb2.AudioFormat()))
    failed, skipped = findings.reports
    assert failed.state == record_pb2.STAGE_STATE_FAILED
    assert skipped.state == record_pb2.STAGE_STATE_SKIPPED
    assert skipped.error == failed.error
    assert skipped.attempt_count == 0
    assert not skipped.HasField("start_offset")
    assert findings.parts == {}
    assert sent[-1].stage_report == skipped
