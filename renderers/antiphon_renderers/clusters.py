"""Where a text may be taken apart, by ICU: characters as readers see them, and the ends of lines.

A letter with its marks, a syllable with its vowel signs or an emoji of several parts is one cluster (Unicode's UAX 29).
Where a line may end is told by UAX 14, and within Thai, Lao, Khmer and Burmese, which have no spaces, by dictionaries.
"""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from icu4py.breakers import BaseBreaker

_LOCALE = "en"
"""Of no effect on clusters, and none on lines but for how strict Japanese is taken: as strict as it can be."""


def clusters(text: str) -> list[str]:
    """The clusters of a text; together they are the text."""
    from icu4py.breakers import CharacterBreaker

    # In plain ASCII each character is one; the only one of two, a carriage return and a line feed, is on no line.
    return list(text) if text.isascii() else list(CharacterBreaker(text, _LOCALE))


def cluster_starts(text: str) -> frozenset[int]:
    """The places in a text at which a cluster begins, and its end."""
    return frozenset((0, *accumulate(map(len, clusters(text)))))


def line_starts(text: str) -> list[int]:
    """The places behind the first at which a line may begin, in order, and the end of the text."""
    from icu4py.breakers import LineBreaker

    return _ends(LineBreaker(text, _LOCALE))


def continues(before: str, after: str) -> bool:
    """Whether ``after`` begins within the last cluster of ``before``."""
    if not before or not after or (before[-1].isascii() and after[0].isascii()):
        return False
    return len(before) not in cluster_starts(before + after)


def _ends(breaker: BaseBreaker) -> list[int]:
    return list(accumulate(len(part) for part in breaker))
