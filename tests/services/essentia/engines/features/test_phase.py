"""The beats lie on those of the strokes that bass and networks point at."""

from __future__ import annotations

import numpy as np
import pytest

from services.essentia.engines.features import phase

RATE = 100.0
GRID = 0.4 + 0.6 * np.arange(20)


def lines(share: float, height: float) -> np.ndarray:
    """Frames with a peak at a share of the way between the beats of the grid."""
    found = np.full(1300, 0.02)
    found[np.round((GRID + 0.6 * share) * RATE).astype(int)] = height
    return found


@pytest.mark.parametrize("share", [0.0, 1 / 4, 1 / 3, 1 / 2, 2 / 3, 3 / 4])
def test_bass_and_networks_together_move_the_beats_and_beats_that_are_right_stay(share: float) -> None:
    assert phase.later(GRID, lines(share, 0.8), RATE, lines(share, 0.9), RATE) == pytest.approx(share)


def test_a_little_more_bass_between_the_beats_moves_nothing() -> None:
    bass = np.maximum(lines(0, 0.5), lines(0.5, 0.8))
    assert phase.later(GRID, lines(0, 0.8), RATE, bass, RATE) == 0


def test_moved_beats_are_later_and_the_one_that_fits_before_them_is_there() -> None:
    assert phase.moved(GRID, 0.5)[:2] == pytest.approx([0.1, 0.7])
    assert phase.moved(GRID, 0.25)[:2] == pytest.approx([0.55, 1.15])
    assert phase.moved(GRID, 0).tolist() == GRID.tolist()
    assert phase.later(GRID[:1], lines(0, 1), RATE, lines(0, 1), RATE) == 0
