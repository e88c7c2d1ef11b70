"""What a comparison of several models is asked for, and what it finds."""

from __future__ import annotations

import re
from dataclasses import dataclass

from antiphon_wire.errors import invalid
from services.llm_audio.contract.request import DescriptionRequest

MIN_SIDES, MAX_SIDES = 2, 4
COMPARED_KINDS = ("tempo", "key", "genre", "instrument")
"""Kinds of claims whose agreement is told; any other number means too many things."""

_NAME = re.compile(r"[A-Za-z0-9._-]{1,40}")

CANNOT = frozenset(
    [
        "AUDIO_MISSING",
        "CONTEXT_TOO_LONG",
        "DEVICE_NOT_AVAILABLE",
        "ENGINE_NOT_SERVED",
        "FACTS_MISSING",
        "LICENCE_REFUSED",
        "MODEL_NOT_INSTALLED",
        "NO_CHAT_TEMPLATE",
        "NO_DEFAULT_MODEL",
        "PROMPT_NEEDS_AUDIO",
        "PROMPT_NOT_BY_RULE",
        "SCHEMA_NOT_BY_RULE",
    ]
)
"""Reasons beside UNIMPLEMENTED for which a side does not do what was asked, while others may."""


def check_side_count(count: int) -> None:
    """Checks how many sides there are, which may be done before they are made.

    Raises:
        AntiphonError: SIDES_COUNT.
    """
    if not MIN_SIDES <= count <= MAX_SIDES:
        message = f"there are {count} sides; give {MIN_SIDES} to {MAX_SIDES}"
        raise invalid("SIDES_COUNT", message, field="config.sides", sides=count, limit=MAX_SIDES)


@dataclass(frozen=True)
class Side:
    """One of those compared: its name, and what it is asked; who answers may differ, and how tokens are chosen."""

    name: str
    request: DescriptionRequest


@dataclass(frozen=True)
class ComparisonRequest:
    """What is compared.

    Attributes:
        sides: MIN_SIDES to MAX_SIDES of unique names.
        side_by_side: Whether they answer at the same time.

    Raises:
        AntiphonError: SIDES_COUNT, SIDE_NAME, SIDE_REPEATED.
    """

    sides: tuple[Side, ...]
    side_by_side: bool = False

    def __post_init__(self) -> None:
        check_side_count(len(self.sides))
        names = [side.name for side in self.sides]
        for index, name in enumerate(names):
            field = f"config.sides[{index}].name"
            if _NAME.fullmatch(name) is None:
                message = f"a side is named {name!r}; give 1 to 40 letters, digits, dots, dashes and underscores"
                raise invalid("SIDE_NAME", message, field=field, side=name)
            if name in names[:index]:
                message = f"two sides are named {name!r}; give each a name of its own"
                raise invalid("SIDE_REPEATED", message, field=field, side=name)


@dataclass(frozen=True)
class Texts:
    """What one side wrote: a text for each prompt, in the order of the prompts."""

    side: str
    texts: tuple[str, ...]


@dataclass(frozen=True)
class JudgeRequest:
    """Texts of two or more sides about the same prompts, which are to be held against each other."""

    prompts: tuple[str, ...]
    sides: tuple[Texts, ...]


@dataclass(frozen=True)
class ClaimAgreement:
    """What two texts state of one kind (one of COMPARED_KINDS), each statement in one spelling, sorted."""

    kind: str
    both: tuple[str, ...]
    only_a: tuple[str, ...]
    only_b: tuple[str, ...]

    @property
    def agreement(self) -> float | None:
        """Share of what both state among all that is stated (Jaccard); None where neither states any."""
        stated = len(self.both) + len(self.only_a) + len(self.only_b)
        return len(self.both) / stated if stated else None


@dataclass(frozen=True)
class PromptAgreement:
    """How far two texts agree: to the letter, by chrF (0 to 100), by token F1 (0 to 1), by what they state."""

    prompt: str
    identical: bool
    chrf: float
    token_f1: float
    claims: tuple[ClaimAgreement, ...]


@dataclass(frozen=True)
class Agreement:
    """How far two sides agree: on each prompt, and by what they state in all."""

    a: str
    b: str
    prompts: tuple[PromptAgreement, ...]
    claims: tuple[ClaimAgreement, ...]

    @property
    def identical(self) -> bool:
        """Whether the texts of all prompts are equal to the letter."""
        return all(each.identical for each in self.prompts)

    @property
    def chrf(self) -> float:
        """chrF2, 0 to 100, the mean over the prompts."""
        return sum(each.chrf for each in self.prompts) / len(self.prompts)

    @property
    def token_f1(self) -> float:
        """Token F1, 0 to 1, the mean over the prompts."""
        return sum(each.token_f1 for each in self.prompts) / len(self.prompts)
