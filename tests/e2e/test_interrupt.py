"""Ctrl-C of a command ends the work of its service, at the next step of the model and without a killed worker."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.e2e.conftest import ROOT, Stack
from tests.e2e.test_faults import cpu_seconds, service_pid, until, upload, workers

__all__ = ["upload"]

pytestmark = pytest.mark.e2e
BOUND_SECONDS = 10.0
"""The grace after which a worker that goes on would be killed; a step of the models here takes far less."""


def worker_rows(stack: Stack, service: str) -> list[dict[str, Any]]:
    document = json.loads(stack.antiphon("status", "--json").stdout)
    (row,) = (each for each in document["services"] if each["name"] == service)
    return [row[kind] for kind in ("workers", "live_workers") if row[kind] is not None]


def started(stack: Stack, folder: Path, arguments: list[str]) -> subprocess.Popen[str]:
    command = [str(ROOT / "antiphon"), *arguments, "song.wav"]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, cwd=folder, env=stack.environment, stdout=pipe, stderr=pipe, text=True)


@pytest.mark.parametrize(
    ("service", "arguments"),
    [("speech", ["transcribe", "--singing"]), ("separation", ["separate", "--clip-mode", "rescale", "--out", "stems"])],
)
async def test_an_interrupt_ends_the_work_and_no_worker_is_lost(
    stack: Stack, upload: bytes, tmp_path: Path, service: str, arguments: list[str]
) -> None:
    await until(lambda: stack.antiphon("status").returncode == 0)
    (tmp_path / "song.wav").write_bytes(upload)
    before = worker_rows(stack, service)
    there = workers(service_pid(stack, service))
    spent = cpu_seconds(there)
    process = started(stack, tmp_path, arguments)
    try:
        # The worker has computed for this song and not only been asked.
        await until(lambda: process.poll() is not None or cpu_seconds(there) - spent > 0.7)
        assert process.poll() is None, "it was done before it could be interrupted"
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=30)
    finally:
        process.kill()
    assert process.returncode == 130
    assert said.splitlines()[-1] == "antiphon: interrupted"
    assert os.listdir(tmp_path) == ["song.wav"], "nothing half done is left"
    await until(lambda: _idle(there), BOUND_SECONDS + 20)
    assert all(each.is_running() for each in there), "the worker that was cancelled is the one that serves on"
    assert [_losses(each) for each in worker_rows(stack, service)] == [_losses(each) for each in before]
    assert stack.antiphon("status").returncode == 0


def _idle(processes: list[psutil.Process]) -> bool:
    spent = cpu_seconds(processes)
    time.sleep(0.3)
    return cpu_seconds(processes) - spent < 0.05


def _losses(row: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(row[name] for name in sorted(row) if "restart" in name or "problem" in name)
