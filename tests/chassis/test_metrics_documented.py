"""The page of metrics names those that there are, with their labels, and no others."""

from __future__ import annotations

import re
from pathlib import Path

import chassis.server.telemetry
import chassis.server.worker_metrics
import gateway.metrics

PAGE = Path(__file__).parents[2] / "docs" / "metrics.md"


def test_every_metric_stands_on_its_page_with_its_labels() -> None:
    modules = (chassis.server.telemetry, chassis.server.worker_metrics, gateway.metrics)
    there = {
        _name(each): tuple(each._labelnames)
        for module in modules
        for each in vars(module).values()
        if hasattr(each, "_labelnames")
    }
    told = {
        name: tuple(re.findall(r"`(\w+)`", labels))
        for name, labels in re.findall(r"^\| `(antiphon_\w+)` \|([^|]*)\|", PAGE.read_text(encoding="utf-8"), re.M)
    }
    assert told == there


def _name(metric: object) -> str:
    (described,) = metric.describe()  # type: ignore[attr-defined]
    return described.name + ("_total" if described.type == "counter" else "")
