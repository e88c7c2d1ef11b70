"""Changing the number of channels.

To mono: the mean of all channels. Mono to any number: the same samples in each. More than two to stereo: by ITU-R
BS.775 where the file names its loudspeakers (centre and surround 3 dB down, low-frequency channel left out), scaled
so that full scale in every channel stays within full scale; where it does not, the mean of the 1st, 3rd, 5th … channel
on the left and of the others on the right. Anything else is not defined and refused.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from chassis.audio.samples import Samples

HALF_POWER = 0.5**0.5
ITU_STEREO: dict[str, tuple[float, float]] = {
    "FL": (1.0, 0.0),
    "FR": (0.0, 1.0),
    "FC": (HALF_POWER, HALF_POWER),
    "LFE": (0.0, 0.0),
    "SL": (HALF_POWER, 0.0),
    "SR": (0.0, HALF_POWER),
    "BL": (HALF_POWER, 0.0),
    "BR": (0.0, HALF_POWER),
    "BC": (0.5, 0.5),
}
"""Share of each loudspeaker in (left, right); the back centre is split over both surrounds, 3 dB down each."""


class Mixdown:
    """Turns blocks of one channel count into another.

    Args:
        channels: Channels that come in.
        target: Channels that go out.
        layout: Names of the loudspeakers that come in, such as ``("FL", "FR")``; None where they are not known.

    Raises:
        ValueError: there is no rule for this pair of counts.
    """

    def __init__(self, channels: int, target: int, layout: Sequence[str] | None = None) -> None:
        self._repeat = target if channels == 1 else 1
        self._rows = None if target == channels or channels == 1 else _weights(channels, target, layout)

    def apply(self, block: Samples) -> Samples:
        """Maps (channels, n) to (target, n)."""
        if self._repeat > 1:
            return np.repeat(block, self._repeat, axis=0)
        if self._rows is None:
            return block
        return np.stack([_weighted_sum(block, row) for row in self._rows])


def _weights(channels: int, target: int, layout: Sequence[str] | None) -> list[list[float]]:
    if target == 1:
        return [[1.0 / channels] * channels]
    if target != 2:
        raise ValueError(f"no rule to turn {channels} channels into {target}; ask for 1, 2 or {channels}")
    if layout is not None and len(layout) == channels and all(name in ITU_STEREO for name in layout):
        rows = [[ITU_STEREO[name][side] for name in layout] for side in (0, 1)]
    else:
        rows = [[float(index % 2 == side) for index in range(channels)] for side in (0, 1)]
        return [[weight / sum(row) for weight in row] for row in rows]
    largest = max(sum(row) for row in rows)
    return [[weight / largest for weight in row] for row in rows]


def _weighted_sum(block: Samples, weights: Sequence[float]) -> Samples:
    # Row by row and not as a matrix product: BLAS rounds differently for different block lengths.
    total = np.zeros(block.shape[1], np.float32)
    for row, weight in zip(block, weights, strict=True):
        if weight:
            total += row * np.float32(weight)
    return total
