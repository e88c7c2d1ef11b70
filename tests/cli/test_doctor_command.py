"""``antiphon doctor``: what its checks say of a machine, and how it ends."""

from __future__ import annotations

import errno
import json
import os
import socket
from pathlib import Path

import pytest
from click.testing import CliRunner

import antiphon_cli.doctor.checks as checks
from antiphon_cli.doctor import command, registry
from antiphon_cli.doctor.checks import clock, environments, models, ports, python, sandbox, spool, worker_sandboxes
from antiphon_cli.doctor.finding import Finding, Machine, State, fine, wrong
from antiphon_cli.services import BASE_PORT, GATEWAY, PORTS

NOTHING = Machine(None, {}, {})


def states(found: object) -> list[State]:
    return [each.state for each in found]  # type: ignore[attr-defined]


def test_every_module_of_checks_is_one() -> None:
    modules = {path.stem for path in Path(next(iter(checks.__path__))).glob("[!_]*.py")}
    assert modules == set(registry.CHECKS)


@pytest.mark.parametrize(("found", "code"), [([fine("a")], 0), ([fine("a"), wrong("b", "mend b")], 1)])
def test_it_ends_by_whether_something_is_wrong(
    monkeypatch: pytest.MonkeyPatch, found: list[Finding], code: int
) -> None:
    monkeypatch.setattr(command, "CHECKS", {"python": lambda machine: iter(found)})
    result = CliRunner().invoke(command.doctor, ["--json"], standalone_mode=False)
    assert result.return_value == code
    rows = json.loads(result.output)["findings"]
    assert [(row["check"], row["state"], row["remedy"]) for row in rows] == [
        ("python", str(each.state), each.remedy) for each in found
    ]
    plain = CliRunner().invoke(command.doctor, [], standalone_mode=False).output
    assert ("do: mend b" in plain) == (code == 1)


def test_an_interpreter_that_is_too_old_is_wrong() -> None:
    assert states(python.check(NOTHING, (3, 10))) == [State.WRONG]
    assert states(python.check(NOTHING, (3, 11))) == [State.FINE]


def test_an_environment_that_is_not_made_is_named_with_what_makes_it(tmp_path: Path) -> None:
    for name in PORTS:
        interpreter = tmp_path / ".venvs" / name / "bin" / "python"
        interpreter.parent.mkdir(parents=True)
        interpreter.touch()
        (tmp_path / ".venvs" / name / ".ready").touch()
    assert states(environments.check(Machine(tmp_path, {}, {}))) == [State.FINE]
    (tmp_path / ".venvs" / "speech" / "bin" / "python").unlink()
    (found,) = environments.check(Machine(tmp_path, {}, {}))
    assert found.remedy.endswith(".venvs/speech/.ready")
    assert found.what == "the environment speech is not made"
    assert states(environments.check(NOTHING)) == [State.NOT_KNOWN]


def test_an_environment_whose_making_was_broken_off_is_not_taken_for_one(tmp_path: Path) -> None:
    for name in PORTS:
        interpreter = tmp_path / ".venvs" / name / "bin" / "python"
        interpreter.parent.mkdir(parents=True)
        interpreter.touch()
        if name != "essentia":
            (tmp_path / ".venvs" / name / ".ready").touch()
    (found,) = environments.check(Machine(tmp_path, {}, {}))
    assert (found.state, found.what) == (State.WRONG, "the environment essentia is not finished")
    assert found.remedy == f"make -C {tmp_path} .venvs/essentia/.ready"


def test_starter_models_that_are_missing_are_named() -> None:
    rows = [{"model": "a", "starter": True, "installed": True}, {"model": "b", "starter": False, "installed": False}]
    assert states(models.judge(rows)) == [State.FINE]
    (found,) = models.judge([*rows, {"model": "c", "starter": True, "installed": False}])
    assert (found.state, found.remedy) == (State.WRONG, "antiphon models pull starter")
    assert "c" in found.what


