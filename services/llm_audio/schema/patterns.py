"""Patterns of a schema in a time that grows with the text alone: Python's own engine tries every way, for ever.

The engine is llguidance's, which makes automata while it reads: what cannot be one, such as looking ahead or referring
back, is refused.
"""

from __future__ import annotations

import functools
import re
from typing import Any

import llguidance

from services.llm_audio.schema.refusal import refused

MAX_CHARACTERS = 1_000
MAX_GROUPS = 20
"""Most groups within each other."""
MAX_REPEATS = 2_000
"""Most that a pattern may have to be written out, the counts of groups within groups multiplied."""

_TOKEN = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\{\d*(?:,\d*)?\}|.", re.DOTALL)


class Pattern:
    """One pattern.

    Args:
        text: A regular expression; ``^`` may begin it and ``$`` end it.
        path: Where it stands, for messages.

    Raises:
        AntiphonError: JSON_SCHEMA where it is too large, or none that can be matched in linear time.
    """

    def __init__(self, text: str, path: str = "") -> None:
        if len(text) > MAX_CHARACTERS:
            message = f"a pattern has {len(text)} characters; give at most {MAX_CHARACTERS}"
            raise refused(message, path, limit=MAX_CHARACTERS)
        tokens = _TOKEN.findall(text)
        begins, ends = tokens[:1] == ["^"], tokens[-1:] == ["$"]
        inner = tokens[begins : len(tokens) - ends]
        if "^" in inner or "$" in inner or ((begins or ends) and _splits(inner)):
            message = "a pattern has ^ at its beginning and $ at its end alone, around a group where it has choices"
            raise refused(f"{message}: ^(a|b)$", path)
        size = _size(inner, path)
        if size > MAX_REPEATS:
            message = f"a pattern writes out to {size} letters; give counts whose product is at most {MAX_REPEATS}"
            raise refused(message, path, limit=MAX_REPEATS)
        anything = "(?s:.*)"
        self._grammar = f"{'' if begins else anything}(?:{''.join(inner)}){'' if ends else anything}"
        if problem := self._matcher().get_error():
            raise refused(f"a pattern cannot be matched in linear time: {_first_line(problem)}", path)

    def search(self, text: str) -> bool:
        """Tells whether the pattern is found in a text; False too where the engine gives up."""
        matcher = self._matcher()
        letters = list(text.encode())
        return bool(matcher.try_consume_tokens(letters) == len(letters) and matcher.is_accepting())

    def _matcher(self) -> Any:
        grammar = llguidance.LLMatcher.grammar_from_regex(self._grammar)
        return llguidance.LLMatcher(_bytes(), grammar, log_level=0)


@functools.cache
def _bytes() -> Any:
    """A tokenizer whose tokens are the bytes."""
    return llguidance.LLTokenizer("byte")


def _first_line(problem: str) -> str:
    return (problem.splitlines() or [""])[0][-200:]


def _splits(tokens: list[str]) -> bool:
    """Tells whether there are choices outside of every group."""
    depth = 0
    for token in tokens:
        depth += (token == "(") - (token == ")")
        if token == "|" and depth == 0:
            return True
    return False


def _size(tokens: list[str], path: str) -> int:
    """Counts the letters that a pattern has once every count in it is written out."""
    sizes, last = [0], 0
    for token in tokens:
        if token == "(":
            sizes.append(0)
            last = 0
            if len(sizes) > MAX_GROUPS:
                raise refused(f"a pattern has groups nested deeper than {MAX_GROUPS}", path, limit=MAX_GROUPS)
        elif token == ")" and len(sizes) > 1:
            last = sizes.pop()
            sizes[-1] += last
        elif len(token) > 1 and token[0] == "{":
            times = max((int(each[:9]) for each in re.findall(r"\d+", token)), default=1)
            sizes[-1] += last * (max(times, 1) - 1)
            last *= max(times, 1)
        else:
            last = 1
            sizes[-1] += 1
    return sum(sizes)
