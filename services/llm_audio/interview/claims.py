"""What a text states that can be held against facts: tempi, keys, numbers, genres, instruments."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from services.llm_audio.contract import Claim, Fact
from services.llm_audio.interview import units
from services.llm_audio.interview.facts import Facts
from services.llm_audio.interview.subjects import key_is_another, subject_of
from services.llm_audio.interview.units import Unit
from services.llm_audio.interview.vocabulary import named

_NUMBER = r"\d+(?:,\d{3})*(?:\.\d+)?"
_TEMPO = re.compile(
    rf"(?P<before>{_NUMBER})[\s-]*(?:bpm|beats?\s+(?:per|a|each)\s+minute)\b"
    rf"|\b(?:tempo|bpm)[\s:=\"'*]+(?:(?:of|is|at|around|about|approximately|roughly)\s+)*(?P<after>{_NUMBER})(?![\d.]*\s*(?:%|[a-z]))",
    re.IGNORECASE,
)
# The letter is a capital; an "A" that is only an article before "major" or "minor" is told by what stands around it.
_KEY = re.compile(
    r"(?P<lead>\b(?:in|key|is|of)\s+(?:the\s+key\s+of\s+)?|:\s*)?"
    r"\b(?P<tonic>[A-G])(?P<sign>\s?[#♯b♭]|[\s-]?(?i:sharp|flat))?[\s-]+(?P<scale>(?i:major|minor|maj|min))\b"
    r"(?P<tail>\s+(?:key|scale|chord|tonality)\b|\s*[.,;:!?)\]\"']|\s*$)?"
)
_PLAIN = re.compile(
    rf"(?<![\w.,])[-−+]?(?:(?P<minutes>\d+):(?P<seconds>[0-5]\d(?:\.\d+)?)|(?P<number>{_NUMBER})(?:[\s-]?(?P<unit>{units.PATTERN}))?)",
    re.IGNORECASE,
)
# "the 80s" are years.
_DECADE = re.compile(r"[-−+]?\d+0s", re.IGNORECASE)
_WORDS = {
    word: value
    for value, word in enumerate(
        [
            "zero",
            "one",
            "two",
            "three",
            "four",
            "five",
            "six",
            "seven",
            "eight",
            "nine",
            "ten",
            "eleven",
            "twelve",
            "thirteen",
            "fourteen",
            "fifteen",
            "sixteen",
            "seventeen",
            "eighteen",
            "nineteen",
            "twenty",
        ]
    )
} | {
    word: 10 * value
    for value, word in enumerate(["thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"], 3)
}
# "one" is more often a pronoun than a count, and nothing is said to be zero.
_COUNTS = "|".join(sorted(set(_WORDS) - {"zero", "one"}, key=len, reverse=True))
_SPELLED = re.compile(
    rf"\b(?P<word>{_COUNTS})\b(?:[\s-](?P<unit>{units.PATTERN}))?",
    re.IGNORECASE,
)
_PITCH = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}


_NAMES = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")


@dataclass(frozen=True)
class Statement:
    """Something that a text states.

    Attributes:
        kind: One of CLAIM_KINDS.
        start: Where its words begin.
        end: Where they end.
        words: The words.
        spelling: The same in one spelling, so that two texts can be compared: whole beats a minute, ``C# minor``, the
            plain word of a genre or an instrument, the number with its unit.
        value: The number; None where it is none.
        tolerance: How far off the truth may be, by the decimals stated.
        unit: The unit of the number; None where none is stated.
    """

    kind: str
    start: int
    end: int
    words: str
    spelling: str
    value: float | None = None
    tolerance: float = 0.0
    unit: Unit | None = None


def statements(text: str) -> list[Statement]:
    """Finds what ``text`` states, in the order in which it is stated."""
    found: list[Statement] = []
    for match in _TEMPO.finditer(text):
        value, tolerance = _value(match["before"] or match["after"])
        found.append(
            Statement("tempo", *match.span(), match[0].strip(), f"{value:.0f}", value, tolerance, units.unit("bpm"))
        )
    for match in _KEY.finditer(text):
        if match["tonic"] == "A" and not match["sign"] and not (match["lead"] or match["tail"]):
            continue
        start, end = match.start("tonic"), match.end("scale")
        found.append(Statement("key", start, end, text[start:end], _key(match)))
    taken = [(each.start, each.end) for each in found]
    for each in _numbers(text):
        if not any(each.start < last and first < each.end for first, last in taken):
            found.append(each)
    for start, end, kind, word in named(text):
        found.append(Statement(kind, start, end, text[start:end], word))
    return sorted(found, key=lambda each: each.start)


def claims(text: str, facts: Facts) -> tuple[Claim, ...]:
    """Finds what ``text`` states, in the order in which it is stated, and which fact holds it.

    A number is held by a fact that gives it when rounded to the decimals stated, signs aside; in the unit stated, or in
    one that it can be turned into (3:45 by 225 s, 87 % by 0.87), where both have a unit. Numbers in facts that are text
    (a lyric, a decade) are held as they stand. Where the text says what the number is of, the unit must be one of
    that, and the fact one about it: a loudness range is no -16.8 LUFS, and no 21 %, a key no 120 BPM, and a tempo no
    C major. A tempo must be a tempo's, a key a key's, C# being Db. A genre or an instrument is held by a fact that
    names it.
    """
    return tuple(_judged(text, facts.shown))


def held(text: str, shown: Sequence[Fact]) -> bool:
    """Tells whether facts hold all that ``text`` states."""
    return all(claim.supported for claim in _judged(text, shown))


def _judged(text: str, shown: Sequence[Fact]) -> Iterator[Claim]:
    words = {(kind, word): fact.path for fact in reversed(shown) for _, _, kind, word in named(fact.text)}
    for each in statements(text):
        if each.kind in ("genre", "instrument"):
            path = words.get((each.kind, each.spelling), "")
        else:
            path = next((fact.path for fact in shown if _tells(fact, each, text) and _holds(fact, each)), "")
        symbol = "" if each.unit is None else each.unit.symbol
        yield Claim(each.kind, each.words, each.value, bool(path), path, symbol)


def _tells(fact: Fact, stated: Statement, text: str) -> bool:
    """Whether a fact is of what the text says the number of, which must be a thing that its unit measures."""
    if stated.kind == "key":
        return not key_is_another(text, stated.start)
    if stated.value is None:
        return True
    subject = subject_of(text, stated.start, stated.end)
    return subject is None or (subject.takes(stated.unit) and subject.is_of(fact))


def _numbers(text: str) -> Iterator[Statement]:
    for match in _PLAIN.finditer(text):
        unit: Unit | None = units.SECONDS
        if match["number"] is not None:
            unit = None if _DECADE.fullmatch(match[0]) else units.unit(match["unit"] or "")
            value, tolerance = _value(match["number"])
        else:
            seconds, tolerance = _value(match["seconds"])
            value = 60 * int(match["minutes"]) + seconds
        yield _number(match, value, tolerance, unit)
    for match in _SPELLED.finditer(text):
        yield _number(match, float(_WORDS[match["word"].lower()]), 0.5, units.unit(match["unit"] or ""))


def _number(match: re.Match[str], value: float, tolerance: float, unit: Unit | None) -> Statement:
    spelling = f"{value:g}" if unit is None else f"{value:g} {unit.symbol}"
    return Statement("number", *match.span(), match[0].strip(), spelling, value, tolerance, unit)


def _value(number: str) -> tuple[float, float]:
    """A number and half of its last decimal."""
    plain = number.replace(",", "")
    return float(plain), 0.5 * 10.0 ** -len(plain.partition(".")[2]) + 1e-9


def _holds(fact: Fact, stated: Statement) -> bool:
    if stated.kind == "key":
        given = _KEY.search(fact.text) if fact.kind == "key" else None
        return given is not None and _key(given) == stated.spelling
    if stated.kind == "tempo" and fact.kind != "tempo":
        return False
    if fact.kind == "key" or stated.value is None:
        return False
    if fact.value is not None:
        return _equal(stated, abs(fact.value), units.unit(fact.unit))
    return any(each.value is not None and _equal(stated, each.value, each.unit, 1e-9) for each in _numbers(fact.text))


def _equal(stated: Statement, known: float, unit: Unit | None, tolerance: float | None = None) -> bool:
    """Whether a number is that of a fact; where the fact is a text, to the letter and not to the decimals."""
    assert stated.value is not None
    allowed = stated.tolerance if tolerance is None else tolerance
    factor = units.factor(stated.unit, unit)
    if factor is None:
        return False
    if abs(known - stated.value * factor) <= allowed * factor:
        return True
    # 87 % of a share that says no unit.
    share = stated.unit is not None and stated.unit.measures == "share" and unit is None
    return share and abs(known - stated.value / 100) <= allowed / 100


def _key(match: re.Match[str]) -> str:
    return f"{_NAMES[_pitch(match)]} {'minor' if _mode(match) == 'min' else 'major'}"


def _pitch(match: re.Match[str]) -> int:
    sign = (match["sign"] or "").strip().strip("-").strip().lower()
    return (_PITCH[match["tonic"]] + {"": 0, "#": 1, "♯": 1, "sharp": 1}.get(sign, -1)) % 12


def _mode(match: re.Match[str]) -> str:
    return match["scale"].lower()[:3]
