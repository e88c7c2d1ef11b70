"""The folder of stages: a file is a stage, and its name is the stage's."""

from __future__ import annotations

from pathlib import Path

from antiphon.analysis.v1 import analysis_record_pb2 as record_pb2
from antiphon.analysis.v1 import analysis_service_pb2 as analysis_pb2
from gateway.analysis import stages
from gateway.analysis.plan import STAGES

FILES = {path.stem for path in Path(stages.__file__ or "").parent.glob("*.py")} - {"__init__"}


def test_every_file_is_the_stage_of_its_name() -> None:
    assert {stage.name for stage in STAGES} == FILES


def test_every_stage_has_settings_a_part_and_an_event_of_its_name() -> None:
    for message in (analysis_pb2.AnalysisConfig, record_pb2.AnalysisRecord, analysis_pb2.AnalyzeResponse):
        assert {stage.name for stage in STAGES} <= set(message.DESCRIPTOR.fields_by_name)
