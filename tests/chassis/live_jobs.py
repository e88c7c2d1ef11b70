"""Live jobs that behave and misbehave on demand; the process around them is the real one."""

from __future__ import annotations

import ctypes
import os
import signal
import time
from collections.abc import Iterator
from typing import Any

from antiphon_wire.errors import invalid
from chassis.reports import ProgressReport, SourceReport, WorkReport
from services.speech.live.contract import Position, Reached
from tests.chassis.forged import TAKEN, frame, row


class Jobs:
    """Each verb is one way in which a live job can go; all of them share one process."""

    def __init__(self, settings: Any, models: Any) -> None:
        self._settings = settings
        self._order: list[str] = []
        self._met: set[str] = set()
        if settings == "die at start":
            os._exit(3)

    def warm_live(self) -> str:
        """Has nothing to load."""
        return "warm, live"

    def echo(self, task: Any, request: object) -> Iterator[object]:
        """Tells every piece as it comes, and how many bytes there were at the end."""
        count = 0
        while not task.ended:
            while (piece := task.take()) is not None:
                count += len(piece.data)
                yield f"{request}{piece.data.decode('latin1')[:20]}"
            if not task.closed:
                yield task.turn()
        source = SourceReport("raw", "pcm_s16le", 16000, 1)
        yield source, WorkReport("none", None, "cpu", "none"), count

    def forge(self, task: Any, request: object) -> Iterator[object]:
        """Says that it took a word of bytes, as a worker that was taken over might."""
        task._sessions._channel._sock.sendall(frame(row(TAKEN, task.job_id, "x")))
        yield task.turn()

    def urgent(self, task: Any, request: tuple[str, tuple[float, ...]]) -> Iterator[object]:
        """Meets another such job, then falls due at the times given; tells the order in which both worked."""
        name, moments = request
        while not task.ended:
            task.take()
            if not task.ended:
                yield task.turn()
        self._met.add(name)
        while len(self._met) < 2:
            yield task.turn(time.monotonic())
        for moment in moments:
            yield task.turn(moment)
            self._order.append(name)
        yield " ".join(self._order)

    def late(self, task: Any, request: tuple[float, ...]) -> Iterator[object]:
        """Tells how late it is, one more time for each piece it is fed."""
        for number, seconds in enumerate(request):
            while number and task.take() is None:
                yield task.turn()
            yield Reached(Position(float(number), seconds))
        while not task.ended:
            task.take()
            yield task.turn()

    def greedy(self, task: Any, request: object) -> Iterator[object]:
        """Never takes what it is fed."""
        yield "started"
        while True:
            time.sleep(0.005)
            yield task.turn(time.monotonic())

    def chatter(self, task: Any, request: int) -> Iterator[object]:
        """Tells ``request`` things that may be missed after each thing that may not."""
        for number in range(request):
            yield str(number)
            for each in range(request):
                yield Reached(Position(float(each), 0.0))
        while not task.ended:
            while task.take() is not None:
                pass
            if not task.ended:
                yield task.turn()

    def babble(self, task: Any, request: object) -> Iterator[object]:
        """Tells without end, in steps."""
        while True:
            yield "x" * 10_000
            task.checkpoint()
            yield task.turn(time.monotonic())

    def spin(self, task: Any, request: object) -> Iterator[object]:
        """Computes in steps without end, with a checkpoint in the middle of each."""
        yield "started"
        while True:
            deadline = time.monotonic() + 0.02
            while time.monotonic() < deadline:
                task.checkpoint()
            yield task.turn(time.monotonic())

    def refuse(self, task: Any, request: object) -> Iterator[object]:
        """Raises an error that is the caller's."""
        yield ProgressReport(step="looking")
        raise invalid("REFUSED", "this job refuses", field="config.model", value=7)

    def fail(self, task: Any, request: object) -> Iterator[object]:
        """Raises an error that is ours."""
        yield "started"
        raise KeyError("a secret of the inside")

    def die(self, task: Any, request: object) -> Iterator[object]:
        """Ends its process as a native crash does."""
        yield "started"
        os.kill(os.getpid(), signal.SIGSEGV)

    def hold(self, task: Any, request: object) -> Iterator[object]:
        """Hangs in a native call."""
        yield "started"
        ctypes.PyDLL(None).usleep(ctypes.c_uint(3_000_000_000))
