"""Progress on stderr: bars on a terminal, lines elsewhere; always of work done, never of time passed."""

from __future__ import annotations

from types import TracebackType
from typing import Protocol

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, Task, TaskID, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.text import Text
from rich.theme import Theme

from antiphon.analysis.v1 import analysis_record_pb2 as record_pb2
from antiphon.analysis.v1 import analysis_service_pb2 as analysis_pb2
from antiphon.evidence.v1 import evidence_pb2
from antiphon_cli.progress_words import PHASES, percent, progress_words, report_words, short_words, time_left
from antiphon_cli.terminal import fitted, remark
from antiphon_wire.rpcs import AnalyzeEvent

_LINES_PER_STAGE = 4
_BAR_WIDTH = 20
_UNDER_WAY = (record_pb2.STAGE_STATE_WAITING, record_pb2.STAGE_STATE_RUNNING)
# No colour of rich's own that vanishes on white, or on black.
_THEME = Theme(
    {
        "bar.back": "bright_black",
        "bar.complete": "blue",
        "bar.finished": "green",
        "bar.pulse": "blue",
        "progress.elapsed": "none",
        "progress.percentage": "none",
    }
)


class Reporter(Protocol):
    """Shows what happens during one analysis; used as a context."""

    def __enter__(self) -> Reporter: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def accept(self, event: AnalyzeEvent) -> None:
        """Shows an event, if it tells of progress."""


class Silence:
    """Shows nothing."""

    def __enter__(self) -> Silence:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass

    def accept(self, event: AnalyzeEvent) -> None:
        """Ignores the event."""


class Lines(Silence):
    """One line for each change of state, one for each quarter of a stage's work, and one when all went well."""

    def __init__(self) -> None:
        self._shown: dict[str, str] = {}
        self._open: dict[str, None] = {}
        self._quarters: dict[str, int] = {}

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Says of what no report told the end that it is done; where something failed, that is told by others."""
        for stage in self._open if kind is None else ():
            self._say(stage, "done")

    def accept(self, event: AnalyzeEvent) -> None:
        """Writes a line where there is news."""
        if isinstance(event, record_pb2.StageReport):
            if event.state not in _UNDER_WAY:
                self._open.pop(event.stage, None)
            self._say(event.stage, report_words(event))
        elif isinstance(event, analysis_pb2.StageProgress):
            progress = event.progress
            quarter = int(progress.fraction * _LINES_PER_STAGE) if progress.HasField("fraction") else 0
            if progress.phase in PHASES:
                self._say(event.stage, progress_words(progress))
            elif 0 < quarter < _LINES_PER_STAGE:
                self._say_quarter(event.stage, quarter, progress)

    def _say_quarter(self, stage: str, quarter: int, progress: evidence_pb2.Progress) -> None:
        if self._quarters.get(stage) != quarter:
            self._quarters[stage] = quarter
            self._open[stage] = None
            left = time_left(progress)
            self._say(stage, f"{quarter * 100 // _LINES_PER_STAGE} %" + (f", {left}" if left else ""))

    def _say(self, stage: str, words: str) -> None:
        if self._shown.get(stage) != words:
            self._shown[stage] = words
            remark(fitted(f"  {stage}: {words}"))


class Bars:
    """One bar for each stage. Its clock goes while the stage works, and stands while it waits."""

    def __init__(self, console: Console) -> None:
        self._progress = Progress(
            TextColumn("  {task.description}"),
            BarColumn(bar_width=_BAR_WIDTH),
            _Percent(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[words]}"),
            console=console,
            transient=True,
        )
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> Bars:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def accept(self, event: AnalyzeEvent) -> None:
        """Moves the bar of the event's stage."""
        if isinstance(event, record_pb2.StageReport):
            self._accept_report(self._task(event.stage), event)
        elif isinstance(event, analysis_pb2.StageProgress):
            self._accept_progress(self._task(event.stage), event.progress)

    def _accept_report(self, task: TaskID, report: record_pb2.StageReport) -> None:
        done = report.state == record_pb2.STAGE_STATE_SUCCEEDED
        self._progress.update(task, words=short_words(report), total=1.0, completed=1.0 if done else None, done=done)
        self._let_clock_go(task, report.state == record_pb2.STAGE_STATE_RUNNING)
        if report.state not in _UNDER_WAY:
            self._progress.stop_task(task)

    def _accept_progress(self, task: TaskID, progress: evidence_pb2.Progress) -> None:
        known = progress.HasField("fraction")
        self._let_clock_go(task, progress.phase != evidence_pb2.Progress.PHASE_QUEUED)
        self._progress.update(
            task,
            words=escape(progress_words(progress)),
            total=1.0 if known else None,
            completed=progress.fraction if known else None,
        )

    def _let_clock_go(self, task: TaskID, working: bool) -> None:
        started = self._progress.tasks[self._progress.task_ids.index(task)].started
        if working and not started:
            self._progress.start_task(task)
        elif not working and started and self._is_untouched(task):
            # It was called running, and then had to wait for its turn.
            self._progress.reset(task, start=False)

    def _is_untouched(self, task: TaskID) -> bool:
        return self._progress.tasks[self._progress.task_ids.index(task)].completed == 0

    def _task(self, stage: str) -> TaskID:
        if stage not in self._tasks:
            name = f"{escape(stage):<12}"
            self._tasks[stage] = self._progress.add_task(name, total=1.0, words="", done=False, start=False)
        return self._tasks[stage]


class _Percent(TaskProgressColumn):
    """How much is done; all of it only where the stage said that it has ended."""

    def render(self, task: Task) -> Text:
        """Returns the percentage, as wide as any."""
        if task.total is None:
            return Text("     ")
        return Text(f"{percent(task.completed / task.total, ended=bool(task.fields['done'])):>3} %")


def reporter(quiet: bool) -> Reporter:
    """Chooses how to show progress on stderr."""
    if quiet:
        return Silence()
    console = Console(stderr=True, theme=_THEME)
    return Bars(console) if console.is_terminal else Lines()


def show_stage(shown: Reporter, stage: str, progress: evidence_pb2.Progress) -> None:
    """Shows the progress of a service that is asked directly, as the gateway tells that of a stage."""
    shown.accept(analysis_pb2.StageProgress(stage=stage, progress=progress))
