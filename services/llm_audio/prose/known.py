"""What is known, by what it is for: which fact says the tempo, which names of a list are worth saying."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Sequence

from services.llm_audio.contract import Fact
from services.llm_audio.interview.claims import held

MOST_NAMES = 3
LEAST_SHARE = 0.5
"""Of the best one's score, what a name must have to be said beside it: those below are mostly wrong."""
_LONGEST_NAME = 40

_NOT, _NO_VOICE = ("no ", "non ", "not "), "instrumental"


class Known:
    """The facts of one recording.

    Args:
        facts: In their order: of several that say the same, the first counts.
    """

    def __init__(self, facts: Sequence[Fact]) -> None:
        self.facts = tuple(facts)

    def labelled(self, *labels: str) -> Fact | None:
        """Finds the fact that has one of these labels."""
        return next((fact for fact in self.facts if fact.label in labels), None)

    def number(self, kind: str, least: float, most: float, *labels: str) -> tuple[Fact, float] | None:
        """Finds a number of a kind in its range, with one of these labels where any are given."""
        for fact in self.facts:
            value = fact.value
            if fact.kind == kind and (not labels or fact.label in labels) and value is not None:
                return (fact, value) if math.isfinite(value) and least <= value <= most else None
        return None

    def holds(self, text: str) -> bool:
        """Tells whether the claims check would find nothing in a text that no fact holds."""
        return held(text, self.facts)


def names(fact: Fact | None) -> list[tuple[str, float]]:
    """Gives all that a list names, plainly spelt, each with its score, best first; a fact in words is a list of one."""
    if fact is None:
        return []
    rows = fact.items or ((fact.text, 1.0),)
    plain = ((" ".join(name.replace("_", " ").split()), score) for name, score in rows)
    return [(name, score) for name, score in plain if name and len(name) <= _LONGEST_NAME and math.isfinite(score)]


def best(fact: Fact | None, unfit: Collection[str] = ()) -> list[str]:
    """Gives the names worth saying: at most MOST_NAMES of at least LEAST_SHARE of the best score, none of them twice.

    What is said not to be is left out: a tagger that is asked whether a song is happy names both answers. So is what is
    ``unfit``, in lower case.
    """
    rows = [(name, score) for name, score in names(fact) if not denies(name) and name.lower() not in unfit]
    chosen: dict[str, str] = {}
    for name, score in rows:
        if score >= LEAST_SHARE * rows[0][1]:
            chosen.setdefault(name.lower().replace("-", " ").removesuffix("s"), name)
    return list(chosen.values())[:MOST_NAMES]


def denies(name: str) -> bool:
    """Tells whether a label says that something is not there, such as ``no vocals`` or ``instrumental``."""
    return name.lower().startswith(_NOT) or name.lower() == _NO_VOICE


def shorter(chosen: list[str]) -> Iterator[list[str]]:
    """Yields the names, then those without the last, and so on to the first alone."""
    yield from (chosen[:count] for count in range(len(chosen), 0, -1))
