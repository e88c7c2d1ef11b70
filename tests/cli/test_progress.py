"""Bars say what is so: all is done only where a stage has ended, and the clock of one that waits stands."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from antiphon.analysis.v1 import analysis_record_pb2 as record_pb2
from antiphon.analysis.v1 import analysis_service_pb2 as analysis_pb2
from antiphon.evidence.v1.evidence_pb2 import Progress
from antiphon_cli.progress import Bars, Lines, show_stage
from antiphon_cli.progress_words import percent


def progress(**fields: object) -> analysis_pb2.StageProgress:
    return analysis_pb2.StageProgress(stage="essentia", progress=Progress(**fields))  # type: ignore[arg-type]


def report(state: int) -> record_pb2.StageReport:
    return record_pb2.StageReport(stage="essentia", state=state)  # type: ignore[arg-type]


def shown(*events: object) -> tuple[str, bool]:
    """What a terminal of 80 columns shows after the events, and whether the clock goes."""
    console = Console(file=io.StringIO(), force_terminal=True, width=80, color_system=None)
    bars = Bars(console)
    for event in events:
        bars.accept(event)  # type: ignore[arg-type]
    (task,) = bars._progress.tasks
    with console.capture() as capture:
        console.print(bars._progress.get_renderable())
    return capture.get(), task.started and not task.finished and task.stop_time is None


def test_a_stage_that_waits_has_no_clock_and_one_that_works_does() -> None:
    waiting = shown(report(record_pb2.STAGE_STATE_WAITING))
    queued = shown(report(record_pb2.STAGE_STATE_RUNNING), progress(phase=Progress.PHASE_QUEUED, queue_position=1))
    working = shown(report(record_pb2.STAGE_STATE_RUNNING), progress(phase=Progress.PHASE_COMPUTING, fraction=0.5))
    assert [each[1] for each in (waiting, queued, working)] == [False, False, True]
    assert "-:--:--" in queued[0]
    assert " 50 %" in working[0]


def test_all_is_done_where_the_stage_has_ended_and_not_while_it_tags() -> None:
    tagging = progress(phase=Progress.PHASE_COMPUTING, fraction=1.0, step="tagging")
    assert " 99 %" in shown(tagging)[0]
    ended = shown(tagging, report(record_pb2.STAGE_STATE_SUCCEEDED))
    assert "100 %" in ended[0]
    assert not ended[1]
    assert [percent(0.999, ended=False), percent(1.0, ended=False), percent(0.2, ended=True)] == [99, 99, 100]


def test_a_line_fits_80_columns() -> None:
    step = "a step whose name is much longer than any that a service has"
    text = shown(progress(phase=Progress.PHASE_COMPUTING, fraction=0.5, step=step))[0]
    assert max(map(len, text.splitlines())) <= 80


def test_lines_of_a_service_that_is_asked_directly_end_with_done(capsys: pytest.CaptureFixture[str]) -> None:
    with Lines() as lines:
        for fraction in (0.1, 0.3, 0.8, 1.0):
            show_stage(lines, "separation", Progress(fraction=fraction, step="separating"))
    assert capsys.readouterr().err.splitlines() == ["  separation: 25 %", "  separation: 75 %", "  separation: done"]


def test_lines_of_what_failed_or_was_reported_do_not(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ValueError, match="broken"), Lines() as lines:
        show_stage(lines, "separation", Progress(fraction=0.5))
        raise ValueError("broken")
    with Lines() as lines:
        show_stage(lines, "speech", Progress(fraction=0.5))
        lines.accept(record_pb2.StageReport(stage="speech", state=record_pb2.STAGE_STATE_SUCCEEDED))
    assert "done" not in capsys.readouterr().err
