"""Measures what only the stored samples tell, before anything is mixed or resampled: loudness, peaks, level.

A mixdown is quieter than its channels and hides their peaks, and a resampler moves the samples that clip. So the gauge
stands between the file and everything else: what is read goes through it, and comes out as the others want it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from chassis.audio.converter import Converter
from chassis.audio.samples import recut
from chassis.reports import WarningReport
from services.essentia.contract import OVERVIEW, SAMPLE_RATE, STEM, AnalysisRequest, StoredFormat
from services.essentia.engines.features import ebu, speakers
from services.essentia.engines.features.clip import Samples
from services.essentia.engines.features.true_peak import TruePeak

# The greatest 16-bit sample, so that clipped 16-bit audio counts.
FULL_SCALE = 32767 / 32768
# What is greater the clip refuses, and it would overflow here.
GREATEST = 1e12


class Gauge:
    """Measures a recording as it is read; the numbers are complete when :meth:`through` has ended.

    Args:
        form: What the blocks are.
        request: Whose groups say what is measured.

    Attributes:
        peak: Greatest absolute sample.
        squares: Sum of the squares of all samples.
        total: Sum of all samples.
        saturated: Samples at or beyond full scale.
        samples: Samples of all channels together.
    """

    def __init__(self, form: StoredFormat, request: AnalysisRequest) -> None:
        self._form = form
        self._levels = bool({"signal", "loudness"} & set(request.groups))
        self._peaks = "loudness" in request.groups
        self._weighs = bool({"loudness", STEM, OVERVIEW} & set(request.groups))
        self._converter: Converter | None = None
        self._meter: ebu.Meter | None = None
        self._true_peak: TruePeak | None = None
        self._blocks: NDArray[np.float64] | None = None
        self._layout_warnings: tuple[WarningReport, ...] = ()
        self.peak, self.squares, self.total = 0.0, 0.0, 0.0
        self.saturated = self.samples = 0

    def through(self, blocks: Iterable[Samples]) -> Iterator[Samples]:
        """Measures blocks (channels, n) of the form and yields them as (1 or 2, m) at SAMPLE_RATE."""
        # Always a second at once: so no sum depends on how the recording came.
        for piece in recut(blocks, self._form.sample_rate):
            if self._converter is None:
                self._converter = self._open(len(piece))
            # Sums are rounded in the order in which samples lie in memory, which must not depend on the file's kind.
            piece = np.ascontiguousarray(piece)
            self._measure(piece)
            yield self._converter.apply(piece)
        if self._converter is not None:
            yield self._converter.finish()

    @property
    def true_peak(self) -> float:
        """Greatest absolute value, between samples too; 0 where it was not asked for."""
        return 0.0 if self._true_peak is None else self._true_peak.finish()

    @property
    def warnings(self) -> tuple[WarningReport, ...]:
        """AUDIO_LAYOUT_ASSUMED, and what the mixdown has to tell."""
        return (*self._layout_warnings, *(() if self._converter is None else self._converter.warnings))

    def blocks(self) -> NDArray[np.float64]:
        """Gives the weighted power of each 10 ms; see ebu.Meter."""
        if self._blocks is None:
            self._blocks = np.empty(0) if self._meter is None else self._meter.blocks()
        return self._blocks

    def _open(self, channels: int) -> Converter:
        rate, layout = self._form.sample_rate, self._form.layout
        if self._weighs:
            weights, self._layout_warnings = speakers.assumed(layout, channels)
            self._meter = ebu.Meter(weights, rate)
        if self._peaks:
            self._true_peak = TruePeak(channels)
        return Converter(channels, rate, min(channels, 2), SAMPLE_RATE, layout)

    def _measure(self, piece: Samples) -> None:
        peak = max(abs(float(piece.max())), abs(float(piece.min())))
        if not math.isfinite(peak) or peak > GREATEST:
            return
        if self._levels:
            self.peak = max(self.peak, peak)
            self.samples += piece.size
            self.squares += sum(float(np.dot(channel, channel)) for channel in piece)
            self.total += float(piece.sum(dtype=np.float64))
            if peak >= FULL_SCALE:
                self.saturated += int((piece >= FULL_SCALE).sum() + (piece <= -FULL_SCALE).sum())
        if self._meter is not None:
            self._meter.feed(piece)
        if self._true_peak is not None:
            self._true_peak.feed(piece)
