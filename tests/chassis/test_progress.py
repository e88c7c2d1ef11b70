"""Whoever loads something names it; that it is being loaded is the phase, which clients put before the name."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from antiphon.evidence.v1.evidence_pb2 import Progress
from chassis import evidence
from chassis.reports import ProgressReport

ROOT = Path(__file__).parents[2]
MODULES = sorted(str(path.relative_to(ROOT)) for path in (ROOT / "services").rglob("*.py"))


def said_twice(tree: ast.Module) -> Iterator[int]:
    """Lines of ``ProgressReport(loading=True, step=…)`` whose step says itself that something is loading."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("ProgressReport"):
            given = {keyword.arg: keyword.value for keyword in node.keywords}
            if "loading" in given and "load" in "".join(
                str(part.value) for part in ast.walk(given.get("step", node.func)) if isinstance(part, ast.Constant)
            ):
                yield node.lineno


@pytest.mark.parametrize("module", MODULES)
def test_a_step_that_loads_is_the_name_of_what_is_loaded(module: str) -> None:
    assert list(said_twice(ast.parse((ROOT / module).read_text(encoding="utf-8")))) == []


def test_the_rule_sees_what_it_is_to_forbid() -> None:
    planted = 'ProgressReport(step=f"loading {name}", loading=True)\nProgressFacts(step=name, loading=True)\n'
    assert list(said_twice(ast.parse(planted))) == [1]


def test_a_model_that_is_loaded_is_a_phase_and_a_name_on_the_wire() -> None:
    message = evidence.progress(ProgressReport(step="musicnn-msd", loading=True))
    assert (message.phase, message.step) == (Progress.PHASE_LOADING, "musicnn-msd")
