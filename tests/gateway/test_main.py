"""The gateway as a process."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import grpc
import pytest

from antiphon.analysis.v1 import analysis_service_pb2 as analysis_pb2
from antiphon.analysis.v1 import analysis_service_pb2_grpc as analysis_grpc
from antiphon_wire.exits import CANNOT_START
from gateway.__main__ import SERVICES

COMMAND = [sys.executable, "-m", "gateway"]


def test_the_process_serves_and_ends_on_sigterm(tmp_path: Path) -> None:
    environment = {"GATEWAY_PORT": "-1", "GATEWAY_SPOOL_DIR": str(tmp_path), "GATEWAY_LAME_DUCK_SECONDS": "0"}
    with subprocess.Popen(COMMAND, env=os.environ | environment, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            listening = next(found for line in process.stderr if (found := re.search(r"listens on (\S+:\d+)", line)))
            with grpc.insecure_channel(listening[1]) as channel:
                stub = analysis_grpc.AnalysisServiceStub(channel)
                answer = stub.ListServices(analysis_pb2.ListServicesRequest(), timeout=10)
            assert [status.service for status in answer.services] == list(SERVICES)
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=20)
        finally:
            process.kill()
    assert process.returncode == 0
    assert list(tmp_path.iterdir()) == []


def test_a_bad_setting_ends_the_process_with_its_name() -> None:
    environment = os.environ | {"GATEWAY_MAX_ATTEMPTS": "many"}
    done = subprocess.run(COMMAND, env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == CANNOT_START
    assert "GATEWAY_MAX_ATTEMPTS='many'" in done.stderr


@pytest.mark.parametrize("module", ["gateway", "services"])
def test_help_is_printed_from_the_checkout_whatever_the_import_path(module: str) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    root = Path(__file__).parents[2]
    command = [sys.executable, "-m", module, "--help"]
    done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    prefix = {"gateway": "GATEWAY", "services": "<SERVICE>"}[module]
    assert f"{prefix}_SPOOL_DIR" in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80
