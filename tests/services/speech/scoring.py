"""How far a transcript is from what was said."""

from __future__ import annotations

import re
import unicodedata


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
    """The words of ``text`` as they are compared: without case, punctuation, hyphens and accents."""
    plain = "".join(each for each in unicodedata.normalize("NFD", text.lower()) if not unicodedata.combining(each))
    return re.findall(r"[^\W_]+(?:'[^\W_]+)*", re.sub(r"\bmr\b\.?", "mister", plain))
