"""Jobs of a worker that misbehaves on demand; the process around them is the real one."""

from __future__ import annotations

import ctypes
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from antiphon_wire.errors import invalid, not_ready
from chassis.load_times import timed
from chassis.reports import ProgressReport
from tests.chassis.forged import FORGERIES


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
        with timed("the first"):
            return "warm"

    def load(self, task: Any, request: object) -> Iterator[object]:
        """Loads another model."""
        with timed("the second"):
            yield ProgressReport(fraction=0.0)

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

    def forge(self, task: Any, request: str) -> Iterator[object]:
        """Says of its job, past the code around it, what a worker that was taken over might say."""
        yield ProgressReport(fraction=0.0)
        task._channel._sock.sendall(FORGERIES[request](task._job_id))
        time.sleep(60)
