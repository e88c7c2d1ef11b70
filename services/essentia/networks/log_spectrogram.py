"""Logarithmic spectrograms as madmom's networks were trained on, block by block.

Böck and others, "madmom: a new Python audio and music signal processing library", ACM Multimedia 2016. What its layout
fixes and nobody would guess: the window is symmetric, bin k of a frame of n samples is held for k * rate / (2 * (n //
2)), which is not its frequency where n is odd, and bands that fall on the same bins are left out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

_CONCERT_PITCH_HZ = 440.0
# Frames that are transformed at once: their spectra stay below a few megabytes.
_MOST_FRAMES = 128


@dataclass(frozen=True)
class Layout:
    """How samples become bands.

    Attributes:
        rate: Sample rate, Hz.
        frame: Samples of a frame.
        hop: Samples from one frame's middle to the next; the first frame's middle is the first sample.
        per_octave: Bands of an octave; one of them lies on 440 Hz.
        lowest_hz: Least frequency that a band may begin with.
        highest_hz: Greatest frequency that a band may end with.
        unit_area: Whether the weights of a band sum to 1; else its greatest is 1.
    """

    rate: int
    frame: int
    hop: int
    per_octave: int
    lowest_hz: float
    highest_hz: float
    unit_area: bool

    def filters(self) -> NDArray[np.float32]:
        """Makes the triangles that sum bins to bands: float32 (frame // 2, bands)."""
        bins = self.frame // 2
        step = self.rate / (2 * bins)
        first, last = (self.per_octave * np.log2(hz / _CONCERT_PITCH_HZ) for hz in (self.lowest_hz, self.highest_hz))
        hz = _CONCERT_PITCH_HZ * 2.0 ** (np.arange(np.ceil(first), np.floor(last) + 1) / self.per_octave)
        # The nearest bin, the upper one of two that are equally near.
        corners = np.unique(np.clip(np.floor(hz / step + 0.5).astype(int), 0, bins - 1))
        filters = np.zeros((bins, len(corners) - 2), np.float32)
        for band, (low, middle, high) in enumerate(zip(corners, corners[1:], corners[2:], strict=False)):
            if high - low < 2:
                middle, high = low, low + 1
            filters[low:middle, band] = np.arange(middle - low) / (middle - low)
            filters[middle:high, band] = 1 - np.arange(high - middle) / (high - middle)
        return filters / filters.sum(0) if self.unit_area else filters


class LogSpectrogram:
    """Turns samples that come block by block into rows of log10(1 + magnitude), holding a frame of them at most.

    n samples give ceil(n / hop) frames; around the samples is silence.
    """

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._filters = layout.filters()
        self._window = np.hanning(layout.frame).astype(np.float32)
        self._held = np.zeros(layout.frame // 2, np.float32)
        self._samples = self._frames = 0
        # Samples still to come that lie between two frames, where the hop is longer than a frame.
        self._between = 0

    @property
    def bands(self) -> int:
        """Bands of a row."""
        return int(self._filters.shape[1])

    def add(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """Takes finite mono samples (n,) at the layout's rate; gives the rows that are ready, float32 (m, bands)."""
        self._samples += samples.size
        passed = min(self._between, samples.size)
        self._between -= passed
        return self._take(np.concatenate((self._held, samples[passed:])))

    def finish(self) -> NDArray[np.float32]:
        """Gives the rows (m, bands) that reach beyond the last sample; to be called once."""
        missing = -(-self._samples // self._layout.hop) - self._frames
        if missing < 1:
            return np.zeros((0, self.bands), np.float32)
        needed = (missing - 1) * self._layout.hop + self._layout.frame - self._between
        return self._take(np.concatenate((self._held, np.zeros(max(0, needed - self._held.size), np.float32))))

    def _take(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        hop, frame = self._layout.hop, self._layout.frame
        ready = max(0, (samples.size - frame) // hop + 1)
        # Silence behind the last sample may hold more frames than the samples have.
        ready = min(ready, -(-self._samples // hop) - self._frames)
        self._frames += ready
        self._held = samples[ready * hop :].copy()
        self._between += max(0, ready * hop - samples.size)
        rows = np.empty((ready, self.bands), np.float32)
        if ready:
            frames = sliding_window_view(samples, frame)[: ready * hop : hop]
            for start in range(0, ready, _MOST_FRAMES):
                some = slice(start, start + _MOST_FRAMES)
                bins = np.abs(np.fft.rfft(frames[some] * self._window)[:, : frame // 2])
                rows[some] = np.log10(1 + bins @ self._filters)
        return rows
