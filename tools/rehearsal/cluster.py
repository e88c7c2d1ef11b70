"""The processes of the rehearsal, and what befalls them."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path

from tools.rehearsal import network
from tools.rehearsal.callers import Analysis
from tools.rehearsal.network import GATEWAY, Names, Network, address, replica

HOSTS = 6
USUAL = 3
"""Replicas that there are when a scenario begins."""
AGE_SECONDS = 60.0
"""Age of a connection after which a replica has its clients connect anew; the default."""
READY_SECONDS = 60.0
START_SECONDS = 30.0
"""What the gateway is told that a replica takes to start."""
_SETTLE_SECONDS = 1.0


class Cluster:
    """A gateway with its callers, a name server, and replicas that come and go.

    Args:
        folder: For files that are of no use afterwards.
        logs: For what the processes write.
    """

    def __init__(self, folder: Path, logs: Path) -> None:
        self._folder, self._logs = folder, logs
        self.network = Network(HOSTS)
        self.names = Names(folder, logs / "names.log")
        self.replicas: dict[int, subprocess.Popen[bytes]] = {}
        self._leaving: list[subprocess.Popen[bytes]] = []
        self._spoilt: set[int] = set()
        self._age_seconds = AGE_SECONDS
        self._gateway = self._start(
            GATEWAY,
            "gateway",
            "gateway",
            GATEWAY_SERVICES="essentia",
            GATEWAY_ESSENTIA_TARGET=f"dns://{network.NETWORK}.2:53/{network.NAME}:{network.PORT}",
            GATEWAY_ESSENTIA_START_SECONDS=f"{START_SECONDS:g}",
        )
        self._callers = self._start(
            GATEWAY,
            "callers",
            "tools.rehearsal.callers",
            "127.0.0.1:50050",
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def settle(self, connection_age_seconds: float = AGE_SECONDS) -> None:
        """Has the usual replicas be there, named and ready, and no others, as if nothing had happened."""
        for process in self._leaving:
            process.kill()
            process.wait()
        self._leaving = []
        for number, process in list(self.replicas.items()):
            fit = number < USUAL and number not in self._spoilt and process.poll() is None
            if not fit or connection_age_seconds != self._age_seconds:
                self.end(number)
        self._spoilt, self._age_seconds = set(), connection_age_seconds
        self.start(*(number for number in range(USUAL) if number not in self.replicas))
        self.names.tell(range(USUAL))
        time.sleep(_SETTLE_SECONDS)

    def start(self, *numbers: int) -> None:
        """Starts replicas and waits until they are ready."""
        for number in numbers:
            self.begin(number)
        for number in numbers:
            self.await_ready(number)

    def begin(self, number: int) -> None:
        """Starts a replica."""
        host = replica(number)
        self.network.plug(host, "up")
        self.replicas[number] = self._start(
            host,
            host,
            "tools.rehearsal.replica",
            host,
            stdout=subprocess.PIPE,
            ESSENTIA_HOST=address(number),
            ESSENTIA_WORKER_COUNT="2",
            ESSENTIA_DRAIN_SECONDS="20",
            ESSENTIA_CONNECTION_AGE_SECONDS=f"{self._age_seconds:g}",
            ESSENTIA_MODELS=str(self._folder / "models"),
        )

    def await_ready(self, number: int) -> None:
        """Waits until a replica is ready.

        Raises:
            RuntimeError: it is not in time.
        """
        output = self.replicas[number].stdout
        assert output is not None
        if not select.select([output], [], [], READY_SECONDS)[0] or output.readline() != b"ready\n":
            raise RuntimeError(f"replica {number} did not start; see {self._logs / replica(number)}.log")

    def signal(self, number: int, what: signal.Signals) -> None:
        """Sends a signal to a replica's server."""
        self.replicas[number].send_signal(what)

    def dismiss(self, number: int) -> None:
        """Asks a replica to end, which it does once its calls have."""
        self.signal(number, signal.SIGTERM)
        self._leaving.append(self.replicas.pop(number))

    def refuse(self, number: int) -> None:
        """Has a replica say that it is not ready."""
        self.signal(number, signal.SIGUSR1)
        self._spoilt.add(number)

    def end(self, number: int) -> None:
        """Kills a replica, hung or not, and waits until it has ended."""
        process = self.replicas.pop(number)
        process.kill()
        process.wait()

    def begin_calls(self) -> None:
        """Has the callers ask."""
        self._command("begin")

    def end_calls(self) -> list[Analysis]:
        """Has the callers ask no more; gives what became of every analysis.

        Raises:
            RuntimeError: the callers have ended, or the gateway has.
        """
        self._command("end")
        assert self._callers.stdout is not None
        line = self._callers.stdout.readline()
        if not line or self._gateway.poll() is not None:
            raise RuntimeError(f"the gateway or its callers have ended; see {self._logs}")
        return [Analysis(**each) for each in json.loads(line)]

    def close(self) -> None:
        """Ends all processes."""
        for number in list(self.replicas):
            self.end(number)
        for process in (*self._leaving, self._callers, self._gateway, self.names.process):
            process.kill()
            process.wait()

    def _command(self, word: str) -> None:
        assert self._callers.stdin is not None
        self._callers.stdin.write(f"{word}\n".encode())
        self._callers.stdin.flush()

    def _start(
        self,
        host: str,
        log: str,
        module: str,
        *arguments: str,
        stdin: int | None = None,
        stdout: int | None = None,
        **settings: str,
    ) -> subprocess.Popen[bytes]:
        # Without the proxies of this machine, which grpc would ask for hosts that nobody else knows.
        kept: Iterable[str] = ("PATH", "PYTHONPATH", "LANG", "HOME")
        environment = {name: os.environ[name] for name in kept if name in os.environ}
        environment |= {"ANTIPHON_SPOOL_DIR": str(self._folder), "ANTIPHON_LOG_LEVEL": "WARNING", **settings}
        command = [sys.executable, "-m", module, *arguments]
        return network.start(host, command, self._logs / f"{log}.log", environment, stdin, stdout)
