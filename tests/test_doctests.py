"""Examples in docstrings are true.

They stand in modules that need no model library, so that one environment runs them all.
"""

from __future__ import annotations

import doctest
import importlib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PLACES = {"wire": 1, "renderers": 1, "client": 1, "cli": 1, "chassis": 0, "gateway": 0, "services": 0, "tools": 0}
"""Folders that may hold examples, and how many of their names do not count for an import."""


def modules() -> list[str]:
    """Every module that has an example, by its import name."""
    found = []
    for folder, outside in PLACES.items():
        for path in sorted((ROOT / folder).rglob("*.py")):
            if ">>> " in path.read_text(encoding="utf-8"):
                parts = path.relative_to(ROOT).with_suffix("").parts[outside:]
                found.append(".".join(parts).removesuffix(".__init__"))
    return found


@pytest.mark.parametrize("name", modules())
def test_the_examples_of_a_module_are_true(name: str) -> None:
    failed, tried = doctest.testmod(importlib.import_module(name), optionflags=doctest.FAIL_FAST)
    assert tried > 0, f"{name} has '>>> ' in it, but no example that is found"
    assert failed == 0, f"{name}: an example gives something else, printed above"


def test_examples_are_found_in_every_layer_that_has_pure_functions() -> None:
    layers = {name.split(".")[0] for name in modules()}
    assert {"antiphon_wire", "antiphon_renderers", "chassis", "services", "tools"} <= layers
