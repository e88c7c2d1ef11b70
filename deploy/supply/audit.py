"""Asks whether anything that a lock pins is known to be vulnerable. What could not be asked counts as a finding.

pip-audit passes over what the index's advisories do not know, and says all is well: behind a mirror without advisories
that is everything.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from deploy.checks.tool import Problem, Tool

PIP_AUDIT = Tool("pip-audit", "make check-deploy")


def ask(lock: Path) -> list[dict[str, Any]]:
    """Asks about every package of a lock; gives pip-audit's answers.

    Raises:
        Problem: pip-audit could not run.
    """
    program = PIP_AUDIT.find()
    if program is None:
        raise Problem(f"{PIP_AUDIT.program} is not installed; it comes with: {PIP_AUDIT.source}")
    command = [program, "--requirement", str(lock), "--disable-pip", "--require-hashes", "--format", "json"]
    ended = subprocess.run([*command, "--progress-spinner", "off"], capture_output=True, text=True, check=False)
    try:
        answers: list[dict[str, Any]] = json.loads(ended.stdout)["dependencies"]
    except (ValueError, KeyError) as error:
        said = ended.stderr.strip().splitlines()
        raise Problem(f"pip-audit gave no answer about {lock}: {said[-1] if said else 'nothing'}") from error
    return answers


def findings(environment: str, answers: list[dict[str, Any]]) -> Iterator[str]:
    """Tells what is vulnerable and what could not be audited, a sentence each."""
    unknown = [each["name"] for each in answers if "skip_reason" in each]
    if unknown:
        shown = ", ".join(unknown[:5]) + (" …" if len(unknown) > 5 else "")
        yield f"{environment}: {len(unknown)} of {len(answers)} packages could not be audited: {shown}"
    for each in answers:
        for bad in each.get("vulns", ()):
            fixed = ", ".join(bad.get("fix_versions", ())) or "no version"
            yield f"{environment}: {each['name']} {each['version']} has {bad['id']}, mended in {fixed}"
