"""The deployment files, parsed, and what their settings may be."""

from __future__ import annotations

import dataclasses
import importlib
import re
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"


def _settings(module: ModuleType, prefix: str) -> dict[str, str]:
    """Default by variable, for each settings dataclass that a module defines."""
    describe = importlib.import_module("chassis.settings").describe
    classes = [value for value in vars(module).values() if isinstance(value, type) and dataclasses.is_dataclass(value)]
    return {row[0]: row[1] for each in classes if each.__module__ == module.__name__ for row in describe(each, prefix)}


@pytest.fixture(scope="session")
def compose() -> dict[str, Any]:
    """``compose.yaml``, its anchors and merges resolved."""
    return yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))  # type: ignore[no-any-return]


@pytest.fixture(scope="session")
def rocm() -> dict[str, Any]:
    """``compose.rocm.yaml``, which holds only what differs."""
    return yaml.safe_load((DEPLOY / "compose.rocm.yaml").read_text(encoding="utf-8"))  # type: ignore[no-any-return]


@pytest.fixture(scope="session")
def dockerfile() -> list[tuple[str, str, str]]:
    """The Dockerfile as (stage, instruction, arguments), continued lines joined and comments dropped."""
    text = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    lines = re.sub(r"\\\n", " ", "\n".join(line for line in text.splitlines() if not line.startswith("#"))).splitlines()
    instructions, stage = [], ""
    for line in (line.strip() for line in lines if line.strip()):
        name, _, arguments = line.partition(" ")
        if name == "FROM":
            stage = arguments.rpartition(" AS ")[2]
        instructions.append((stage, name, " ".join(arguments.split())))
    return instructions


@pytest.fixture(scope="session")
def image_variables(dockerfile: list[tuple[str, str, str]]) -> set[str]:
    """Variables that the image itself sets."""
    return {
        name
        for _, instruction, arguments in dockerfile
        if instruction == "ENV"
        for name in re.findall(r"(?:^| )(\w+)=", arguments)
    }


@pytest.fixture(scope="session")
def settings() -> dict[str, str]:
    """Every declared setting: its default (empty for none) by its variable."""
    families = sorted(path.parent.name for path in (ROOT / "services").glob("*/settings.py"))
    chassis = importlib.import_module("chassis.server.settings")
    declared = _settings(importlib.import_module("gateway.settings"), "GATEWAY") | _settings(chassis, "GATEWAY")
    for family in families:
        declared |= _settings(chassis, family.upper())
        declared |= _settings(importlib.import_module(f"services.{family}.settings"), family.upper())
    return declared
