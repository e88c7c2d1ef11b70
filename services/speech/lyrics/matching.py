"""Which words of the lyrics recognition heard: a global alignment of two lists of words.

Needleman and Wunsch's algorithm (J. Mol. Biol. 48, 1970), row by row in numpy: with a constant cost for every gap, the
best way to come from the left is a running maximum.
"""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher

import numpy as np

EXACT, SIMILAR, DIFFERENT, GAP = 2.0, 1.0, -1.0, -0.6
"""Scores. A gap on both sides (-1.2) is worse than two words that stand for each other (-1)."""
SIMILARITY = 0.75
"""Share of letters in common from which two words are held to be the same one, misheard: "goin" and "going"."""


def matches(given: Sequence[str], heard: Sequence[str]) -> list[int | None]:
    """Gives for each word of ``given`` the index of the same or nearly the same word of ``heard``; None for no such.

    Indices rise. Both lists hold words as :func:`.lines.key` gives them.
    """
    if not given or not heard:
        return [None] * len(given)
    scores = _scores(given, heard)
    rows, columns = len(given) + 1, len(heard) + 1
    ramp = GAP * np.arange(columns)
    best = ramp.copy()
    moves = np.zeros((rows, columns), np.int8)  # 0: from the left, 1: from above, 2: both words
    for row in range(1, rows):
        above, both = best + GAP, np.full(columns, -np.inf)
        both[1:] = best[:-1] + scores[row - 1]
        candidate = np.maximum(above, both)
        best = np.maximum.accumulate(candidate - ramp) + ramp
        moves[row] = np.where(best > candidate + 1e-9, 0, np.where(both >= above, 2, 1))
    return _traced(moves, scores)


def _traced(moves: np.ndarray, scores: np.ndarray) -> list[int | None]:
    row, column = moves.shape[0] - 1, moves.shape[1] - 1
    found: list[int | None] = [None] * row
    while row > 0:
        move = moves[row, column]
        if move == 2:
            row, column = row - 1, column - 1
            if scores[row, column] > 0:
                found[row] = column
        elif move == 1:
            row -= 1
        else:
            column -= 1
    return found


def _scores(given: Sequence[str], heard: Sequence[str]) -> np.ndarray:
    """Scores every pair, float32 (given, heard), from a table of the different words."""
    words = sorted(set(given) | set(heard))
    numbers = {word: number for number, word in enumerate(words)}
    table = np.full((len(words), len(words)), DIFFERENT, np.float32)
    np.fill_diagonal(table, EXACT)
    # Only what has no exact partner can have been misheard.
    known, said = set(given), set(heard)
    for first in known - said:
        for second in said - known:
            if _similar(first, second):
                table[numbers[first], numbers[second]] = SIMILAR
    scores: np.ndarray = table[np.ix_([numbers[word] for word in given], [numbers[word] for word in heard])]
    return scores


def _similar(first: str, second: str) -> bool:
    short, long = sorted((len(first), len(second)))
    if 2 * short < SIMILARITY * (short + long):
        return False
    matcher = SequenceMatcher(None, first, second, autojunk=False)
    return matcher.quick_ratio() >= SIMILARITY and matcher.ratio() >= SIMILARITY
