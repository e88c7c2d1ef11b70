"""The paired bootstrap: between which values a mean over a set of recordings lies, by drawing the set again.

Efron's percentile interval (Efron and Tibshirani 1993, chapter 13) of what was measured on the same recordings for both
sides; Koehn (2004) brought the pairing to the comparison of systems that write.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

RESAMPLES = 10_000
CONFIDENCE = 0.95


@dataclass(frozen=True)
class Interval:
    """A mean and where it lies.

    Attributes:
        mean: Of the values.
        low: Lower end; None where there are fewer than two values, which tell nothing of their spread.
        high: Upper end; the same.
        count: Values.
    """

    mean: float
    low: float | None
    high: float | None
    count: int

    @property
    def differs(self) -> bool | None:
        """Whether zero lies outside; None where there is no interval."""
        if self.low is None or self.high is None:
            return None
        return not self.low <= 0.0 <= self.high


def bootstrap(
    values: Sequence[float], *, resamples: int = RESAMPLES, confidence: float = CONFIDENCE, seed: int = 0
) -> Interval:
    """Finds where the mean of ``values`` lies; for a comparison they are differences, one for each recording.

    Args:
        values: One or more.
        resamples: How often the set is drawn again, with replacement.
        confidence: Share of the drawn means inside the interval.
        seed: Of the draws; the same gives the same interval, and the same draws for any values of the same count.

    Raises:
        ValueError: there are no values, or the settings make no sense.
    """
    if not values:
        raise ValueError("there are no values to draw from; give one or more")
    if resamples < 1 or not 0.0 < confidence < 1.0:
        raise ValueError(f"resamples={resamples}, confidence={confidence}: give 1 or more, and between 0 and 1")
    mean, count = fmean(values), len(values)
    if count < 2:
        return Interval(mean, None, None, count)
    draw = random.Random(seed)
    means = sorted(fmean(draw.choices(values, k=count)) for _ in range(resamples))
    tail = (1.0 - confidence) / 2.0
    return Interval(mean, _quantile(means, tail), _quantile(means, 1.0 - tail), count)


def _quantile(ordered: Sequence[float], share: float) -> float:
    """The value below which ``share`` of the sorted values lie, in a straight line between neighbours."""
    place = share * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (place - below) * (ordered[above] - ordered[below])
