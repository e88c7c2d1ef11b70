"""All passes of a bag's networks over one mix, kept in step."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from services.separation.engines.demucs.bag import Bag, Part
from services.separation.engines.demucs.overlap_add import Chunk, Lane


@dataclass(frozen=True)
class Run:
    """One network's pass over the mix under one shift, and how much it counts among its shifts."""

    part: Part
    lane: Lane
    share: float


class Crew:
    """All passes over one mix, in step: what is given out is final in each.

    Args:
        bag: The networks.
        runs: The passes.
    """

    def __init__(self, bag: Bag, runs: Sequence[Run]) -> None:
        self._bag = bag
        self._runs = runs

    def chunks(self) -> Iterator[tuple[Run, Chunk]]:
        """Cuts what can be cut, the earliest first, each when it is asked for: all at once may be gigabytes."""
        passes = [zip(itertools.repeat(run), run.lane.chunks()) for run in self._runs]
        return heapq.merge(*passes, key=lambda each: each[1].start)

    @property
    def ready(self) -> int:
        """Samples that are final in every pass."""
        return min(run.lane.ready for run in self._runs)

    @property
    def reached(self) -> int:
        """Samples of the mix that the work of all passes together is worth."""
        return sum(run.lane.reached for run in self._runs) // len(self._runs)

    @property
    def keep(self) -> int:
        """Where that part of the mix begins which some pass may still want."""
        return min(run.lane.keep for run in self._runs)

    def take(self, stems: Sequence[str], count: int) -> dict[str, np.ndarray]:
        """Gives the next ``count`` samples of each stem, ``(channels, count)``: the mean over networks and shifts."""
        sums: dict[str, np.ndarray] = {}
        for run in self._runs:
            answer = run.lane.take(count)
            for row, (place, counts) in enumerate(zip(run.part.rows, run.part.counts, strict=True)):
                stem, factor = self._bag.stems[place], np.float32(counts * run.share)
                part = answer[row] if factor == 1.0 else answer[row] * factor
                sums[stem] = sums[stem] + part if stem in sums else part
        return {stem: sums[stem] for stem in stems}
