"""The gateway as a process."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import grpc

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
