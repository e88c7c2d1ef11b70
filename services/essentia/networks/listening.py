"""From samples at any rate, block by block, to the whole logarithmic spectrogram of a recording."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from chassis.audio.resample import Resampler
from services.essentia.networks.log_spectrogram import Layout, LogSpectrogram


class SpectrogramListener:
    """Keeps the rows of a layout while samples come; some kilobytes for each second.

    Args:
        layout: What a row is.
        sample_rate: Of the samples, Hz.
    """

    def __init__(self, layout: Layout, sample_rate: int) -> None:
        self._resampler = Resampler(sample_rate, layout.rate, 1)
        self._spectrogram = LogSpectrogram(layout)
        self._rows: list[NDArray[np.float32]] = []

    def add(self, samples: NDArray[np.float32]) -> None:
        """Takes finite mono samples (n,)."""
        self._rows.append(self._spectrogram.add(self._resampler.apply(samples[None])[0]))

    def finish(self) -> NDArray[np.float32]:
        """Gives the rows, float32 (frames, bands); to be called once, after the last samples."""
        self._rows.append(self._spectrogram.add(self._resampler.finish()[0]))
        return np.concatenate([*self._rows, self._spectrogram.finish()])
