"""Jobs of a worker that misbehaves on demand; the process around them is the real one."""

from __future__ import annotations

import ctypes
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from antiphon_wire.errors import AntiphonError, invalid, not_ready
from chassis.reports import ProgressReport
from chassis.worker import pickling
from chassis.worker.messages import Cancel, Ended, Event, Ready


class Jobs:
    """Each verb is one way in which a job can go."""

    def __init__(self, settings: Any, models: Any) -> None:
        self._settings = settings
        if settings == "die at start":
            os._exit(3)

    def check_device(self) -> None:
        """Fails where the settings say so."""
        if self._settings == "no device":
            raise not_ready("DEVICE_NOT_AVAILABLE", "there is no such device", device="cuda")

    def warm(self) -> str:
        """Dies, or fails, where the settings say so."""
        if self._settings == "die while loading":
            os.kill(os.getpid(), signal.SIGSEGV)
        if self._settings == "damaged":
            raise not_ready("MODEL_CORRUPT", "tiny is damaged", model="tiny")
        if self._settings == "broken":
            raise KeyError("a secret of the inside")
        return "warm"

    def count(self, task: Any, request: int) -> Iterator[object]:
        """Yields ``request`` steps of progress."""
        for step in range(request):
            yield ProgressReport(fraction=(step + 1) / request)

    def refuse(self, task: Any, request: object) -> Iterator[object]:
        """Raises an error that is the caller's."""
        yield ProgressReport(fraction=0.0)
        raise invalid("REFUSED", "this job refuses", field="config.model", value=7)

    def fail(self, task: Any, request: object) -> Iterator[object]:
        """Raises an error that is ours."""
        yield ProgressReport(fraction=0.0)
        raise KeyError("a secret of the inside")

    def die(self, task: Any, request: object) -> Iterator[object]:
        """Ends its process as a native crash does."""
        yield ProgressReport(fraction=0.0)
        os.kill(os.getpid(), signal.SIGSEGV)

    def step(self, task: Any, request: float) -> Iterator[object]:
        """Computes for ever in steps with a checkpoint after each."""
        yield ProgressReport(fraction=0.0)
        while True:
            deadline = time.monotonic() + request
            while time.monotonic() < deadline:
                pass
            task.checkpoint()

    def hold(self, task: Any, request: object) -> Iterator[object]:
        """Holds the interpreter lock in one native call that never looks for a cancel; says so by a file first."""
        if isinstance(request, str):
            Path(request).touch()
        else:
            yield ProgressReport(fraction=0.0)
        ctypes.PyDLL(None).usleep(ctypes.c_uint(3_000_000_000))

    def flood(self, task: Any, request: int) -> Iterator[object]:
        """Yields ``request`` mebibytes."""
        for _ in range(request):
            yield bytes(1 << 20)

    def grow(self, task: Any, request: int) -> Iterator[object]:
        """Keeps ``request`` mebibytes for ever."""
        self._kept = os.urandom(request << 20)
        yield ProgressReport(fraction=1.0)

    def pid(self, task: Any, request: object) -> Iterator[object]:
        """Tells which process it is."""
        yield os.getpid()

    def hostile(self, task: Any, request: object) -> Iterator[object]:
        """Sends what a worker that was taken over would send."""
        yield _Hostile()

    def forge(self, task: Any, request: str) -> Iterator[object]:
        """Says of its job, past the code around it, what a worker that was taken over might say."""
        yield ProgressReport(fraction=0.0)
        forged = FORGERIES[request](task._job_id)
        sock = task._channel._sock
        sock.sendall(pickling.HEADER.pack(len(forged)) + forged if isinstance(forged, bytes) else pickling.pack(forged))
        time.sleep(60)


def _broken_error() -> AntiphonError:
    error = invalid("X", "y")
    error.message = 3  # type: ignore[assignment]
    return error


def _doubled() -> object:
    """Few bytes that are a thousand million parts where each is looked at each time."""
    made: list[object] = ["x"]
    for _ in range(40):
        made = [made, made]
    return made


def _chain(levels: int) -> bytes:
    """A class of ours whose state is another one, and so on: freeing it overflows the stack."""
    name = b"cchassis.worker.messages\nCancel\n"
    return name * levels + b"b" * (levels - 1) + b"."


FORGERIES: dict[str, Callable[[int], object]] = {
    "a size that is a word": lambda job: Ended(job, "x", 0.0),  # type: ignore[arg-type]
    "a size below nothing": lambda job: Ended(job, -1, 0.0),
    "a time that is no number": lambda job: Ended(job, 1, float("nan")),
    "an error that is none": lambda job: Ended(job, 1, 0.0, error="no"),  # type: ignore[arg-type]
    "an error with a number in its words": lambda job: Ended(job, 1, 0.0, error=_broken_error()),
    "a fault that is bytes": lambda job: Ended(job, 1, 0.0, fault=b"x"),  # type: ignore[arg-type]
    "the end of another job": lambda job: Ended(job + 1, 1, 0.0),
    "a second beginning": lambda job: Ready(1, 1, ""),
    "no message": lambda job: ["Ended", job],
    "a message of the service": lambda job: Cancel(job),
    "progress that is a word": lambda job: Event(job, ProgressReport(fraction="x")),  # type: ignore[arg-type]
    "an index of a thousand million": lambda job: b"\x80\x05Nr\x00\xca\x9a;.",
    "a chain of states": lambda job: _chain(10_000),
    "a part without an end": lambda job: b"\x80\x05B\xff\xff\xff\x7f.",
    "a bare class": lambda job: b"\x80\x05\x8c\x17chassis.worker.messages\x8c\x05Ended\x93.",
}
"""Each kills its worker."""


class _Hostile:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, ("true",)
