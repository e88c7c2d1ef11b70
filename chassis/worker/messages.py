"""What a service and its worker say to each other."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

from antiphon_wire.errors import AntiphonError
from chassis.reading import Limits, RawPcm
from chassis.reports import LoadReport
from chassis.traces import WorkerFaultError
from chassis.worker.sandbox.plan import Plan


@dataclass(frozen=True)
class Init:
    """First message to a worker: what to become.

    Attributes:
        jobs: ``module:Class`` whose methods are the verbs.
        settings: The family's settings, handed to that class.
        manifest: Path of the family's models.toml.
        models_root: Path of the model store.
        memory_limit_bytes: Private writable memory that the process may have; None for no limit.
        warm: Whether to load the default model before saying ready.
        models_extra: Path of the operator's own models.toml; empty for none.
        licence_policy: Which weights may be used; see ``chassis.models.Store``.
        live: Whether to host live sessions, many at once, instead of one job after the other.
        sandbox: What to be kept in.
    """

    jobs: str
    settings: Any
    manifest: str
    models_root: str
    memory_limit_bytes: int | None
    warm: bool
    models_extra: str = ""
    licence_policy: str = "any"
    live: bool = False
    sandbox: Plan = field(default_factory=Plan)


@dataclass(frozen=True)
class Job:
    """What a worker is to do with a recording.

    Attributes:
        verb: Name of a method of the family's jobs.
        request: What it is handed besides the task.
        path: The audio on disk, which the service opens for the worker; None for a job without audio.
        limits: What reading it may cost.
        raw: How to read it where it has no header; None for a container.
        start_seconds: Where the clip that is wanted begins (s).
        end_seconds: Where it ends (s); None for the end of the audio.
        track: Which audio track of a container, from 0; None for the default one.
    """

    verb: str
    request: Any
    path: str | None
    limits: Limits
    raw: RawPcm | None = None
    start_seconds: float = 0.0
    end_seconds: float | None = None
    track: int | None = None


@dataclass(frozen=True)
class LiveJob:
    """What a worker is to do with audio that is still coming; see :class:`Job`."""

    verb: str
    request: Any
    limits: Limits
    raw: RawPcm | None = None
    track: int | None = None


@dataclass(frozen=True)
class Run:
    """Asks for one job."""

    job_id: int
    job: Job


@dataclass(frozen=True)
class RunLive:
    """Asks for one live job, whose audio :class:`Feed` messages will bring."""

    job_id: int
    job: LiveJob


@dataclass(frozen=True)
class Feed:
    """The next bytes of a live job's audio.

    Attributes:
        job_id: The job.
        data: The bytes; may be empty.
        received: When they came in, on the monotonic clock that both processes share.
        last: Whether nothing follows.
    """

    job_id: int
    data: bytes
    received: float
    last: bool


@dataclass(frozen=True)
class Taken:
    """The job has read so many bytes more of what it was fed; that much may be fed again."""

    job_id: int
    byte_count: int

    def __post_init__(self) -> None:
        _check_counts(self.byte_count)


@dataclass(frozen=True)
class Cancel:
    """Asks the worker to give up a job at its next checkpoint."""

    job_id: int


@dataclass(frozen=True)
class Ready:
    """The worker can take jobs.

    Attributes:
        pid: Its process id.
        rss_bytes: Its resident memory.
        note: What it loaded, or what it could not load and why.
        problem: Why it could not load what it loads at start, where that is something to be told; calls that want the
            same fail alike, and others do not.
        sandbox: What keeps it; see :func:`chassis.worker.sandbox.enter.enter`.
        loads: Models that it loaded, and how long that took.
    """

    pid: int
    rss_bytes: int
    note: str
    problem: AntiphonError | None = None
    sandbox: str = ""
    loads: tuple[LoadReport, ...] = ()

    def __post_init__(self) -> None:
        _check_counts(self.pid, self.rss_bytes)


@dataclass(frozen=True)
class Event:
    """One thing that a job yielded."""

    job_id: int
    payload: Any


@dataclass(frozen=True)
class Ended:
    """The end of a job: clean, cancelled, failed with an error for the caller, or with a fault of ours.

    ``loads`` are the models that were loaded since the worker last said so.
    """

    job_id: int
    rss_bytes: int
    cpu_seconds: float
    cancelled: bool = False
    error: AntiphonError | None = None
    fault: str = ""
    loads: tuple[LoadReport, ...] = ()

    def raise_what_went_wrong(self) -> None:
        """Raises what the job ended with, if it did not end well."""
        if self.error is not None:
            raise self.error
        if self.fault:
            raise WorkerFaultError(self.fault)

    def __post_init__(self) -> None:
        _check_counts(self.rss_bytes, self.cpu_seconds)


def _check_counts(*counts: float) -> None:
    """Raises ValueError for a count below nothing or without an end, which would make the service's own sums wrong."""
    if not all(0 <= count < math.inf for count in counts):
        raise ValueError(f"a worker counts {counts}")
