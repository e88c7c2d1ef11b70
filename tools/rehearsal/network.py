"""The hosts: network namespaces on one switch, reached by nobody else, and their name server."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import IO

NETWORK = "10.77.0"
NAME = "essentia.rehearsal.test"
GATEWAY, NAMES = "gateway", "names"
PORT = 50053
_FIRST_REPLICA = 11


def replica(number: int) -> str:
    """Gives the host of a replica, by its number from 0."""
    return f"r{number}"


def address(number: int) -> str:
    """Gives the address of a replica's host."""
    return f"{NETWORK}.{_FIRST_REPLICA + number}"


class Network:
    """A switch with a host for the gateway and its callers, one for the name server, and one for each replica.

    Args:
        replicas: How many hosts for replicas there are.
    """

    def __init__(self, replicas: int) -> None:
        _ip("netns", "add", "switch")
        _ip("-n", "switch", "link", "add", "switch", "type", "bridge")
        _ip("-n", "switch", "link", "set", "switch", "up")
        self._host(GATEWAY, f"{NETWORK}.1")
        self._host(NAMES, f"{NETWORK}.2")
        for number in range(replicas):
            self._host(replica(number), address(number))

    def _host(self, name: str, address: str) -> None:
        _ip("netns", "add", name)
        _ip("-n", "switch", "link", "add", f"to-{name}", "type", "veth", "peer", "name", "eth0", "netns", name)
        _ip("-n", "switch", "link", "set", f"to-{name}", "master", "switch", "up")
        _ip("-n", name, "address", "add", f"{address}/24", "dev", "eth0")
        for device in ("lo", "eth0"):
            _ip("-n", name, "link", "set", device, "up")

    def plug(self, host: str, state: str) -> None:
        """Has the cable of a host ``up`` or ``down``."""
        _ip("-n", "switch", "link", "set", f"to-{host}", state)


def start(
    host: str,
    command: Iterable[str],
    log: Path,
    environment: Mapping[str, str],
    stdin: int | None = None,
    stdout: int | IO[bytes] | None = None,
) -> subprocess.Popen[bytes]:
    """Starts a program on a host; its process is the program's own, so that signals reach that."""
    with log.open("ab") as stderr:
        return subprocess.Popen(
            ["nsenter", f"--net=/run/netns/{host}", *command],
            env=dict(environment),
            stdin=subprocess.DEVNULL if stdin is None else stdin,
            stdout=stderr if stdout is None else stdout,
            stderr=stderr,
        )


class Names:
    """The name server, which knows the replicas by one name, as a headless Service of Kubernetes does.

    Args:
        folder: For its files.
        log: What it writes.
    """

    def __init__(self, folder: Path, log: Path) -> None:
        self._hosts = folder / "hosts"
        self._hosts.touch()
        command = ["dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--pid-file=", "--user=root"]
        command += ["--no-resolv", "--no-hosts", f"--addn-hosts={self._hosts}", "--local=/test/", "--local-ttl=5"]
        command += [f"--listen-address={NETWORK}.2", "--bind-interfaces"]
        self.process = start(NAMES, command, log, os.environ)

    def tell(self, replicas: Iterable[int]) -> None:
        """Has the name stand for these replicas from now on."""
        lines = [f"{address(number)} {NAME}\n" for number in replicas]
        # Another file in its place, so that it is never read half written.
        new = self._hosts.with_suffix(".new")
        new.write_text("".join(lines))
        new.replace(self._hosts)
        self.process.send_signal(signal.SIGHUP)


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True)
