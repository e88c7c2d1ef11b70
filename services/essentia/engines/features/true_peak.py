"""Finds the true peak: the greatest value between the samples."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from services.essentia.engines.features.clip import Samples

# Places a sample, as in BS.1770-5, annex 2, and samples that each is interpolated from. The annex shows 12, which are
# flat to a quarter of the rate; these are flat to 0.43 of it, so that what sounds loses nothing at any rate.
OVERSAMPLING, TAPS = 4, 32
# Of the Kaiser window: side lobes below -60 dB.
KAISER = 6.0
# At four times the rate a peak is missed by 0.7 dB at most, where it lies midway between two places: what comes so near
# to the greatest is worth a parabola through the three around it.
NEAR = 0.9
# Samples whose neighbourhoods are interpolated by one row of a matrix product.
ROW, ROWS = 64, 1024


class TruePeak:
    """A windowed sinc in 4 phases, the order of BS.1770-5 annex 2, and parabolas through the highest places.

    Essentia's TruePeakDetector is not used: at its quality 3 and 4 it holds or draws straight lines between samples,
    which never rise above them, and at 1 and 2 it costs 7 to 14 times as much.

    Args:
        channels: How many come.
    """

    def __init__(self, channels: int) -> None:
        self._peak = 0.0
        # One more than the filter needs: the last sample of a piece is a neighbour of the first of the next.
        self._before = [np.zeros(TAPS, np.float32) for _ in range(channels)]
        self._between = _interpolator()

    def feed(self, channels: Samples) -> None:
        """Adds (channels, samples) at any rate."""
        for index, channel in enumerate(channels):
            for start in range(0, channel.size, ROW * ROWS):
                joined = np.concatenate((self._before[index], channel[start : start + ROW * ROWS]))
                self._add(joined)
                self._before[index] = joined[-TAPS:].copy()

    def finish(self) -> float:
        """Gives the greatest absolute value so far, full scale 1, as if nothing came after."""
        for before in self._before:
            self._add(np.pad(before, (0, TAPS)))
        return self._peak

    def _add(self, samples: Samples) -> None:
        count = samples.size - TAPS + 1
        whole = np.pad(samples, (0, -count % ROW))
        rows = np.lib.stride_tricks.sliding_window_view(whole, ROW + TAPS - 1)[::ROW]
        between = rows @ self._between
        valid = count % ROW or ROW
        # An interpolation across the end of a piece is not one across the end of the clip.
        between[-1].reshape(OVERSAMPLING - 1, ROW)[:, valid:] = 0
        # The samples after which the rows' values lie.
        middle = whole[TAPS // 2 - 1 : TAPS // 2 - 1 + len(rows) * ROW].reshape(-1, ROW)
        tops = np.maximum(np.maximum(between.max(1), -between.min(1)), np.maximum(middle.max(1), -middle.min(1)))
        top = float(tops.max())
        if top <= 0 or top < NEAR * self._peak:
            return
        self._peak = max(self._peak, top)
        self._refine(middle, between, np.flatnonzero(tops >= NEAR * self._peak), valid)

    def _refine(self, middle: Samples, between: NDArray[np.float32], rows: NDArray[np.intp], valid: int) -> None:
        """Puts parabolas through the high places of ``rows``; of the last row, ``valid`` samples count."""
        ordered = np.concatenate((middle[rows, None], between[rows].reshape(-1, OVERSAMPLING - 1, ROW)), axis=1)
        places = ordered.transpose(0, 2, 1).reshape(len(rows), -1)
        before, after = between[rows - 1, -1:], middle[(rows + 1) % len(middle), :1]
        heights = np.abs(np.concatenate((before, places, after), axis=1))
        left, centre, right = heights[:, :-2], heights[:, 1:-1], heights[:, 2:]
        tops = (centre >= NEAR * self._peak) & (centre >= left) & (centre >= right)
        # The outermost places of a piece have a neighbour in the next one, which begins a sample earlier.
        tops[rows == 0, 0] = False
        tops[rows == len(middle) - 1, OVERSAMPLING * valid - 1 :] = False
        low, high, other = (side[tops].astype(np.float64) for side in (left, centre, right))
        bend = 2 * high - low - other
        rise = (low - other) ** 2 / np.where(bend > 0, 8 * bend, np.inf)
        self._peak = max(self._peak, float((high + rise).max(initial=0)))


def _interpolator() -> NDArray[np.float32]:
    # h(k) = sinc(k / 4) under a Kaiser window. Every fourth tap, from one of 4 places on, is one phase; the phase of
    # the samples themselves is the identity and is left out.
    half = OVERSAMPLING * TAPS // 2
    taps = np.arange(-half, half + 1)
    kernel = np.sinc(taps / OVERSAMPLING) * np.kaiser(taps.size, KAISER)
    matrix = np.zeros((ROW + TAPS - 1, OVERSAMPLING - 1, ROW), np.float32)
    for phase in range(1, OVERSAMPLING):
        for place in range(ROW):
            matrix[place : place + TAPS, phase - 1, place] = kernel[phase::OVERSAMPLING][::-1]
    return matrix.reshape(ROW + TAPS - 1, -1)
