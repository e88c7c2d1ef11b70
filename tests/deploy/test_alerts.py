"""Alerts are about metrics that there are, are all tried, and each has its runbook."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import prometheus_client
import pytest
import yaml

from chassis.server import telemetry, worker_metrics
from gateway import metrics

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
OF_PROMETHEUS = {"up"}
OF_PROCESSES = {"process_max_fds", "process_start_time_seconds"}
"""What the library of metrics itself shows of a process."""


def read(name: str) -> Any:
    """A YAML file of deploy/prometheus."""
    return yaml.safe_load((DEPLOY / "prometheus" / name).read_text(encoding="utf-8"))


RULES = [rule for group in read("alerts.yaml")["groups"] for rule in group["rules"]]


def shown() -> set[str]:
    """Names of every series that a server shows."""
    assert all((telemetry.CALLS, worker_metrics.SLOTS, metrics))  # imported for the metrics that they enter
    families = list(prometheus_client.REGISTRY.collect())
    return {family.name for family in families} | {sample.name for family in families for sample in family.samples}


def names_in(expression: str) -> set[str]:
    """Names of the series that an expression asks for."""
    return set(re.findall(r"\b(?:antiphon_\w+|process_\w+|up)\b", expression))


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_an_alert_is_about_metrics_that_there_are(rule: dict[str, Any]) -> None:
    asked = names_in(rule["expr"])
    assert asked
    assert unknown(asked) == set()


def unknown(asked: set[str]) -> set[str]:
    """Those of the names that nothing shows. A series of a metric with labels is there when it is first set."""
    series = {f"{name}{end}" for name in shown() for end in ("", "_total", "_bucket", "_sum", "_count")}
    return asked - series - OF_PROMETHEUS - OF_PROCESSES


@pytest.mark.parametrize(
    "name",
    [
        "grafana/dashboards/antiphon.json",
        "prometheus/adapter.yaml",
        "kubernetes/components/hpa/families.yaml",
        "kubernetes/components/keda/families.yaml",
    ],
)
def test_what_is_shown_and_scaled_by_are_metrics_that_there_are(name: str) -> None:
    asked = set(re.findall(r"\bantiphon_\w+", (DEPLOY / name).read_text(encoding="utf-8")))
    assert asked
    assert unknown(asked) == set()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_an_alert_has_a_runbook(rule: dict[str, Any]) -> None:
    assert rule["annotations"]["runbook"] == f"deploy/runbooks.md#{rule['alert'].lower()}"
    text = (DEPLOY / "runbooks.md").read_text(encoding="utf-8")
    assert f"\n## {rule['alert']}\n" in text


def test_a_runbook_is_of_an_alert() -> None:
    headings = re.findall(r"^## (.+)$", (DEPLOY / "runbooks.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(headings) == sorted(rule["alert"] for rule in RULES)


def test_every_alert_was_tried_on_series() -> None:
    trials = [trial for test in read("alerts.test.yaml")["tests"] for trial in test["alert_rule_test"]]
    fired = {trial["alertname"] for trial in trials if trial.get("exp_alerts")}
    assert fired == {rule["alert"] for rule in RULES}


def test_metrics_are_collected_from_every_service_by_its_word() -> None:
    (job,) = read("prometheus.yaml")["scrape_configs"]
    words = {each["labels"]["service"]: each["targets"] for each in job["static_configs"]}
    families = {path.parent.name for path in DEPLOY.parent.glob("services/*/service.py")}
    assert words == {word: [f"{word}:9464"] for word in families | {"gateway"}}