def test_a_spool_where_anybody_may_remove_files_is_wrong_and_one_without_room_or_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spool, "LEAST_FREE_BYTES", 0)
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o777)
    machine = Machine(None, {"ANTIPHON_SPOOL_DIR": str(shared), "SPEECH_SPOOL_DIR": str(tmp_path / "absent")}, {})
    found = {each.what: each for each in spool.check(machine)}
    assert len(found) == 2
    assert sorted(each.remedy.split()[0] for each in found.values()) == ["chmod", "mkdir"]
    shared.chmod(0o1777)
    (tmp_path / "absent").mkdir()
    assert set(states(spool.check(machine))) == {State.FINE}
    monkeypatch.setattr(spool, "LEAST_FREE_BYTES", 1 << 60)
    assert set(states(spool.check(machine))) == {State.WRONG}


def test_a_port_that_somebody_else_has_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        taken = listener.getsockname()[1]
        monkeypatch.setattr(ports, "PORTS", {GATEWAY: BASE_PORT})
        (found,) = ports.check(Machine(None, {}, {}, taken))
        assert found.state is State.WRONG
        assert str(taken) in found.what
    (found,) = ports.check(Machine(None, {}, {}, taken))
    assert found.state is State.FINE
    assert found.what.startswith("the port of the service that does not run is free")
    assert states(ports.check(Machine(None, {}, {GATEWAY: taken}))) == [State.WRONG], "it runs and does not answer"


def test_the_ports_that_up_would_use_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    monkeypatch.setattr(ports, "port_problem", lambda port: asked.append(port) or "")
    (found,) = ports.check(Machine(None, {}, {}, 51050))
    assert asked == [51050, 51051, 51052, 51053, 51054, 51055]
    assert found.what == "the 6 ports of services that do not run are free, of 51050 to 51055"
    asked.clear()
    monkeypatch.setattr(command, "find_checkout", lambda environ: None)
    result = CliRunner().invoke(command.doctor, ["--check", "ports", "--base-port", "52050"], standalone_mode=False)
    assert (result.return_value, asked[0]) == (0, 52050)


def test_a_clock_before_the_installation_is_wrong() -> None:
    assert states(clock.check(NOTHING, 0.0)) == [State.WRONG]
    assert states(clock.check(NOTHING)) == [State.FINE]


@pytest.mark.parametrize(
    ("version", "has_seccomp", "wanted", "words"),
    [
        (7, True, [State.FINE, State.FINE], "Landlock 7"),
        (6, False, [State.FINE, State.WRONG], "libseccomp.so.2 is not installed"),
        (5, False, [State.WRONG, State.WRONG], "leaves signals open"),
        (3, False, [State.WRONG, State.WRONG], "leaves TCP and signals open"),
        (1, True, [State.FINE, State.FINE], "Landlock 1"),
        (-errno.ENOSYS, True, [State.WRONG, State.FINE], os.strerror(errno.ENOSYS)),
    ],
)
def test_what_the_system_offers_is_judged(version: int, has_seccomp: bool, wanted: list[State], words: str) -> None:
    found = list(sandbox.judge(version, has_seccomp))
    assert states(found) == wanted
    assert any(words in each.what for each in found)
    assert all(bool(each.remedy) == (each.state is State.WRONG) for each in found)


@pytest.mark.parametrize(
    ("told", "state"),
    [
        ("landlock 7 + seccomp", State.FINE),
        ("landlock 7 + seccomp; may run programs to compile", State.FINE),
        ("landlock 5; no seccomp: libseccomp.so.2 is not installed", State.WRONG),
        ("seccomp; no Landlock: Function not implemented", State.WRONG),
        ("none: switched off", State.WRONG),
    ],
)
def test_what_a_service_says_of_its_workers_is_judged(told: str, state: State) -> None:
    assert worker_sandboxes.judge("speech", told).state is state


def test_services_that_do_not_run_are_no_fault() -> None:
    assert states(worker_sandboxes.check(NOTHING)) == [State.NOT_KNOWN]
