"""How the energy of a clip is shared out among its stems."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from services.separation.stems.selection import residual


class Levels:
    """Sums of energy over a clip, at the model's rate.

    Args:
        known: All stems of the model.
    """

    def __init__(self, known: tuple[str, ...]) -> None:
        self._energies = dict.fromkeys(known, 0.0)
        self._mix = 0.0
        self._residual = 0.0
        self._whole = True

    def add(self, stems: Mapping[str, np.ndarray], mix: np.ndarray) -> None:
        """Counts a block of what was computed, and the mix of the same stretch."""
        self._whole = self._whole and self._energies.keys() == stems.keys()
        if self._whole:
            for stem, samples in stems.items():
                self._energies[stem] += energy(samples)
            self._mix += energy(mix)
            self._residual += energy(residual(stems.values(), mix))

    def share(self, stem: str) -> float | None:
        """Divides a stem's energy by that of all; None for silence, unless all were computed, and for a difference."""
        total = sum(self._energies.values())
        return self._energies[stem] / total if self._whole and total > 0 and stem in self._energies else None

    @property
    def residual_share(self) -> float | None:
        """Energy of the mix minus all stems over that of the mix; None for silence and unless all were computed."""
        return self._residual / self._mix if self._whole and self._mix > 0 else None


def energy(samples: np.ndarray) -> float:
    """Sums the squares, in float64."""
    return float(np.square(samples, dtype=np.float64).sum())
