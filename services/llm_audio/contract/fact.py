"""One thing that is known of a recording, as engines that write from facts are given it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Fact:
    """One thing that is known.

    Attributes:
        label: In words, such as ``tempo``.
        text: As it is told, with its unit.
        path: Where it stands in the JSON, such as ``essentia.features.rhythm.bpm``.
        kind: ``tempo``, ``key``, ``number`` or ``text``.
        value: The number; None for a key or text.
        unit: Its unit, such as ``LUFS``; empty where none is known.
        items: What a list names, each with its score, best first, also what ``text`` leaves out; lines of words, in
            their order. The score is 1 where nobody gave one. Empty for what is no list.
        doubt: Path of what says that most of those who were asked for it name something else; empty where nothing does.
    """

    label: str
    text: str
    path: str
    kind: str = "text"
    value: float | None = None
    unit: str = ""
    items: tuple[tuple[str, float], ...] = ()
    doubt: str = ""
