"""A server that cannot start ends with one line and a code that says whether trying again helps."""

from __future__ import annotations

import errno
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from antiphon_wire.exits import CANNOT_START
from chassis.family.family import Family
from chassis.family.host import FamilyHost
from chassis.server import Server, ServerSettings, WorkerSettings, serve
from chassis.server.refusal import CannotStartError, refusals
from chassis.settings import SettingError

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (SettingError("SPEECH_PORT='x'"), CANNOT_START),
        (CannotStartError("no device"), CANNOT_START),
        (OSError("cannot listen on 127.0.0.1:50052"), CANNOT_START),
        (PermissionError(errno.EACCES, "denied"), CANNOT_START),
        (OSError(errno.ENOSPC, "the disk is full"), 1),
        (OSError(errno.EMFILE, "too many files"), 1),
    ],
    ids=str,
)
def test_what_another_start_would_meet_again_has_a_code_of_its_own(
    error: Exception, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught, refusals():
        raise error
    assert caught.value.code == code
    assert capsys.readouterr().err == f"error: {error}\n"


def test_a_port_that_is_taken_and_a_bad_setting_end_a_process_with_that_code(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        for port, told in ((taken.getsockname()[1], "cannot listen on"), ("many", "GATEWAY_PORT='many'")):
            environment = os.environ | {"GATEWAY_PORT": str(port), "GATEWAY_SPOOL_DIR": str(tmp_path)}
            done = subprocess.run(
                [sys.executable, "-m", "gateway"], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60
            )
            assert done.returncode == CANNOT_START
            assert told in done.stderr.splitlines()[-1]
            assert "Traceback" not in done.stderr


@pytest.mark.parametrize("warm", [True, False], ids=["warm", "cold"])
async def test_a_device_that_is_not_there_ends_the_service_with_its_reason(
    warm: bool, tmp_path: Path, unused_tcp_port: int
) -> None:
    settings = ServerSettings(port=unused_tcp_port, spool_dir=tmp_path, lame_duck_seconds=0.0)
    family = Family("speech", "tests.chassis.jobs:Jobs", "no device", Path(__file__).parent / "empty_models.toml")
    host = FamilyHost(family, settings, WorkerSettings(models=tmp_path, warm=warm))
    server = Server("speech", settings)
    host.report_to(server)
    host.start()
    with pytest.raises(CannotStartError, match="DEVICE_NOT_AVAILABLE: there is no such device"):
        await serve(server, [host.close])
    assert host.pool.pids == []
