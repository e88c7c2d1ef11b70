"""Which process is which, and which of them holds a folder: the two things that a process id alone cannot say."""

from __future__ import annotations

import fcntl
import os
import subprocess
from pathlib import Path

from antiphon_cli.stack.logs import make_private_folder


class Lock:
    """Held by one supervisor of a folder; the kernel frees it however the holder ends."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None

    def acquire(self) -> bool:
        """Takes the lock; False where somebody has it."""
        make_private_folder(self._path.parent)
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            # With the descriptor closed on exec no service inherits the lock and holds it after the supervisor's death.
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
    """Returns when a process was started, in the kernel's own words; empty where no such process runs."""
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
