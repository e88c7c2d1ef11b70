"""What a text states that can be held against facts: tempi, keys, numbers, genres, instruments."""

from __future__ import annotations

import re
from collections.abc import Iterator

from services.llm_audio.engine import Claim
from services.llm_audio.engines.asking.facts import Fact, Facts
from services.llm_audio.engines.asking.vocabulary import named

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
    rf"(?<![\w.,])[-−+]?(?:(?P<minutes>\d+):(?P<seconds>[0-5]\d(?:\.\d+)?)|(?P<number>{_NUMBER}))(?P<percent>\s?%|\s+per\s?cent\b)?"
)
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
_SPELLED = re.compile(
    rf"\b(?:{'|'.join(sorted(set(_WORDS) - {'zero', 'one'}, key=len, reverse=True))})\b", re.IGNORECASE
)
_PITCH = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}


def claims(text: str, facts: Facts) -> tuple[Claim, ...]:
    """What ``text`` states, in the order in which it is stated.

    A number is held by a fact that gives it when rounded to the decimals stated, signs aside; a percentage also by a
    share (87 % by 0.87), a clock time by seconds. Numbers in facts that are text (a lyric, a decade) are held as they
    stand. A tempo must be a tempo's, a key a key's, C# being Db. A genre or an instrument is held by a fact
    that names it.
    """
    found: list[tuple[int, Claim]] = []
    taken: list[tuple[int, int]] = []
    for match in _TEMPO.finditer(text):
        number = match["before"] or match["after"]
        found.append((match.start(), _number("tempo", match[0].strip(), number, facts, ("tempo",))))
        taken.append(match.span())
    for match in _KEY.finditer(text):
        if match["tonic"] == "A" and not match["sign"] and not (match["lead"] or match["tail"]):
            continue
        start, end = match.start("tonic"), match.end("scale")
        path = next((fact.path for fact in facts.shown if _same_key(match, fact)), "")
        found.append((start, Claim("key", text[start:end], None, bool(path), path)))
        taken.append((start, end))
    for start, end, number, percent in _plain_numbers(text):
        if not any(start < last and first < end for first, last in taken):
            words = text[start:end].strip()
            found.append((start, _number("number", words, number, facts, ("number", "tempo", "text"), percent)))
    known = {(kind, word): fact.path for fact in reversed(facts.shown) for _, _, kind, word in named(fact.text)}
    for start, end, kind, word in named(text):
        path = known.get((kind, word), "")
        found.append((start, Claim(kind, text[start:end], None, bool(path), path)))
    return tuple(claim for _, claim in sorted(found, key=lambda item: item[0]))


def _plain_numbers(text: str) -> Iterator[tuple[int, int, str, bool]]:
    """Yields (start, end, number, whether it is a percentage)."""
    for match in _PLAIN.finditer(text):
        number = match["number"]
        if number is None:
            number = f"{60 * int(match['minutes']) + float(match['seconds']):g}"
        yield match.start(), match.end(), number, bool(match["percent"])
    for match in _SPELLED.finditer(text):
        yield match.start(), match.end(), str(_WORDS[match[0].lower()]), False


def _number(kind: str, words: str, number: str, facts: Facts, kinds: tuple[str, ...], percent: bool = False) -> Claim:
    plain = number.replace(",", "")
    value, tolerance = float(plain), 0.5 * 10.0 ** -len(plain.partition(".")[2]) + 1e-9
    for fact in facts.shown:
        if fact.kind in kinds and _holds(fact, value, tolerance, percent):
            return Claim(kind, words, value, True, fact.path)
    return Claim(kind, words, value, False)


def _holds(fact: Fact, value: float, tolerance: float, percent: bool) -> bool:
    if fact.value is not None:
        near = abs(abs(fact.value) - value) <= tolerance
        return near or (percent and abs(abs(fact.value) - value / 100) <= tolerance / 100)
    return any(float(number.replace(",", "")) == value for _, _, number, _ in _plain_numbers(fact.text))


def _same_key(match: re.Match[str], fact: Fact) -> bool:
    if fact.kind != "key":
        return False
    stated = _KEY.search(fact.text)
    return stated is not None and _pitch(stated) == _pitch(match) and _mode(stated) == _mode(match)


def _pitch(match: re.Match[str]) -> int:
    sign = (match["sign"] or "").strip().strip("-").strip().lower()
    return (_PITCH[match["tonic"]] + {"": 0, "#": 1, "♯": 1, "sharp": 1}.get(sign, -1)) % 12


def _mode(match: re.Match[str]) -> str:
    return match["scale"].lower()[:3]
