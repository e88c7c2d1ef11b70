"""The worker's side: becomes what it is told, runs one job at a time, looks for a cancel at each checkpoint."""

from __future__ import annotations

import ctypes
import importlib
import os
import select
import signal
import socket
import sys
import time
from pathlib import Path
from typing import Any

from antiphon_wire.errors import AntiphonError, Cancelled
from chassis import load_times
from chassis.worker import conversation, descriptors
from chassis.worker.frames import HEADER
from chassis.worker.live_loop import Sessions
from chassis.worker.memory_limit import set_limit
from chassis.worker.messages import Cancel, Ended, Event, Init, Ready, Run
from chassis.worker.outcome import outcome_of, rss_bytes
from chassis.worker.sandbox.enter import SandboxMissingError, enter

_PR_SET_PDEATHSIG = 1


class Channel:
    """Frames over the socket that the service handed down."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._listener = conversation.to_a_worker()

    def send(self, message: object) -> None:
        """Sends a message; blocks while the service is not reading, which is the back-pressure."""
        for frame in conversation.pack(message):
            self._sock.sendall(frame)

    def receive(self) -> Any:
        """Waits for a message.

        Raises:
            EOFError: the service is gone.
        """
        while True:
            size = self._listener.announced(self._exactly(HEADER.size))
            if (message := self._listener.add(self._exactly(size))) is not None:
                return message

    def pending(self) -> bool:
        """Tells whether a message waits."""
        return bool(select.select([self._sock], [], [], 0)[0])

    def _exactly(self, count: int) -> bytes:
        parts = bytearray()
        while len(parts) < count:
            part = self._sock.recv(count - len(parts))
            if not part:
                raise EOFError
            parts += part
        return bytes(parts)


class Task:
    """One job as its engine sees it.

    Args:
        run: What is asked.
        channel: The way to the service.
        upload: Descriptor of the uploaded audio; None for a call without.

    Attributes:
        source: The uploaded audio, a :class:`chassis.audio.Source` under the service's limits; None where the call has
            none.
    """

    def __init__(self, run: Run, channel: Channel, upload: int | None = None) -> None:
        from chassis.audio import Source
        from chassis.audio.opened import Opened

        self._job_id = run.job_id
        self._channel = channel
        job = run.job
        self.source: Source | None = None
        if upload is not None:
            self.source = Source(
                Opened(upload),
                raw=job.raw,
                limits=job.limits,
                start_seconds=job.start_seconds,
                end_seconds=job.end_seconds,
                checkpoint=self.checkpoint,
                track=job.track,
            )

    def checkpoint(self) -> None:
        """Gives the job up where the service no longer wants it.

        Raises:
            Cancelled: it was cancelled.
        """
        while self._channel.pending():
            message = self._channel.receive()
            if isinstance(message, Cancel) and message.job_id == self._job_id:
                raise Cancelled


def main() -> None:
    """Entry point of ``python -m chassis.worker.child FD FD``: the sockets for messages and for uploads."""
    _die_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C in a terminal reaches the group; the service decides
    channel = Channel(socket.socket(fileno=int(sys.argv[1])))
    uploads = socket.socket(fileno=int(sys.argv[2]))
    try:
        init = channel.receive()
        sandbox = enter(init.sandbox, init.jobs.partition(".")[0])
        jobs = _become(init)
        note, problem = _warm(jobs, init)
        channel.send(Ready(os.getpid(), rss_bytes(), note, problem, sandbox, load_times.take()))
        if init.live:
            Sessions(jobs, channel).serve()
        while True:
            message = channel.receive()
            if isinstance(message, Run):
                channel.send(_perform(jobs, message, channel, uploads))
    except SandboxMissingError as error:
        sys.exit(f"the sandbox is required and cannot be had: {error}")
    except (EOFError, ConnectionError):
        return


def _become(init: Init) -> Any:
    from chassis.models import Manifest, Store

    if init.memory_limit_bytes is not None:
        set_limit(init.memory_limit_bytes)
    module, _, name = init.jobs.partition(":")
    extra = Path(init.models_extra) if init.models_extra else None
    store = Store(Path(init.models_root), Manifest.load(Path(init.manifest), extra), init.licence_policy)
    return getattr(importlib.import_module(module), name)(init.settings, store)


def _warm(jobs: Any, init: Init) -> tuple[str, AntiphonError | None]:
    """Loads what is loaded at start; gives a note of it, and the error where it failed.

    That is no reason to die: one model that is damaged must not take the others of its family along.
    """
    warm = getattr(jobs, "warm_live" if init.live else "warm", None)
    try:
        # First, and always: whether the device that was asked for is there does not depend on what is installed.
        if (check_device := getattr(jobs, "check_device", None)) is not None:
            check_device()
        return (warm() or "") if init.warm and warm is not None else "", None
    except Exception as error:
        name, outcome = type(error).__name__, outcome_of(error)
    problem: AntiphonError | None = outcome.get("error")
    if problem is None:
        sys.stderr.write(f"loading at start failed: {outcome['fault']}\n")
        return f"nothing could be loaded: {name}; the log says where", None
    return f"nothing could be loaded: {problem}", problem


def _perform(jobs: Any, run: Run, channel: Channel, uploads: socket.socket) -> Ended:
    started = time.process_time()
    outcome: dict[str, Any] = {}
    upload: int | None = None
    try:
        if run.job.path is not None:
            upload = descriptors.take(uploads)
        task = Task(run, channel, upload)
        for payload in getattr(jobs, run.job.verb)(task, run.job.request):
            channel.send(Event(run.job_id, payload))
            task.checkpoint()
    except (EOFError, ConnectionError):
        raise
    except (Exception, Cancelled) as error:
        outcome = outcome_of(error)
    finally:
        if upload is not None:
            os.close(upload)
    return Ended(run.job_id, rss_bytes(), time.process_time() - started, loads=load_times.take(), **outcome)


def _die_with_parent() -> None:
    """A service that is killed takes its worker along; elsewhere than on Linux the closed socket does it later."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


if __name__ == "__main__":
    main()
