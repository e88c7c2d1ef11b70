"""The state file: who runs where, since when, and how often it was restarted."""

from __future__ import annotations

import contextlib
import dataclasses
import fcntl
import json
import os
import subprocess
import tempfile
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path


class Phase(StrEnum):
    """What a service is doing."""

    STARTING = "starting"
    READY = "ready"
    WAITING = "waiting to restart"
    FAILED = "failed"
    STOPPING = "stopping"
    STOPPED = "stopped"


@dataclass
class ServiceState:
    """One service as the supervisor sees it.

    Attributes:
        name: Its name.
        port: Its port on loopback.
        phase: What it is doing.
        pid: Process id; None where there is no process.
        birth: Start of the process as the kernel counts it, which tells it from a later one of the same pid.
        start_time: Seconds since 1970 at which the process was started; None where there is none.
        restarts: Times it was started again.
        problem: Why it failed or was restarted last, with the end of its log; empty where nothing happened.
        log: File of its output.
    """

    name: str
    port: int
    phase: Phase = Phase.STOPPED
    pid: int | None = None
    birth: str = ""
    start_time: float | None = None
    restarts: int = 0
    problem: str = ""
    log: str = ""


@dataclass
class StackState:
    """A supervisor and its services."""

    pid: int
    birth: str
    phase: Phase = Phase.STARTING
    services: list[ServiceState] = field(default_factory=list)

    def save(self, path: Path) -> None:
        """Writes the state so that a reader sees the old file or the new one, never a part."""
        write_atomically(path, json.dumps(dataclasses.asdict(self), indent=2))

    @classmethod
    def load(cls, path: Path) -> StackState | None:
        """Reads the state; None where there is none, or none that this version can read."""
        try:
            document = json.loads(path.read_text())
            services = [ServiceState(**{**entry, "phase": Phase(entry["phase"])}) for entry in document["services"]]
            return cls(document["pid"], document["birth"], Phase(document["phase"]), services)
        except (OSError, ValueError, KeyError, TypeError):
            return None

    @property
    def alive(self) -> bool:
        """Whether the supervisor that wrote this still runs."""
        return is_same_process(self.pid, self.birth)


class Lock:
    """Held by one supervisor of a folder; the kernel frees it however the holder ends."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None

    def acquire(self) -> bool:
        """Takes the lock; False where somebody has it."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(descriptor)
            return False
        self._descriptor = descriptor
        return True

    def release(self) -> None:
        """Gives the lock back; does nothing where it is not held."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def is_held(path: Path) -> bool:
    """Tells whether a supervisor holds the lock."""
    if not path.exists():
        return False
    lock = Lock(path)
    free = lock.acquire()
    lock.release()
    return not free


def process_birth(pid: int) -> str:
    """When a process was started, in the kernel's own words; empty where no such process runs."""
    try:
        # The name in parentheses may hold anything; the fields after it are state, …, and start time as the 20th.
        fields = Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
        return "" if fields[0] in "ZX" else fields[19]
    except FileNotFoundError:
        if Path("/proc/self/stat").exists():
            return ""
    except (OSError, IndexError):
        return ""
    found = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return found.stdout.strip()


def is_same_process(pid: int | None, birth: str) -> bool:
    """Tells whether the process noted under this pid still runs, and not another one that was given its number."""
    return pid is not None and birth != "" and process_birth(pid) == birth


def write_atomically(path: Path, text: str) -> None:
    """Writes a file beside its place and moves it there; follows links, and writes into what is no regular file."""
    path = Path(os.path.realpath(path))
    if path.exists() and not path.is_file():
        path.write_text(text, encoding="utf-8")
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    mask = os.umask(0)
    os.umask(mask)
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            os.fchmod(descriptor, 0o666 & ~mask)
        os.replace(name, path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name)
        raise
