"""The alerts: checked and tried on series by promtool, one source for Kubernetes and for compose."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from deploy.checks.tool import Problem, Tool

PROMTOOL = Tool("promtool", "apt-get install prometheus", of_the_system=True)
RULES, TRIALS = Path("prometheus/alerts.yaml"), Path("prometheus/alerts.test.yaml")
OF_KUBERNETES = Path("kubernetes/components/monitoring/alerts.yaml")


def check_alerts(folder: Path) -> Iterator[str]:
    """Holds the rules against promtool and each other, and has them tried; tells what was checked, one by one.

    Raises:
        Absent: there is no promtool.
        Problem: a rule is wrong, a trial went otherwise, or the PrometheusRule says something else.
    """
    yaml: Any = importlib.import_module("yaml")
    if yaml.safe_load((folder / OF_KUBERNETES).read_text())["spec"] != yaml.safe_load((folder / RULES).read_text()):
        raise Problem(f"{OF_KUBERNETES}: its spec is not what {RULES} says")
    yield f"{OF_KUBERNETES}: says what {RULES} says"
    PROMTOOL.run(["check", "rules", str(folder / RULES)])
    PROMTOOL.run(["check", "config", str(folder / "prometheus" / "prometheus.yaml")])
    yield f"{RULES}: valid"
    PROMTOOL.run(["test", "rules", str(folder / TRIALS)])
    yield f"{TRIALS}: every alert fires when it is to, and not before"
