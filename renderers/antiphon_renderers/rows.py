"""Text on several lines: how wide it is, where it may be broken, and put together again."""

from __future__ import annotations

import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from itertools import accumulate, pairwise, repeat

from antiphon_renderers.clusters import clusters, line_starts

_ZERO_WIDTH_SPACE = "\u200b"
_IDEOGRAPHIC_SPACE = "\u3000"
_JOINER, _EMOJI_STYLE = "\u200d", "\ufe0f"
_HANGUL = ((0x1100, 0x11FF), (0x3130, 0x318F), (0xA960, 0xA97F), (0xAC00, 0xD7FF), (0xFFA0, 0xFFDC))
_WITHOUT_SPACES = (
    *((0x0E01, 0x0E7F), (0x0E80, 0x0EFF), (0x0F00, 0x0FFF), (0x1000, 0x109F), (0x1780, 0x17FF), (0x1950, 0x19FF)),
    *((0x1A20, 0x1AAF), (0xA9E0, 0xA9FF), (0xAA60, 0xAADF)),
)
"""Thai, Lao, Tibetan, Burmese, Khmer, and the smaller scripts of their neighbours."""


class Ruler:
    """Measures and breaks one text.

    A line may begin where Unicode's rules say, so long as the rows put together again are the text: behind one space,
    and without a space in scripts that have none (Chinese, Japanese, Thai, Lao, Khmer, Burmese). Work grows with the
    text's length, not with its square.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._widths = [0, *accumulate(_widths(text))]
        self._legal = line_starts(text) or [0]
        self._breaks = [at for at in self._legal[:-1] if _is_kept(text, at)] + [len(text)]
        self._ends = [self._widths[self._stripped(at)] for at in self._breaks]

    def width(self, begin: int, end: int) -> int:
        """Columns that ``text[begin:end]`` takes without the space at its end: a wide character two, an accent none."""
        return self._widths[self._stripped(end)] - self._widths[begin]

    def may_break(self, at: int) -> bool:
        """Whether an entry may begin with the character at ``at``: behind a space, or by Unicode's rules."""
        index = bisect_left(self._legal, at)
        return self._text[at - 1 : at] == " " or (index < len(self._legal) and self._legal[index] == at)

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
    kept = [row.strip(" ") for row in rows if row.strip(" ")]
    rest = [row if _spaceless(before[-1]) and _spaceless(row[0]) else f" {row}" for before, row in pairwise(kept)]
    return "".join([*kept[:1], *rest])


def _widths(text: str) -> Iterator[int]:
    """The columns of each character, those of a cluster at its first: an emoji of several parts takes two."""
    for cluster in clusters(text):
        columns = sum(map(_width, cluster))
        if columns > 2 and (_width(cluster[0]) == 2 or _JOINER in cluster):
            columns = 2
        yield max(columns, 2) if _EMOJI_STYLE in cluster else columns
        yield from repeat(0, len(cluster) - 1)


def _width(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _is_kept(text: str, at: int) -> bool:
    """Whether two rows that are parted there are put together again as they were."""
    before, after = text[at - 1], text[at]
    if before == " ":
        # Put together again, this space would be lost.
        return at > 1 and text[at - 2] != " " and not (_spaceless(text[at - 2]) and _spaceless(after))
    return after != " " and _spaceless(before) and _spaceless(after)


def _spaceless(character: str) -> bool:
    code = ord(character)
    if character in (_ZERO_WIDTH_SPACE, _IDEOGRAPHIC_SPACE):
        return True
    if any(first <= code <= last for first, last in _WITHOUT_SPACES):
        return True
    wide = unicodedata.east_asian_width(character) in "WF" and unicodedata.category(character)[0] in "LNP"
    return wide and not any(first <= code <= last for first, last in _HANGUL)
