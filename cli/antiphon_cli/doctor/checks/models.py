"""Whether the starter models are installed, by the model store's own program."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

from antiphon_cli.doctor.finding import Finding, Machine, fine, not_known, wrong
from antiphon_cli.project import environment_python, python_path
from antiphon_cli.services import GATEWAY
from antiphon_cli.terminal import counted

_SECONDS = 60.0


def check(machine: Machine) -> Iterator[Finding]:
    """Asks the store which models of the starter set it has."""
    if machine.root is None:
        yield not_known("this command is installed without a checkout, whose models could be looked for")
        return
    python = environment_python(machine.root, GATEWAY)
    command = [str(python) if python.exists() else sys.executable, "-P", "-m", "chassis.models", "--json", "list"]
    environment = {**machine.environ, "PYTHONPATH": python_path(machine.root)}
    try:
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=_SECONDS, check=True)
        yield from judge([json.loads(line) for line in done.stdout.splitlines()])
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        yield wrong(f"the model store cannot be asked: {type(error).__name__}", "antiphon models list")


def judge(rows: list[dict[str, Any]]) -> Iterator[Finding]:
    """Judges the rows that ``antiphon models list --json`` gives."""
    starters = [row for row in rows if row.get("starter")]
    missing = [row["model"] for row in starters if not row["installed"]]
    if missing:
        yield wrong(f"of the starter models {', '.join(missing)} are not installed", "antiphon models pull starter")
    else:
        yield fine(f"{counted(len(starters), 'starter model')} {'is' if len(starters) == 1 else 'are'} installed")
