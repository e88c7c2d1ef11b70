"""What a text says a number of: a loudness range is told in LU, and no share of the energy is one."""

from __future__ import annotations

import re
from dataclasses import dataclass

from services.llm_audio.contract import Fact
from services.llm_audio.interview import units
from services.llm_audio.interview.units import Unit

_REACH = 48
"""Characters before a number in which it is looked for what the number is of."""
_BETWEEN = re.compile(r"[^\d.,;!?\n]*")
"""What may stand between the two: nothing that ends a clause, and no other number."""
_ANOTHER = re.compile(r"\b(?:and|but|with|while|has|have|contains?|for)\b", re.IGNORECASE)
"""Words after which something else is spoken of."""
_AFTER = re.compile(r"[\s-]*(?:of\s+)?(?:(?:the|its|a|all)\s+)?(?:integrated\s+|overall\s+|total\s+)?")


@dataclass(frozen=True)
class Subject:
    """A quantity.

    Attributes:
        measures: What its units measure; see :class:`Unit`.
        words: What it is called, a pattern.
    """

    measures: frozenset[str]
    words: str

    def takes(self, unit: Unit | None) -> bool:
        """Whether it can be told in a unit; a number without one may be in any."""
        return unit is None or unit.measures in self.measures

    def is_of(self, fact: Fact) -> bool:
        """Whether a fact tells of it: by its unit, or by its name where it has none."""
        unit = units.unit(fact.unit)
        if unit is not None:
            return unit.measures in self.measures
        return re.search(self.words, fact.label.replace("_", " "), re.IGNORECASE) is not None


_SUBJECTS = (
    # A longer name goes before one that is part of it.
    Subject(
        frozenset(["difference of loudness", "any level"]),
        r"\bloudness[\s_-]+range\b|\bdynamic[\s_-]+range\b|\brange\s+of\s+(?:the\s+)?loudness\b|\bLRA\b"
        r"|\b(?:var(?:ies|y|ying|iation)|chang(?:es|ing)|differs?)\s+in\s+loudness\b"
        r"|\bloudness\s+(?:var(?:ies|y|ying)|chang(?:es|ing)|differs?)\b",
    ),
    # A range by itself may be of anything, and in any unit but those of a level.
    Subject(frozenset(["difference of loudness", "any level", "frequency", "tempo", "time"]), r"\brange\b"),
    Subject(
        frozenset(["true peak", "level", "any level"]),
        r"\b(?:true[\s_-]+)?peak(?:[\s_-]+level)?\b|\bpeaks\s+at\b",
    ),
    Subject(frozenset(["loudness", "any level"]), r"\bloudness\b|\bvolume\b"),
    Subject(frozenset(["tempo"]), r"\btempo\b|\bbpm\b"),
    Subject(frozenset(["time"]), r"\bduration\b|\blength\b|\brunning[\s_-]+time\b|\blasts\b"),
    Subject(frozenset(["frequency"]), r"\bsampl(?:e|ing)[\s_-]+rate\b|\bfrequency\b|\bpitch\b"),
    Subject(frozenset(["share"]), r"\benergy\b|\bshare\b|\bpercentage\b"),
)
_KEY = re.compile(r"\bkey(?:\s+signature)?\s*(?:[:=]|is|of|at|was)\s*(?:the\s+)?\Z", re.IGNORECASE)
"""What says that a number is a key: it must stand right before it, for "in the key of C at 120 BPM" does not."""
_OF_ANOTHER = re.compile(
    r"\b(?P<name>tempo|bpm|loudness|volume|duration|length)\s*(?:[:=]|is|of|at|was)\s*(?:the\s+)?\Z", re.IGNORECASE
)
"""What says that a key is something else, right before it."""
_ANY = re.compile("|".join(f"(?P<s{index}>{each.words})" for index, each in enumerate(_SUBJECTS)), re.IGNORECASE)


KEY = Subject(frozenset(), r"\bkey\b")
"""A key, which is no number in any unit."""


def key_is_another(text: str, start: int) -> bool:
    """Tells whether ``text`` says of the key that begins at ``start`` that it is a tempo, a loudness or a length.

    >>> key_is_another("a tempo of C major", 11), key_is_another("a slow tempo in C major", 16)
    (True, False)
    """
    return _OF_ANOTHER.search(text, max(0, start - _REACH), start) is not None


def subject_of(text: str, start: int, end: int) -> Subject | None:
    """Finds what ``text`` says the number of that stands from ``start`` to ``end``; None where it does not say.

    >>> subject_of("a loudness range of 21 %", 20, 24).takes(units.unit("%"))
    False
    >>> subject_of("lasts 11 seconds, which is a share", 6, 16).takes(units.SECONDS)
    True
    >>> subject_of("a key of 120 BPM", 9, 16).takes(units.unit("BPM"))
    False
    """
    if _KEY.search(text, max(0, start - _REACH), start):
        return KEY
    found = None
    for match in _ANY.finditer(text, max(0, start - _REACH), start):
        if _BETWEEN.fullmatch(text, match.end(), start) and not _ANOTHER.search(text, match.end(), start):
            found = match
    if found is not None:
        return _named(found)
    skipped = _AFTER.match(text, end)
    assert skipped is not None  # it matches the empty text too
    after = _ANY.match(text, skipped.end())
    return None if after is None else _named(after)


def _named(match: re.Match[str]) -> Subject:
    assert match.lastgroup is not None
    return _SUBJECTS[int(match.lastgroup[1:])]
