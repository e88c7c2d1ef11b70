"""Jobs of a worker that was taken over: each tries what it should not be able to do, and tells what came of it."""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

DONE = "done"
_PTRACE_ATTACH = 16


class Jobs:
    """The one verb is an attempt by its name."""

    def __init__(self, settings: Any, models: Any) -> None:
        self._store = models

    def attempt(self, task: Any, request: tuple[str, Any]) -> Iterator[object]:
        """Yields DONE, what was read, or the name of the error."""
        name, value = request
        try:
            yield ATTEMPTS[name](value)
        except OSError as error:
            yield type(error).__name__

    def read_upload(self, task: Any, request: object) -> Iterator[object]:
        """Yields the channels and the samples of the upload, read twice."""
        shapes = [tuple(task.source.read().samples.shape) for _ in range(2)]
        yield shapes

    def variables(self, task: Any, request: object) -> Iterator[object]:
        """Yields the environment, and the descriptors that are open on anything but what it opened itself."""
        yield dict(os.environ)
        yield sorted(os.readlink(f"/proc/self/fd/{name}") for name in os.listdir("/proc/self/fd") if _is_open(name))


def _is_open(name: str) -> bool:
    return os.path.lexists(f"/proc/self/fd/{name}")


def _write(path: str) -> str:
    Path(path).write_text("taken over")
    return DONE


def _connect(port: int) -> str:
    with socket.create_connection(("127.0.0.1", port), timeout=5):
        return DONE


def _run(program: str) -> str:
    subprocess.run([program], check=True)
    return DONE


def _become(program: str) -> str:
    os.execv(program, [program])


def _fork(_: object) -> str:
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
    return DONE


def _trace(pid: int) -> str:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.ptrace(_PTRACE_ATTACH, pid, 0, 0):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return DONE


def _signal(pid: int) -> str:
    os.kill(pid, 0)
    return DONE


def _end(pid: int) -> str:
    os.kill(pid, signal.SIGSTOP)
    return DONE


def _scratch(_: object) -> str:
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "kept"
        made.write_text("mine")
        made.rename(made.with_name("moved"))
        assert made.with_name("moved").read_text() == "mine"
    return str(Path(folder).parent)


def _thread(_: object) -> str:
    """A thread that was started later is held by the same."""
    found: list[str] = []

    def look() -> None:
        try:
            found.append(_write("/tmp/antiphon-test-of-a-thread"))
        except OSError as error:
            found.append(type(error).__name__)

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    return found[0]


def _open_memory(pid: int) -> str:
    with Path(f"/proc/{pid}/mem").open("r+b"):
        return DONE


ATTEMPTS: dict[str, Callable[[Any], Any]] = {
    "read": lambda path: Path(path).read_bytes()[:40],
    "list": lambda path: sorted(os.listdir(path))[:3],
    "write": _write,
    "change the mode": lambda path: os.chmod(path, 0o777) or DONE,
    "link into the scratch folder": lambda path: os.link(path, Path(tempfile.gettempdir()) / "link") or DONE,
    "make a device": lambda path: os.mknod(Path(tempfile.gettempdir()) / "disk", 0o60600, os.makedev(254, 0)) or DONE,
    "open memory": _open_memory,
    "connect": _connect,
    "make a socket": lambda family: socket.socket(family).close() or DONE,
    "run": _run,
    "become": _become,
    "fork": _fork,
    "trace": _trace,
    "signal": _signal,
    "stop": _end,
    "scratch": _scratch,
    "thread": _thread,
}
