"""What a service manager that started the supervisor is told."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from antiphon_cli.stack.manager import tell_state, tell_stop
from antiphon_cli.stack.plan import Plan, Program
from antiphon_cli.stack.state import Phase, ServiceState, StackState
from antiphon_cli.stack.supervise import Supervisor


@pytest.fixture(params=["a file", "a name without one"])
def manager(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    address = str(tmp_path / "notify") if request.param == "a file" else f"@antiphon-{tmp_path.name}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(address.replace("@", "\0"))
        listening.setblocking(False)
        monkeypatch.setenv("NOTIFY_SOCKET", address)
        yield listening


def said(manager: socket.socket) -> list[str]:
    lines: list[str] = []
    try:
        while True:
            lines += manager.recv(4096).decode().splitlines()
    except BlockingIOError:
        return lines


def stack(phase: Phase, **services: Phase) -> StackState:
    state = StackState(1, "birth")
    state.phase = phase
    state.services = [ServiceState(name, 1) for name in services]
    for service in state.services:
        service.phase = services[service.name]
    return state


def test_the_start_is_over_when_all_are_ready(manager: socket.socket) -> None:
    tell_state(stack(Phase.STARTING, speech=Phase.READY, gateway=Phase.STARTING))
    assert said(manager) == ["STATUS=1 of 2 ready: gateway starting"]
    tell_state(stack(Phase.READY, speech=Phase.READY, gateway=Phase.READY))
    assert said(manager) == ["STATUS=2 of 2 ready", "READY=1"]


def test_a_manager_that_does_not_listen_stops_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for address in (str(tmp_path / "nobody"), "@antiphon-nobody", "vsock:2:1", ""):
        monkeypatch.setenv("NOTIFY_SOCKET", address)
        tell_state(stack(Phase.READY, gateway=Phase.READY))
        tell_stop()


def test_a_failed_start_is_told_as_a_stop_and_never_as_ready(manager: socket.socket, tmp_path: Path) -> None:
    program = Program("gateway", ("/nonexistent/python",), 1)
    assert Supervisor(Plan((program,), tmp_path)).run() == 1
    lines = said(manager)
    assert "STOPPING=1" in lines
    assert "READY=1" not in lines
