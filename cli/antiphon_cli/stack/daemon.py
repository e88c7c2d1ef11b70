"""The supervisor from outside: start it in the background, find it, stop it."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from antiphon_cli.stack.logs import open_log
from antiphon_cli.stack.plan import Plan
from antiphon_cli.stack.processes import is_held, is_same_process
from antiphon_cli.stack.state import Phase, StackState
from antiphon_cli.stack.supervise import ALREADY_RUNNING

_POLL_SECONDS = 0.05
_TAIL_LINES = 15


class StartError(Exception):
    """The services could not be started; the message says which and why."""


class AlreadyRunningError(StartError):
    """Another supervisor has the folder."""


def running(folder: Path) -> StackState | None:
    """Returns the state of the supervisor of a folder; None where none runs."""
    state = StackState.load(folder / "state.json")
    return state if state is not None and state.alive else None


def start(plan: Plan, on_change: Callable[[StackState], None]) -> StackState:
    """Starts a supervisor that outlives this process and waits until every service is ready.

    Args:
        plan: What to run.
        on_change: Called with each new state.

    Raises:
        AlreadyRunningError: one runs already.
        StartError: a service ended, or was not ready in time; all have been stopped again.
    """
    # Asked before the plan is written, so as not to overwrite that of the supervisor which runs. Two that ask at once
    # both go on; the lock lets one of the supervisors live, and the other's exit code says so.
    if is_held(plan.lock_file):
        raise AlreadyRunningError("already running")
    process = _spawn(plan)
    seen: StackState | None = None
    deadline = time.monotonic() + plan.start_seconds + plan.stop_seconds + 10
    try:
        while True:
            state = StackState.load(plan.state_file)
            # Until the new supervisor has written its first state, the file is that of the one before.
            if state is not None and state.pid == process.pid and state != seen:
                seen = state
                on_change(state)
                if state.phase is Phase.READY:
                    return state
            if (code := process.poll()) is not None:
                raise _failure(plan, process.pid, code)
            if time.monotonic() > deadline:
                raise StartError(f"not ready in time; see {plan.log_file}")
            time.sleep(_POLL_SECONDS)
    except BaseException:
        # Ctrl-C too: the supervisor has a session of its own and hears nothing of it.
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(plan.stop_seconds)
        raise


def stop(folder: Path, timeout_seconds: float) -> bool:
    """Asks the supervisor to stop and waits until it and its services are gone.

    The pid is signalled only while it is still the process that wrote the state.

    Returns:
        Whether one was running.

    Raises:
        TimeoutError: it is still there.
    """
    state = running(folder)
    if state is None:
        return False
    # It may end between the look and the signal. Its number is then free, but the kernel goes through all the others
    # before it gives it away again.
    with contextlib.suppress(ProcessLookupError):
        os.kill(state.pid, signal.SIGTERM)
    deadline = time.monotonic() + timeout_seconds
    while is_same_process(state.pid, state.birth):
        if time.monotonic() > deadline:
            raise TimeoutError(f"the supervisor (pid {state.pid}) still runs after {timeout_seconds:g} s")
        time.sleep(_POLL_SECONDS)
    return True


def _spawn(plan: Plan) -> subprocess.Popen[bytes]:
    path = plan.save()
    plan.log_file.unlink(missing_ok=True)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(part for part in sys.path if part)}
    with open_log(plan.log_file) as log:
        return subprocess.Popen(
            [sys.executable, "-P", "-m", "antiphon_cli.stack", str(path)],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # it outlives the terminal, and Ctrl-C there does not reach it
            cwd=plan.folder,
        )


def _failure(plan: Plan, pid: int, code: int) -> StartError:
    if code == ALREADY_RUNNING:
        return AlreadyRunningError("already running")
    state = StackState.load(plan.state_file)
    if state is not None and state.pid == pid and (problems := describe_failures(state)):
        return StartError(problems)
    tail = plan.log_file.read_text(errors="replace").splitlines()[-_TAIL_LINES:]
    return StartError("\n".join([f"the supervisor ended with exit code {code}", *tail]))


def describe_failures(state: StackState) -> str:
    """Names each failed service, what is wrong with it, and its log; empty where none failed."""
    return "\n".join(
        f"{service.name}: {service.problem}" + (f"\n  whole log: {service.log}" if service.log else "")
        for service in state.services
        if service.phase is Phase.FAILED
    )
