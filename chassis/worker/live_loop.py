"""The worker's side of live jobs: many at once in one thread, a step of one at a time, the most urgent first."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from antiphon_wire.errors import Cancelled
from chassis import load_times
from chassis.worker.messages import Cancel, Ended, Event, Feed, RunLive, Taken
from chassis.worker.outcome import outcome_of, rss_bytes


class Channel(Protocol):
    """The way to the service; see :class:`chassis.worker.child.Channel`."""

    def send(self, message: object) -> None:
        """Sends a message."""
        ...

    def receive(self) -> Any:
        """Waits for a message."""
        ...

    def pending(self) -> bool:
        """Tells whether a message waits."""
        ...


@dataclass(frozen=True)
class Turn:
    """What a live job yields to let the others work.

    Attributes:
        due: When its next step fell due, on the monotonic clock; None where it can do nothing without more audio.
    """

    due: float | None


@dataclass(frozen=True)
class FedBytes:
    """Bytes of a live stream with the time they came in, on the monotonic clock."""

    data: bytes
    received: float


class LiveTask:
    """One live job as its engine sees it.

    Its verb is a generator that yields events, and a :meth:`turn` after each step and whenever it wants more audio.

    Attributes:
        raw: How to read the bytes where they have no header; None for a container.
        limits: What the stream may cost.
        track: Which audio track of a container, from 0; None for the default one.
    """

    def __init__(self, run: RunLive, sessions: Sessions) -> None:
        self.job_id = run.job_id
        self.raw = run.job.raw
        self.limits = run.job.limits
        self.track = run.job.track
        self.unread: deque[FedBytes] = deque()
        self.closed = False
        self.cancelled = False
        self._sessions = sessions

    @property
    def ended(self) -> bool:
        """Whether everything has been fed and taken."""
        return self.closed and not self.unread

    def take(self) -> FedBytes | None:
        """The next bytes; None where there are none now. Never waits."""
        if not self.unread:
            return None
        piece = self.unread.popleft()
        self._sessions.tell_taken(self.job_id, len(piece.data))
        return piece

    def turn(self, due: float | None = None) -> Turn:
        """To be yielded: lets the other jobs work; see :class:`Turn`."""
        return Turn(due)

    def checkpoint(self) -> None:
        """Hears what the service has to say, to any job; to be called between model steps.

        Raises:
            Cancelled: this job was cancelled.
        """
        self._sessions.hear()
        if self.cancelled:
            raise Cancelled


@dataclass
class _Session:
    task: LiveTask
    steps: Iterator[object]
    due: float | None = None
    cpu_seconds: float = 0.0

    @property
    def hungry(self) -> bool:
        """It waits for audio and there is some, or it is to learn that there will be none."""
        return self.due is None and bool(self.task.unread or self.task.closed)


class Sessions:
    """Hosts the live jobs of one worker.

    Those that wait for audio and have it come first: taking it in is cheap and tells how urgent they are. Then the job
    whose step fell due first does that one step. So streams share the core fairly, and one that is sent faster than
    real time, whose steps fall due in the future, gets what the others leave.
    """

    def __init__(self, jobs: Any, channel: Channel) -> None:
        self._jobs = jobs
        self._channel = channel
        self._sessions: dict[int, _Session] = {}

    def serve(self) -> None:
        """Works for ever.

        Raises:
            EOFError: the service is gone.
        """
        while True:
            # With nothing to do it sleeps in the socket; with something to do it must not, for audio that comes in the
            # meantime may make another stream more urgent than the one at work.
            self.hear(wait=self._choose() is None)
            for session in [each for each in self._sessions.values() if each.task.cancelled]:
                self._end(session, Cancelled())
            chosen = self._choose()
            if chosen is not None:
                self._resume(chosen)

    def hear(self, wait: bool = False) -> None:
        """Takes every message that has come; waits for one if asked to."""
        while wait or self._channel.pending():
            wait = False
            message = self._channel.receive()
            if isinstance(message, RunLive):
                task = LiveTask(message, self)
                steps = iter(getattr(self._jobs, message.job.verb)(task, message.job.request))
                self._sessions[message.job_id] = _Session(task, steps, due=time.monotonic())
            elif isinstance(message, Feed) and message.job_id in self._sessions:
                task = self._sessions[message.job_id].task
                if message.data:
                    task.unread.append(FedBytes(message.data, message.received))
                task.closed = task.closed or message.last
            elif isinstance(message, Cancel) and message.job_id in self._sessions:
                self._sessions[message.job_id].task.cancelled = True

    def tell_taken(self, job_id: int, byte_count: int) -> None:
        """Lets the service feed a job that much more."""
        self._channel.send(Taken(job_id, byte_count))

    def _choose(self) -> _Session | None:
        sessions = self._sessions.values()
        hungry = next((each for each in sessions if each.hungry or each.task.cancelled), None)
        if hungry is not None:
            return hungry
        return min((each for each in sessions if each.due is not None), key=lambda each: each.due or 0.0, default=None)

    def _resume(self, session: _Session) -> None:
        """Runs a job up to its next turn."""
        started = time.process_time()
        try:
            for payload in session.steps:
                if isinstance(payload, Turn):
                    session.due = payload.due
                    session.cpu_seconds += time.process_time() - started
                    return
                self._channel.send(Event(session.task.job_id, payload))
            error: BaseException | None = None
        except (EOFError, ConnectionError):
            raise
        except (Exception, Cancelled) as raised:
            error = raised
        session.cpu_seconds += time.process_time() - started
        self._end(session, error)

    def _end(self, session: _Session, error: BaseException | None) -> None:
        del self._sessions[session.task.job_id]
        close = getattr(session.steps, "close", None)
        if close is not None:
            close()
        outcome = {} if error is None else outcome_of(error)
        loads = load_times.take()
        self._channel.send(Ended(session.task.job_id, rss_bytes(), session.cpu_seconds, loads=loads, **outcome))
