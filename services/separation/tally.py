"""What is counted of a clip: how far it is, how the energy is shared out, the level of the mix."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from chassis.pace import Pace
from chassis.reports import ProgressFacts
from services.separation.contract import MixLevel
from services.separation.engines.level import LevelMeter
from services.separation.stems import residual


class Steps:
    """Progress over one or two passes of the same length.

    Args:
        expected: Length of the clip (s) as far as it is known beforehand; None where it is not.
        passes: How often the clip will be gone through.
    """

    def __init__(self, expected: float | None, passes: int) -> None:
        self._expected = expected or None
        self._passes = passes
        self._done = 0
        self._pace = Pace()

    def progress(self, step: str, seconds: float) -> ProgressFacts:
        """Tells how far it is when ``seconds`` of this pass are done."""
        share = min(seconds / self._expected, 1.0) if self._expected else None
        return self._facts(step, seconds, share)

    def end(self, step: str, seconds: float | None) -> ProgressFacts:
        """Ends a pass."""
        facts = self._facts(step, seconds, 1.0)
        self._done += 1
        return facts

    def _facts(self, step: str, seconds: float | None, share: float | None) -> ProgressFacts:
        fraction = None if share is None else (self._done + share) / self._passes
        last = self._done + 1 == self._passes
        # The audio counts as done when it has been sent; an earlier pass only adds to the fraction.
        return ProgressFacts(
            fraction, seconds if last else None, step, remaining_seconds=self._pace.remaining(fraction)
        )


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
        """Energy of a stem over that of all; None for silence, unless all were computed, and for a difference."""
        total = sum(self._energies.values())
        return self._energies[stem] / total if self._whole and total > 0 and stem in self._energies else None

    @property
    def residual_share(self) -> float | None:
        """Energy of the mix minus all stems over that of the mix; None for silence and unless all were computed."""
        return self._residual / self._mix if self._whole and self._mix > 0 else None


def mix_level(blocks: Iterable[np.ndarray]) -> MixLevel:
    """Takes the level of a mix, ``(channels, samples)`` in any blocks, in one pass and constant memory."""
    meter = LevelMeter()
    for block in blocks:
        meter.add(block)
    return meter.level


def energy(samples: np.ndarray) -> float:
    """Sum of the squares, in float64."""
    return float(np.square(samples, dtype=np.float64).sum())
