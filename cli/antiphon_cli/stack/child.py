"""One supervised process: started on a leash, watched, stopped with all that it started."""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from antiphon_cli.stack import leash
from antiphon_cli.stack.health import HealthProbe
from antiphon_cli.stack.logs import open_log, rotate
from antiphon_cli.stack.plan import Program
from antiphon_cli.stack.processes import process_birth
from antiphon_wire.exits import CANNOT_START

TAIL_LINES = 15
_TAIL_BYTES = 16 << 10
_REFUSAL = "error: "
"""How the line begins with which a server of ours tells what it cannot start for."""


class Child:
    """A running service. It leads a process group, so that its worker processes go when it goes."""

    def __init__(self, program: Program, log: Path) -> None:
        self.program = program
        self.log = log
        self.start_time = time.time()
        self.start_clock = time.monotonic()
        self._probe = HealthProbe(program.health_port or program.port)
        with open_log(log) as output:
            self._log_start = output.seek(0, os.SEEK_END)
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", str(leash.__file__), str(os.getpid()), *program.command],
                cwd=program.folder,
                env={**os.environ, **program.environment},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C reaches the supervisor alone, which stops all in order
            )
        self.pid = self._process.pid
        self.birth = process_birth(self.pid)

    def ready(self) -> bool:
        """Asks its health check."""
        return self._probe.ask(timeout_seconds=0.5) == "SERVING"

    def ended(self) -> str | None:
        """Says how it ended; None while it runs. Whatever it left behind is killed."""
        if self._process.returncode is None:
            # Its group is killed before it is reaped: until then nobody else can be given its number.
            if os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
                return None
            self._signal_group(signal.SIGKILL)
            self._process.wait()
            self._probe.close()
        code = self._process.returncode
        if code is not None and code < 0:
            return f"was ended by {signal.Signals(-code).name}"
        return f"ended with exit code {code}"

    def rotate_log(self, most_bytes: int) -> None:
        """Puts its log aside where it has become larger than that."""
        if rotate(self.log, most_bytes):
            self._log_start = 0

    @property
    def cannot_start(self) -> bool:
        """Whether it ended with the code by which a service says that trying again is of no use."""
        return self._process.returncode == CANNOT_START

    @property
    def refusal(self) -> str:
        """The one line in which a service that cannot start has said why; empty where it has said none."""
        last = self.tail().rpartition("\n")[2]
        return last.removeprefix(_REFUSAL) if self.cannot_start and last.startswith(_REFUSAL) else ""

    def stop(self) -> None:
        """Asks it to finish its calls and end."""
        if self._process.returncode is None:
            # Not to the group: the service tells its workers itself, when their calls are done.
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGTERM)

    def kill(self) -> None:
        """Ends it and its workers at once."""
        if self._process.returncode is None:
            self._signal_group(signal.SIGKILL)

    def tail(self) -> str:
        """Returns the last lines that it wrote since it was started; empty where it wrote nothing."""
        with self.log.open("rb") as file:
            end = file.seek(0, os.SEEK_END)
            file.seek(max(self._log_start, end - _TAIL_BYTES))
            text = file.read().decode(errors="replace")
        return "\n".join(text.rstrip().splitlines()[-TAIL_LINES:])

    def _signal_group(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, number)


def port_problem(port: int) -> str:
    """Says why nobody can listen at a port of loopback; empty where one can.

    Asked beforehand because gRPC shares a port with whoever listens there already, without a word.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return f"port {port} is taken by another program; find it with: ss -ltnp 'sport = :{port}'"
            return f"port {port} cannot be used: {error.strerror}"
    return ""
