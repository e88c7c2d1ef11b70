"""Picks the peaks of many curves at once that stand out from the valleys on both sides, as MIRtoolbox does."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def prominent(curves: NDArray[np.floating], least: float) -> list[NDArray[np.int64]]:
    """Finds the peaks (indices, ascending) of each curve (curves, points) that stand out by ``least``, and are as high.

    A peak counts where the curve falls by ``least`` between it and a higher one, or the end, on both sides.
    """
    rises = np.diff(curves, axis=1, prepend=-2, append=-2)
    top = (curves >= least) & (rises[:, :-1] > 0) & (rises[:, 1:] <= 0)
    found = []
    for curve, tops in zip(curves, top, strict=True):
        places = np.flatnonzero(tops)
        found.append(_stand_out(curve, places, least) if places.size else places)
    return found


def _stand_out(curve: NDArray[np.floating], places: NDArray[np.int64], least: float) -> NDArray[np.int64]:
    heights = curve[places].tolist()
    # The lowest point between each peak and the one before it; the curve is taken to begin and end below all.
    valleys = np.minimum.reduceat(curve, np.concatenate(([0], places))).tolist()
    kept: list[int] = []
    best, height, left, right = 0, heights[0], -2.0, 2.0
    for index in range(1, len(heights)):
        right = min(right, valleys[index])
        if height - right < least:
            left = min(left, right)
            if heights[index] > height:
                best, height, right = index, heights[index], 2.0
            continue
        if height - left < least:
            left = min(left, right)
        else:
            kept.append(best)
            left = right
        best, height, right = index, heights[index], 2.0
    if height - left >= least:
        kept.append(best)
    return places[kept]
