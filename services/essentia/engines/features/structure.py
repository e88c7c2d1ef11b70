"""Measures the structure group: envelope, fades, segments."""

from __future__ import annotations

import numpy as np

from services.essentia.contract import SAMPLE_RATE
from services.essentia.engines.features.frames import Column
from services.essentia.engines.features.sheet import Sheet
from services.essentia.engines.features.spectral import HOP
from services.essentia.essentia_library import es

# The envelope is kept as its greatest value in every 16 samples, 0.36 ms.
THIN = 16
# SBic, segmentation by the Bayesian information criterion, as Essentia's music extractor calls it: the penalty for a
# border; then frames (23 ms): the steps of the coarse and the fine search, the shortest segment, and the windows of
# both.
SEGMENTATION = {"cpw": 1.5, "inc1": 60, "inc2": 20, "minLength": 10, "size1": 300, "size2": 200}


class Envelope:
    """What the envelope of mono says, and the fades."""

    def __init__(self) -> None:
        self._envelope = Column()

    def feed(self, window: Sheet) -> None:
        """Adds a window."""
        envelope = np.asarray(es.Envelope(sampleRate=SAMPLE_RATE)(window.clip.mono))
        whole = np.pad(envelope, (0, -envelope.size % THIN))
        self._envelope.add(whole.reshape(-1, THIN).max(1))

    def finish(self, sheet: Sheet) -> None:
        """Fills the fields."""
        values, frames = sheet.groups["structure"], sheet.spectral
        envelope, rate = self._envelope.take(), SAMPLE_RATE / THIN
        if envelope.size > 1:
            values.put("log_attack_time", es.LogAttackTime(sampleRate=rate)(envelope)[0])
            values.put("effective_duration_seconds", es.EffectiveDuration(sampleRate=rate)(envelope))
            values.put("temporal_centroid_ratio", es.Centroid(range=1)(np.square(envelope)))
        if frames is not None and frames.rms.size:
            fades = es.FadeDetection(frameRate=SAMPLE_RATE / HOP)(frames.rms)
            for name, spans in zip(("fade_in_seconds", "fade_out_seconds"), fades, strict=True):
                spans = np.asarray(spans, np.float64).reshape(-1, 2)
                values.put(name, float((spans[:, 1] - spans[:, 0]).sum()))


class Segments:
    """The segments of like timbre."""

    def feed(self, window: Sheet) -> None:
        """Needs only the frames."""

    def finish(self, sheet: Sheet) -> None:
        """Fills the fields."""
        values, frames = sheet.groups["structure"], sheet.spectral
        if frames is None:
            return
        # SBic reads memory and ignores strides, so the transposed matrix must be copied.
        features = np.ascontiguousarray(frames.mfcc.T)
        borders = es.SBic(**SEGMENTATION)(features)
        inner = [float(frame) for frame in borders[1:-1]]
        edges = np.array([0.0, *(frame * HOP / SAMPLE_RATE for frame in inner), sheet.seconds])
        values["segment_count"] = len(edges) - 1
        values.put_stats("segment_seconds", np.diff(edges))
        sheet.series.put_array("segment_border_seconds", edges[1:-1])
