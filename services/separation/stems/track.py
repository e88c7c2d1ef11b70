"""One stem while it is made: brought to its rate and gain, measured, encoded, cut into pieces to send."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from chassis import audio
from chassis.audio import LoudnessMeter
from services.separation.contract import MAX_BLOCK_BYTES, StemBlock, StemReport
from services.separation.stems.form import Form


class Track:
    """A stem that is sent.

    Args:
        stem: Its name.
        form: How it is to come out.
    """

    def __init__(self, stem: str, form: Form) -> None:
        self.stem = stem
        self._loudness = LoudnessMeter(form.sample_rate, form.channels)
        self._track = audio.Track(
            form.encoding,
            form.model_rate,
            form.sample_rate,
            form.channels,
            MAX_BLOCK_BYTES,
            form.gain,
            self._loudness,
            form.tags,
        )

    def add(self, samples: np.ndarray, first_frame: int) -> Iterator[StemBlock]:
        """Takes float32 ``(channels, samples)`` at the model's rate, gives the pieces that are ready."""
        for data, last in self._track.add(samples):
            yield StemBlock(self.stem, data, first_frame, last)

    def finish(self, frames: int) -> Iterator[StemBlock]:
        """Gives the rest, the last piece marked; ``frames`` came in."""
        for data, last in self._track.finish():
            yield StemBlock(self.stem, data, frames, last)

    def report(self, energy_share: float | None) -> StemReport:
        """Tells what it has become; to be asked once, after :meth:`finish`."""
        track = self._track
        return StemReport(
            name=self.stem,
            frames=track.frames,
            sample_rate=track.sample_rate,
            channels=track.channels,
            encoding=track.encoding,
            byte_count=track.byte_count,
            sha256=track.sha256,
            peak=track.peak,
            peak_dbfs=20 * math.log10(track.peak) if track.peak else None,
            rms_dbfs=track.rms_dbfs,
            integrated_lufs=self._loudness.finish(),
            energy_share=energy_share,
            clipped=track.clipped,
            patches=track.patches,
        )
