"""Text on several lines: how wide it is, where it may be broken, and put together again."""

from __future__ import annotations

import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from itertools import accumulate, pairwise

_NEVER_FIRST = "、。，．・：；？！…‥ー々ゝゞヽヾぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮ）」』】〉》〕］｝"
_NEVER_LAST = "（「『【〈《〔［｛"
_HANGUL = ((0x1100, 0x11FF), (0x3130, 0x318F), (0xA960, 0xA97F), (0xAC00, 0xD7FF), (0xFFA0, 0xFFDC))


class Ruler:
    """Measures and breaks one text, whose words have one space between them.

    It may be broken at a space, and between two characters of a script without spaces (Chinese, Japanese), but not
    where that would put closing punctuation first. Work grows with the text's length, not with its square.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._widths = [0, *accumulate(_width(character) for character in text)]
        self._breaks = [at for at in range(1, len(text)) if _may_break(text, at)] + [len(text)]
        self._ends = [self._widths[self._stripped(at)] for at in self._breaks]

    def width(self, begin: int, end: int) -> int:
        """Columns that ``text[begin:end]`` takes without the space at its end: a wide character two, an accent none."""
        return self._widths[self._stripped(end)] - self._widths[begin]

    def may_break(self, at: int) -> bool:
        """Whether a line may begin with the character at ``at``."""
        index = bisect_left(self._breaks, at)
        return index < len(self._breaks) and self._breaks[index] == at

    def reach(self, begin: int, max_columns: int, rows: int, enough: int) -> int:
        """Up to where the text from ``begin`` on fits into so many rows; what cannot be broken fits into one.

        It is not looked for beyond ``enough``, nor beyond the text.
        """
        for _ in range(rows):
            if begin >= min(enough, len(self._text)):
                break
            fitting = bisect_right(self._ends, self._widths[begin] + max_columns) - 1
            begin = self._breaks[max(fitting, bisect_right(self._breaks, begin))]
        return begin

    def rows(self, max_columns: int) -> list[str]:
        """The text on as few lines of ``max_columns`` as it needs."""
        begin, found = 0, []
        while begin < len(self._text):
            end = self.reach(begin, max_columns, 1, len(self._text))
            found.append(self._text[begin:end].rstrip(" "))
            begin = end
        return found

    def _stripped(self, at: int) -> int:
        return at - 1 if at and self._text[at - 1] == " " else at


def wrapped(text: str, max_columns: int) -> list[str]:
    """Text on as few lines of ``max_columns`` as it needs, the lines as even as may be."""
    ruler = Ruler(text)
    rows = ruler.rows(max_columns)
    if len(rows) < 2:
        return rows
    low, high = 1, max_columns
    while low < high:
        middle = (low + high) // 2
        if len(ruler.rows(middle)) <= len(rows):
            high = middle
        else:
            low = middle + 1
    return ruler.rows(low)


def joined(rows: Iterable[str]) -> str:
    """One line of several: with a space between them, but for scripts that have none."""
    kept = [row.strip() for row in rows if row.strip()]
    rest = [row if _spaceless(before[-1]) and _spaceless(row[0]) else f" {row}" for before, row in pairwise(kept)]
    return "".join([*kept[:1], *rest])


def _width(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _may_break(text: str, at: int) -> bool:
    before, after = text[at - 1], text[at]
    if before == " ":
        # Put together again, this space would be lost.
        return at > 1 and not (_spaceless(text[at - 2]) and _spaceless(after))
    return _spaceless(before) and _spaceless(after) and after not in _NEVER_FIRST and before not in _NEVER_LAST


def _spaceless(character: str) -> bool:
    wide = unicodedata.east_asian_width(character) in "WF" and unicodedata.category(character)[0] in "LNP"
    return wide and not any(first <= ord(character) <= last for first, last in _HANGUL)
