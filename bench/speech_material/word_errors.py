"""How far a transcript is from what was said."""

from __future__ import annotations

import difflib
import re
import unicodedata

NUMERALS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]


def word_errors(said: str, heard: str) -> int:
    """Words to change, add or leave out to make ``heard`` of ``said``; see :func:`words`."""
    wanted, given = words(said), words(heard)
    row = list(range(len(given) + 1))
    for i, word in enumerate(wanted, 1):
        diagonal, row[0] = row[0], i
        for j, other in enumerate(given, 1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (word != other))
    return row[-1]


def words(text: str) -> list[str]:
    """The words of ``text`` as they are compared: without case, punctuation, hyphens and accents.

    "2" is the English word two: Whisper writes either, and takes up what it wrote before.
    """
    plain = "".join(each for each in unicodedata.normalize("NFD", text.lower()) if not unicodedata.combining(each))
    found = re.findall(r"[^\W_]+(?:'[^\W_]+)*", re.sub(r"\bmr\b\.?", "mister", plain))
    return [NUMERALS[int(each)] if re.fullmatch("[0-9]|1[0-2]", each) else each for each in found]


def differences(said: str, heard: str) -> list[str]:
    """What was heard otherwise, each with the word before it: ``press [ two > too ]``."""
    wanted, given = words(said), words(heard)
    changes = difflib.SequenceMatcher(None, wanted, given, autojunk=False).get_opcodes()
    return [
        " ".join([*wanted[max(0, first - 1) : first], "[", *wanted[first:after], ">", *given[start:end], "]"])
        for kind, first, after, start, end in changes
        if kind != "equal"
    ]
