"""Where every rule is entered, so that each can be asked for a planted mistake."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tests.deploy.kubernetes.facts import Facts
from tests.deploy.kubernetes.objects import Objects

Rule = Callable[[Objects, Facts], Iterator[str]]

RULES: dict[str, Rule] = {}
"""Every rule by its name."""


def rule(check: Rule) -> Rule:
    """Enters a rule."""
    RULES[check.__name__] = check
    return check
