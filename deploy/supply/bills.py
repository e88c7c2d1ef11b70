"""Makes a service's bill of materials, in CycloneDX: what its environment holds of its lock, with licences.

What tests put on top, and the installer itself, is in no image and in no bill. The same environment gives the same
bytes.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from deploy.checks.tool import Problem, Tool
from deploy.supply import locks

CYCLONEDX = Tool("cyclonedx-py", "make check-deploy")

Bill = dict[str, Any]


def make(name: str, python: Path, lock: Path) -> Bill:
    """Makes the bill of the environment of ``python``.

    Raises:
        Problem: a package of the lock is not in the environment.
    """
    printed = CYCLONEDX.run(["environment", "--output-reproducible", "--of", "JSON", str(python)])
    whole: Bill = json.loads(printed)
    wanted = locks.pinned(lock)
    kept = [each for each in whole["components"] if locks.normal(each["name"]) in wanted | locks.OF_THE_PLATFORM]
    if missing := wanted - {locks.normal(each["name"]) for each in kept}:
        raise Problem(f"{name}: {', '.join(sorted(missing))} of {lock} is not in its environment: make it anew")
    references = {each["bom-ref"] for each in kept}
    whole["components"] = sorted(kept, key=lambda each: locks.normal(each["name"]))
    whole["dependencies"] = [
        {**each, **({"dependsOn": on} if (on := sorted(references & set(each.get("dependsOn", ())))) else {})}
        for each in ({"ref": each["ref"], "dependsOn": each.get("dependsOn", ())} for each in whole["dependencies"])
        if each["ref"] in references
    ]
    whole["metadata"]["component"] = {"type": "application", "name": f"antiphon-{name}", "bom-ref": f"antiphon-{name}"}
    return whole


def written(bill: Bill) -> str:
    """Gives a bill as text, the same for the same."""
    return json.dumps(bill, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def licences(component: dict[str, Any]) -> tuple[str, ...]:
    """Gives what a component's metadata says of its licence: SPDX expressions, or the words that it has."""
    return tuple(
        str(each.get("expression") or each["license"].get("id") or each["license"].get("name"))
        for each in component.get("licenses", ())
    )
