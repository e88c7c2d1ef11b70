"""Several networks that answer together: who has a part in which stem, and how much it counts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from demucs.htdemucs import HTDemucs

from services.separation.engines.demucs.overlap_add import Cut

TRANSITION_SECONDS = 0.5
"""Longest shift (s); demucs' own."""


SAMPLE_RATES, MOST_CHANNELS, MOST_SECONDS = (4_000, 384_000), 8, 600.0
"""What a network may say of the audio that it takes: rates (Hz), channels, and the length of a chunk (s)."""


@dataclass(frozen=True)
class Part:
    """What one network has to give.

    Attributes:
        index: Of the network in the bag.
        rows: Which of its stems are used, by their place in its answer.
        counts: How much each of them counts in the mean.
    """

    index: int
    rows: tuple[int, ...]
    counts: tuple[float, ...]


class Bag:
    """The networks of one model.

    Args:
        networks: Of demucs' classes, with the same stems, rate and channels.
        weights: For each network the weight of each stem; None where all count alike.
        segment: Length of a chunk (s) in place of the networks' own; a transformer's is never made longer.

    Raises:
        ValueError: the networks do not fit each other or the weights; no network counts for a stem.
    """

    def __init__(
        self,
        networks: Sequence[torch.nn.Module],
        weights: Sequence[Sequence[float]] | None = None,
        segment: float | None = None,
    ) -> None:
        self.networks: Sequence[Any] = networks
        first = self.networks[0]
        self.stems: tuple[str, ...] = tuple(first.sources)
        self.sample_rate = int(first.samplerate)
        self.channels = int(first.audio_channels)
        low, high = SAMPLE_RATES
        if not low <= self.sample_rate <= high or not 1 <= self.channels <= MOST_CHANNELS:
            wanted = f"wanted 1 to {MOST_CHANNELS} at {low} to {high} Hz"
            raise ValueError(f"it takes {self.channels} channels at {self.sample_rate} Hz; {wanted}")
        for other in self.networks[1:]:
            theirs = (tuple(other.sources), int(other.samplerate), int(other.audio_channels))
            if theirs != (self.stems, self.sample_rate, self.channels):
                raise ValueError(f"the networks of the bag differ in stems, rate or channels: {theirs}")
        self.weights = [list(row) for row in weights or [[1.0] * len(self.stems)] * len(self.networks)]
        if any(len(row) != len(self.stems) for row in self.weights):
            raise ValueError(f"each network needs {len(self.stems)} weights, one for a stem")
        self.totals = [sum(row[stem] for row in self.weights) for stem in range(len(self.stems))]
        if not all(total > 0 for total in self.totals):
            raise ValueError("no network counts for some stem")
        for network in self.networks:
            if segment is not None and (not isinstance(network, HTDemucs) or segment <= network.segment):
                network.segment = segment
        if not all(1 / self.sample_rate < float(network.segment) <= MOST_SECONDS for network in self.networks):
            lengths = ", ".join(f"{float(network.segment):g}" for network in self.networks)
            raise ValueError(
                f"its chunks are {lengths} s long; wanted more than a sample and at most {MOST_SECONDS:g} s"
            )

    @property
    def segment_seconds(self) -> float:
        """Longest chunk that every network takes (s)."""
        return min(float(network.segment) for network in self.networks)

    def parts(self, stems: Sequence[str]) -> list[Part]:
        """Finds the networks that have a part in ``stems``, and which part; the others need not run."""
        found = []
        for index, row in enumerate(self.weights):
            rows = tuple(place for place, stem in enumerate(self.stems) if stem in stems and row[place])
            if rows:
                found.append(Part(index, rows, tuple(row[place] / self.totals[place] for place in rows)))
        return found

    def cut(self, index: int, overlap: float, segment_seconds: float | None, lead: int) -> Cut:
        """Decides how the mix is cut for one network.

        Args:
            index: Of the network.
            overlap: Share of a chunk that overlaps the next.
            segment_seconds: Length of a chunk (s); None for the network's own.
            lead: Zeros before the mix, samples.
        """
        network = self.networks[index]
        seconds = network.segment if segment_seconds is None else segment_seconds
        length = int(self.sample_rate * seconds)
        wanted: Callable[[int], int] = getattr(network, "valid_length", lambda count: count)
        if isinstance(network, HTDemucs) and segment_seconds is not None:
            return Cut(length, int((1 - overlap) * length), lambda _: length, lead)
        return Cut(length, int((1 - overlap) * length), wanted, lead)
