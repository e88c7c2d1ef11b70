"""The supervisor: starts all, tells how each fares, restarts what crashes, stops all in order."""

from __future__ import annotations

import logging
import os
import select
import signal
import sys
import time
from types import FrameType

from antiphon_cli.stack.child import Child, port_problem
from antiphon_cli.stack.logs import rotate
from antiphon_cli.stack.manager import tell_state, tell_stop
from antiphon_cli.stack.plan import Plan, Program
from antiphon_cli.stack.processes import Lock, process_birth
from antiphon_cli.stack.state import Phase, ServiceState, StackState

ALREADY_RUNNING = 4
_POLL_SECONDS = 0.1
_IDLE_SECONDS = 1.0

_log = logging.getLogger("antiphon.supervisor")


# One thread, and handlers that only note what came: everything else happens between two waits of the loop, so nothing
# here needs a lock. Python runs a handler between two instructions of that thread, and would run it inside a save.


class _Slot:
    """One service of the plan: its state, its process if any, and how often it crashed lately."""

    def __init__(self, program: Program, state: ServiceState) -> None:
        self.program = program
        self.state = state
        self.child: Child | None = None
        self.was_ready = False
        self.late = ""
        self.crashes = 0
        self.restart_at = 0.0


class Supervisor:
    """Runs a plan until it is told to stop by SIGTERM or SIGINT.

    A service that ends before it was ever ready ends the whole start: that is a mistake of the installation, and trying
    again would only hide it. One that was ready before is started again, for ever, after a growing delay, unless its
    exit code says that no start will help.
    """

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._lock = Lock(plan.lock_file)
        self._state = StackState(os.getpid(), process_birth(os.getpid()))
        self._slots = [_Slot(each, _state_of(each, plan)) for each in plan.programs]
        self._state.services = [slot.state for slot in self._slots]
        self._stop_signal = 0
        self._stop_count = 0

    @property
    def state(self) -> StackState:
        """How all fare."""
        return self._state

    def run(self) -> int:
        """Runs the plan; returns 0 after SIGTERM, 130 after SIGINT, 1 for a failed start, 4 where one runs already."""
        if not self._lock.acquire():
            return ALREADY_RUNNING
        logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stderr)
        # A signal that comes just before a wait must still end it: Python writes a byte to this pipe for each signal,
        # and the wait is for the pipe. A full pipe wakes as well as one byte does, so writing must not block.
        reader, writer = os.pipe()
        os.set_blocking(writer, False)
        previous = signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
        handlers = {number: signal.signal(number, self._on_signal) for number in (signal.SIGTERM, signal.SIGINT)}
        # Without a handler SIGCHLD writes nothing, and the end of a service would be seen only at the next wait's end.
        handlers[signal.SIGCHLD] = signal.signal(signal.SIGCHLD, lambda *_: None)
        try:
            if not self._start():
                return 1
            while not self._stop_signal:
                self._look_after()
                self._wait(reader)
            if self._state.phase is Phase.FAILED:
                return 1
            return 130 if self._stop_signal == signal.SIGINT else 0
        finally:
            self._stop(reader)
            signal.set_wakeup_fd(previous)
            for number, handler in handlers.items():
                signal.signal(number, handler)
            os.close(reader)
            os.close(writer)
            self._lock.release()

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        # The first one says how the program ends; one more while all are being stopped means: now.
        self._stop_signal = self._stop_signal or number
        self._stop_count += 1

    def _start(self) -> bool:
        self._save()
        problems = [(slot, slot.program.problem or _taken(slot.program)) for slot in self._slots]
        if any(problem for _, problem in problems):
            for slot, problem in problems:
                if problem:
                    slot.state.phase, slot.state.problem, slot.state.log = Phase.FAILED, problem, ""
                    _log.error("%s: cannot start: %s", slot.program.name, problem)
            self._state.phase = Phase.FAILED
            self._save()
            return False
        for slot in self._slots:
            self._launch(slot)
        self._save()
        return True

    def _launch(self, slot: _Slot) -> None:
        child = Child(slot.program, self._plan.service_log(slot.program.name))
        slot.child, slot.late = child, ""
        state = slot.state
        state.phase, state.pid, state.birth, state.start_time = Phase.STARTING, child.pid, child.birth, child.start_time
        _log.info("%s: started, pid %d, port %d", slot.program.name, child.pid, slot.program.port)

    def _look_after(self) -> None:
        before = [(slot.state.phase, slot.state.pid) for slot in self._slots]
        rotate(self._plan.log_file, self._plan.log_bytes)
        for slot in self._slots:
            if slot.child is not None:
                slot.child.rotate_log(self._plan.log_bytes)
            self._look_at(slot)
        phases = {slot.state.phase for slot in self._slots}
        if self._state.phase is not Phase.FAILED:
            self._state.phase = Phase.READY if phases == {Phase.READY} else Phase.STARTING
        if before != [(slot.state.phase, slot.state.pid) for slot in self._slots]:
            self._save()

    def _look_at(self, slot: _Slot) -> None:
        state, child = slot.state, slot.child
        if child is None:
            if state.phase is Phase.WAITING and time.monotonic() >= slot.restart_at:
                state.restarts += 1
                self._launch(slot)
            return
        if (ending := child.ended()) is not None:
            self._on_end(slot, child, ending)
        elif state.phase is Phase.STARTING and child.ready():
            state.phase, slot.was_ready = Phase.READY, True
            _log.info("%s: ready after %.1f s", slot.program.name, time.monotonic() - child.start_clock)
        elif state.phase is Phase.STARTING and time.monotonic() - child.start_clock > self._plan.start_seconds:
            # Its end is noticed like any other, at the next look; until then it is remembered why.
            child.kill()
            slot.late = f"was not ready after {self._plan.start_seconds:g} s"

    def _on_end(self, slot: _Slot, child: Child, ending: str) -> None:
        state, name = slot.state, slot.program.name
        ending = slot.late or ending
        tail = child.tail()
        refusal = "" if slot.late else child.refusal
        state.problem = refusal or (f"{ending}\n{tail}" if tail else f"{ending}, and wrote nothing")
        # No pid outlives its process in the state: whoever reads it might signal a stranger.
        slot.child, state.pid, state.birth, state.start_time = None, None, "", None
        _log.error("%s: %s", name, ending)
        now = time.monotonic()
        if now - child.start_clock > self._plan.steady_seconds:
            slot.crashes = 0
        if not slot.was_ready:
            state.phase = Phase.FAILED
            self._state.phase = Phase.FAILED
            self._stop_signal = self._stop_signal or signal.SIGTERM
        elif child.cannot_start:
            state.phase = Phase.FAILED
            it = "said: " if refusal else "it "
            state.problem = f"is not tried again, for another start would end alike; {it}{state.problem}"
            _log.error("%s: not tried again", name)
        else:
            # The power is bounded: a service that crashes for weeks must not make a number out of range.
            delay = min(self._plan.first_delay_seconds * 2 ** min(slot.crashes, 20), self._plan.last_delay_seconds)
            slot.crashes += 1
            slot.restart_at, state.phase = now + delay, Phase.WAITING
            _log.info("%s: is started again in %.1f s", name, delay)

    def _wait(self, reader: int) -> None:
        starting = any(slot.state.phase is Phase.STARTING for slot in self._slots)
        waits = [slot.restart_at - time.monotonic() for slot in self._slots if slot.state.phase is Phase.WAITING]
        longest = _POLL_SECONDS if starting else _IDLE_SECONDS
        self._pause(reader, max(0.0, min([longest, *waits])))

    @staticmethod
    def _pause(reader: int, seconds: float) -> None:
        """Waits, but wakes at once for a signal: each one writes a byte to the pipe."""
        if select.select([reader], [], [], seconds)[0]:
            os.read(reader, 4096)

    def _stop(self, reader: int) -> None:
        """Stops the gateway first, so that its calls still find the services, and then all services at once."""
        tell_stop()
        seen = self._stop_count
        running = [slot for slot in self._slots if slot.child is not None]
        for slots in (running[-1:], running[:-1]):
            deadline = time.monotonic() + self._plan.stop_seconds
            for slot in slots:
                if slot.child is not None:
                    slot.child.stop()
                    slot.state.phase = Phase.STOPPING
            self._save()
            while any(slot.child is not None for slot in slots):
                if time.monotonic() > deadline or self._stop_count > seen:
                    for slot in slots:
                        if slot.child is not None:
                            _log.error("%s: killed, did not stop", slot.program.name)
                            slot.child.kill()
                for slot in slots:
                    if slot.child is not None and (ending := slot.child.ended()) is not None:
                        _log.info("%s: %s", slot.program.name, ending)
                        slot.child, slot.state.pid, slot.state.birth = None, None, ""
                        slot.state.phase = Phase.STOPPED
                self._pause(reader, _POLL_SECONDS)
        if self._state.phase is not Phase.FAILED:
            self._state.phase = Phase.STOPPED
        self._save()

    def _save(self) -> None:
        self._state.save(self._plan.state_file)
        tell_state(self._state)


def _state_of(program: Program, plan: Plan) -> ServiceState:
    log = str(plan.service_log(program.name))
    return ServiceState(program.name, program.port, log=log, health_port=program.health_port)


def _taken(program: Program) -> str:
    ports = (program.port, program.health_port) if program.health_port else (program.port,)
    return next((problem for port in ports if (problem := port_problem(port))), "")
