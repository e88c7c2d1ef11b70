"""Walks through the spectral frames once, and fills the spectral and the timbre group from them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from services.essentia.contract import SAMPLE_RATE
from services.essentia.engines.features import shape
from services.essentia.engines.features.frames import Column, Framer
from services.essentia.engines.features.sheet import Sheet, SpectralFrames

# Samples: 46 ms every 23 ms.
FRAME, HOP = shape.FRAME, 1024
# -80 dBFS, as for the clip: a quieter frame has no spectrum to describe.
SOUNDING_RMS = 1e-4
# Told as medians too: a mean of these is that of a few frames.
MEDIANS = ("flatness", "flatness_ratio", "flux", "skewness", "kurtosis")
# Told by the step in Series.windows too.
TOLD = ("centroid_hz", "flux", "flatness_ratio")


class Frames:
    """Describes the frames of mono; leaves them on the sheet for the spectral, the timbre and the structure group.

    One float32 for each descriptor and frame is kept, 5 MB an hour each at most; spectra are not.
    """

    def __init__(self) -> None:
        self._framer = Framer(FRAME, HOP)
        # Side lobes at -92 dB: with those at -62 dB of the customary window, their sum moves a pure tone's centroid by
        # 9 %.
        self._window = shape.window("blackmanharris92", FRAME)
        self._before: NDArray[np.float32] = np.zeros(shape.BINS, np.float32)
        self._columns: dict[str, Column] = {}
        self._contrast, self._valleys, self._rms, self._mfcc, self._gfcc = (Column() for _ in range(5))

    def feed(self, window: Sheet) -> None:
        """Adds a window."""
        for frames in self._framer.feed(window.clip.mono):
            window.checkpoint()
            self._add(window, frames)

    def finish(self, sheet: Sheet) -> None:
        """Leaves the frames on the sheet."""
        for frames in self._framer.finish():
            self._add(sheet, frames)
        levels = self._rms.take()
        sheet.spectral = SpectralFrames(
            series={name: column.take() for name, column in self._columns.items()},
            contrast=self._contrast.take(),
            valleys=self._valleys.take(),
            mfcc=self._mfcc.take(),
            gfcc=self._gfcc.take(),
            sounding=levels >= SOUNDING_RMS,
            rms=levels,
        )

    def _add(self, sheet: Sheet, frames: NDArray[np.float32]) -> None:
        wanted = sheet.request.groups
        level = np.sqrt(np.einsum("ij,ij->i", frames, frames) / FRAME)
        self._rms.add(level)
        spectra = shape.magnitudes(frames, self._window)
        # Segments are borders in time, so the structure group needs the cepstrum of silent frames too.
        self._mfcc.add(shape.cepstrum(spectra, "mfcc"))
        sounding = level >= SOUNDING_RMS
        if not sounding.any():
            return
        loud = spectra[sounding] if not sounding.all() else spectra
        if "timbre" in wanted:
            self._gfcc.add(shape.cepstrum(loud, "gfcc"))
        if "spectral" in wanted:
            found = shape.describe(loud, self._before)
            found["zero_crossing_ratio"] = shape.crossings(frames[sounding])
            for name, values in found.items():
                self._columns.setdefault(name, Column()).add(values)
            peaks, valleys = shape.contrast(loud)
            self._contrast.add(peaks)
            self._valleys.add(valleys)
            self._before = loud[-1].copy()


class Spectrum:
    """The spectral group."""

    def feed(self, window: Sheet) -> None:
        """Needs only the frames."""

    def finish(self, sheet: Sheet) -> None:
        """Fills the group."""
        values, frames = sheet.groups["spectral"], sheet.spectral
        if frames is None or not frames.sounding.any():
            return
        for name, series in frames.series.items():
            values.put_stats(name, series)
        for name in MEDIANS:
            values.put(f"{name}_median", float(np.median(frames.series[name])))
        values.put_array("contrast_mean", frames.contrast.mean(0, dtype=np.float64))
        values.put_array("valley_mean", frames.valleys.mean(0, dtype=np.float64))
        for name in TOLD:
            track = np.full(frames.sounding.size, np.nan)
            track[frames.sounding] = frames.series[name]
            sheet.keep(name, HOP / SAMPLE_RATE, track)


class Timbre:
    """The timbre group."""

    def feed(self, window: Sheet) -> None:
        """Needs only the frames."""

    def finish(self, sheet: Sheet) -> None:
        """Fills the group."""
        values, frames = sheet.groups["timbre"], sheet.spectral
        if frames is None or not frames.sounding.any():
            return
        for name, cepstra in (("mfcc", frames.mfcc[frames.sounding]), ("gfcc", frames.gfcc)):
            values.put_array(f"{name}_mean", cepstra.mean(0, dtype=np.float64))
            if len(cepstra) > 1:
                values.put_array(f"{name}_std", cepstra.std(0, dtype=np.float64))
