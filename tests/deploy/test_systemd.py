"""The unit of a machine of its own, checked on the file and by systemd's own reader where there is one."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from antiphon_cli.stack.plan import Plan

UNIT = Path(__file__).resolve().parents[2] / "deploy" / "systemd" / "antiphon.service"
SETTINGS = [line for line in UNIT.read_text(encoding="utf-8").splitlines() if re.match(r"[A-Za-z]+=", line)]


def test_systemd_has_time_for_what_the_supervisor_gives_the_services() -> None:
    plan = Plan((), Path())
    # The gateway ends its calls first, and the services theirs after it.
    (stop,) = [line for line in SETTINGS if line.startswith("TimeoutStopSec=")]
    assert int(stop.partition("=")[2]) > 2 * plan.stop_seconds
    (command,) = [line for line in SETTINGS if line.startswith("ExecStart=")]
    (start,) = [line for line in SETTINGS if line.startswith("TimeoutStartSec=")]
    assert int(start.partition("=")[2]) > int(command.rpartition(" --wait ")[2])


def test_services_run_without_privileges() -> None:
    for wanted in (
        "User=antiphon",
        "CapabilityBoundingSet=",
        "NoNewPrivileges=yes",
        "ProtectSystem=strict",
        "UMask=0077",
    ):
        assert wanted in SETTINGS


def test_systemd_reads_every_line_of_it(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("there is no systemd here")
    # The checkout need not be in /opt where this runs.
    unit = tmp_path / UNIT.name
    unit.write_text(
        UNIT.read_text(encoding="utf-8").replace("/opt/antiphon/antiphon", shutil.which("true") or "/bin/true")
    )
    done = subprocess.run(["systemd-analyze", "verify", str(unit)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
