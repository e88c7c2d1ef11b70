"""How right an answer is, as the MIREX evaluations count it."""

from __future__ import annotations

from collections.abc import Sequence

TONICS = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
SPELLINGS = {"Db": "C#", "D#": "Eb", "Gb": "F#", "G#": "Ab", "A#": "Bb"}


def tempo(found: float | None, true: float) -> tuple[float, float]:
    """(Acc1, Acc2): within 4 %; within 4 % of it, its double, triple, half or third."""
    if found is None:
        return 0.0, 0.0
    exact, any_octave = (
        any(abs(found - true * ratio) <= 0.04 * true * ratio for ratio in ratios)
        for ratios in ((1.0,), (1.0, 2.0, 3.0, 1 / 2, 1 / 3))
    )
    return float(exact), float(any_octave)


def key(found: tuple[str, str] | None, true: tuple[str, str]) -> tuple[float, float]:
    """(exact, weighted): 1 for the key, 0.5 for a fifth off, 0.3 for the relative, 0.2 for the parallel key."""
    if found is None:
        return 0.0, 0.0
    (tonic, scale), (right, mode) = (_number(found[0]), found[1]), (_number(true[0]), true[1])
    apart = (tonic - right) % 12
    if scale == mode:
        return float(apart == 0), {0: 1.0, 5: 0.5, 7: 0.5}.get(apart, 0.0)
    relative = 9 if mode == "major" else 3
    return 0.0, {relative: 0.3, 0: 0.2}.get(apart, 0.0)


def downbeats(found: Sequence[float], bar_seconds: float, seconds: float) -> tuple[float, float]:
    """(whether there is an answer, F-measure within 70 ms) of bars that begin at 0 and every ``bar_seconds``."""
    true = [bar_seconds * index for index in range(int(seconds / bar_seconds))]
    if not found:
        return 0.0, float("nan")
    right = sum(any(abs(time - other) <= 0.07 for other in true) for time in found)
    met = sum(any(abs(time - other) <= 0.07 for other in found) for time in true)
    precision, recall = right / len(found), met / len(true)
    return 1.0, 2 * precision * recall / (precision + recall) if right else 0.0


def auc(positive: Sequence[float], negative: Sequence[float]) -> float:
    """Share of pairs in which the positive one scores higher; ties count half."""
    pairs = [(yes > no) + 0.5 * (yes == no) for yes in positive for no in negative]
    return sum(pairs) / len(pairs)


def _number(tonic: str) -> int:
    return TONICS.index(SPELLINGS.get(tonic, tonic))
