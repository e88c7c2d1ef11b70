"""Progress and states of stages in words."""

from __future__ import annotations

from rich.markup import escape

from antiphon.analysis.v1 import analysis_record_pb2 as record_pb2
from antiphon.evidence.v1 import evidence_pb2
from antiphon_cli.field_names import told
from antiphon_client.errors import from_status

_STATES: dict[int, str] = {
    record_pb2.STAGE_STATE_WAITING: "waiting",
    record_pb2.STAGE_STATE_RUNNING: "running",
    record_pb2.STAGE_STATE_SUCCEEDED: "succeeded",
    record_pb2.STAGE_STATE_FAILED: "failed",
    record_pb2.STAGE_STATE_SKIPPED: "skipped",
}
PHASES: dict[int, str] = {evidence_pb2.Progress.PHASE_QUEUED: "queued", evidence_pb2.Progress.PHASE_LOADING: "loading"}


def state_name(state: int) -> str:
    """Returns the word for a stage's state."""
    return _STATES.get(state, f"state {state}")


def report_words(report: record_pb2.StageReport) -> str:
    """Returns the state of a stage, and its error where it has one."""
    words = state_name(report.state)
    return f"{words}: {told(from_status(report.error))}" if report.HasField("error") else words


def short_words(report: record_pb2.StageReport) -> str:
    """Returns the same for a bar's line, which has no room for a whole message; the summary has."""
    words = state_name(report.state)
    return f"{words}: {escape(from_status(report.error).reason)}" if report.HasField("error") else words


def progress_words(progress: evidence_pb2.Progress) -> str:
    """Returns phase, place in the queue and step of a job, as one line."""
    # What is waited for says by itself that it is: "waiting for a replica".
    queued = progress.phase == evidence_pb2.Progress.PHASE_QUEUED
    words = ["" if queued and progress.step else PHASES.get(progress.phase, "")]
    if progress.HasField("queue_position"):
        words.append(f"{progress.queue_position} ahead")
    words.append(progress.step)
    text = " ".join(word for word in words if word)
    return ", ".join(part for part in (text, _done(progress), time_left(progress)) if part)


def _done(progress: evidence_pb2.Progress) -> str:
    """How much audio is done, where nobody can know how much that is of the whole."""
    if progress.HasField("fraction") or not progress.HasField("audio_done"):
        return ""
    minutes, seconds = divmod(round(progress.audio_done.ToTimedelta().total_seconds()), 60)
    return f"{minutes}:{seconds:02d} done"


def time_left(progress: evidence_pb2.Progress) -> str:
    """Returns how long the job will take yet; empty where nobody knows, or it is done."""
    if not progress.HasField("remaining") or progress.fraction >= 1:
        return ""
    seconds = round(progress.remaining.ToTimedelta().total_seconds())
    if not seconds:
        return ""
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    if not minutes and not hours:
        return f"about {rest} s left"
    return f"about {hours}:{minutes:02d}:{rest:02d} left" if hours else f"about {minutes}:{rest:02d} left"


def percent(fraction: float, *, ended: bool) -> int:
    """Returns a share in whole per cent; 100 only for what has ended, since work may be left that no share counts."""
    return 100 if ended else min(99, max(0, int(fraction * 100)))
