"""Mutated schemas are bounded and checked, or refused by name."""

from __future__ import annotations

from fuzz.targets import target
from fuzz.trial import attack


def test_whatever_comes_as_a_schema_is_accepted_or_refused() -> None:
    tally = attack(target("schema"), seed=1, inputs=500)
    assert 0 < tally.accepted < tally.inputs
