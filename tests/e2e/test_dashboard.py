"""What Prometheus collects from the whole of Antiphon is what the dashboard shows and what the alerts are about."""

from __future__ import annotations

import json
import math
import os
import shutil
import socket
import subprocess
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.e2e.conftest import ROOT, Stack

DEPLOY = ROOT / "deploy"
DASHBOARD = json.loads((DEPLOY / "grafana" / "dashboards" / "antiphon.json").read_text(encoding="utf-8"))
QUERIES = [(panel["title"], target["expr"]) for panel in DASHBOARD["panels"] for target in panel["targets"]]
NEEDS_A_GPU = "Memory of GPUs"


class Prometheus:
    """A running Prometheus, asked over HTTP."""

    def __init__(self, port: int) -> None:
        self._base = f"http://127.0.0.1:{port}/api/v1/"

    def get(self, path: str, **parameters: str) -> Any:
        """The data of an answer."""
        with urllib.request.urlopen(f"{self._base}{path}?{urllib.parse.urlencode(parameters)}", timeout=10) as answer:
            return json.load(answer)["data"]

    def numbers(self, expression: str) -> list[float]:
        """What an expression gives just now, a number for each series."""
        # Grafana puts four scrapes there.
        found = self.get("query", query=expression.replace("$__rate_interval", "30s"))
        return [float(each["value"][1]) for each in found["result"]]

    def up(self) -> set[str]:
        """The services whose metrics it has had."""
        found = self.get("query", query="up == 1")
        return {each["metric"]["service"] for each in found["result"]}


@pytest.fixture(scope="module")
def prometheus(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    """Prometheus over the running stack, set up as the compose files have it, but every second."""
    program = shutil.which("prometheus")
    if program is None:
        said = "SKIPPED: prometheus is not installed; it comes with: apt-get install prometheus"
        assert os.environ.get("STRICT") != "1", said
        pytest.skip(said)
    folder = tmp_path_factory.mktemp("prometheus")
    config = yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yaml").read_text(encoding="utf-8"))
    config["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
    config["rule_files"] = [str(DEPLOY / "prometheus" / "alerts.yaml")]
    for each in config["scrape_configs"][0]["static_configs"]:
        each["targets"] = [f"127.0.0.1:{stack.metrics_port(each['labels']['service'])}"]
    (folder / "prometheus.yaml").write_text(yaml.safe_dump(config))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [program, f"--config.file={folder / 'prometheus.yaml'}", f"--storage.tsdb.path={folder / 'data'}"]
    with (folder / "log").open("w") as log:
        running = subprocess.Popen([*command, f"--web.listen-address=127.0.0.1:{port}"], stdout=log, stderr=log)
    each = Prometheus(port)
    try:
        services = {target["labels"]["service"] for target in config["scrape_configs"][0]["static_configs"]}
        _wait(lambda: each.up() == services, running, folder / "log")
        yield each
    finally:
        running.terminate()
        running.wait(30)


def _wait(reached: Any, running: subprocess.Popen[bytes], log: Path) -> None:
    ends = time.monotonic() + 120
    while True:
        assert running.poll() is None, log.read_text()
        try:
            if reached():
                return
        except OSError:
            pass  # it does not listen yet
        assert time.monotonic() < ends, log.read_text()
        time.sleep(0.2)


@pytest.fixture(scope="module")
def busy(stack: Stack, prometheus: Prometheus, tmp_path_factory: pytest.TempPathFactory) -> Prometheus:
    """The same after an analysis, and a recording that is none, have been through all of it twice."""
    folder = tmp_path_factory.mktemp("recordings")
    bad = folder / "bad.wav"
    bad.write_bytes(b"no recording " * 100)
    song = folder / "song.wav"
    subprocess.run(
        [str(ROOT / ".venvs/tools/bin/python"), "-c", _SONG, str(song)], cwd=ROOT, check=True, capture_output=True
    )
    for _ in range(2):
        analysed = stack.antiphon("analyze", "--gateway", stack.target("gateway"), str(song))
        assert analysed.returncode == 0, analysed.stdout + analysed.stderr
        refused = stack.antiphon("analyze", "--gateway", stack.target("gateway"), str(bad))
        assert refused.returncode != 0
        time.sleep(2.5)  # a scrape or two between them, for what is counted has to be seen to rise
    return prometheus


_SONG = """
import math, struct, sys, wave
with wave.open(sys.argv[1], "wb") as out:
    out.setnchannels(1), out.setsampwidth(2), out.setframerate(44100)
    out.writeframes(b"".join(
        struct.pack("<h", int(9000 * math.sin(2 * math.pi * 220 * n / 44100) * (n % 22050 < 11025)))
        for n in range(44100 * 5)
    ))
"""


@pytest.mark.parametrize(("title", "expression"), QUERIES, ids=[f"{title} {n}" for n, (title, _) in enumerate(QUERIES)])
def test_a_panel_shows_something(busy: Prometheus, title: str, expression: str) -> None:
    if title == NEEDS_A_GPU and not Path("/dev/kfd").exists():
        pytest.skip("there is no AMD GPU here")
    found = busy.numbers(expression)
    assert found, expression
    assert not all(math.isnan(number) for number in found), expression


def test_every_alert_can_be_evaluated_and_none_is_raised_by_a_healthy_stack(busy: Prometheus) -> None:
    (group,) = busy.get("rules")["groups"]
    assert group["rules"]
    assert [rule["name"] for rule in group["rules"] if rule["health"] != "ok" or rule["state"] == "firing"] == []
