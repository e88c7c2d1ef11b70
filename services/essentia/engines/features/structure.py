"""Measures the structure group: envelope, fades, segments."""

from __future__ import annotations

import numpy as np

from services.essentia.engine import SAMPLE_RATE
from services.essentia.engines.features.library import es
from services.essentia.engines.features.sheet import Sheet
from services.essentia.engines.features.spectral import HOP


def measure_envelope(sheet: Sheet) -> None:
    """Fills what the envelope of mono says, and the fades."""
    values, frames = sheet.groups["structure"], sheet.spectral
    envelope = es.Envelope(sampleRate=SAMPLE_RATE)(sheet.clip.mono)
    sheet.checkpoint()
    values.put("log_attack_time", es.LogAttackTime(sampleRate=SAMPLE_RATE)(envelope)[0])
    values.put("effective_duration_seconds", es.EffectiveDuration(sampleRate=SAMPLE_RATE)(envelope))
    values.put("temporal_centroid_ratio", es.Centroid(range=1)(np.square(envelope)))
    if frames is not None and frames.rms.size:
        fades = es.FadeDetection(frameRate=SAMPLE_RATE / HOP)(frames.rms)
        for name, spans in zip(("fade_in_seconds", "fade_out_seconds"), fades, strict=True):
            spans = np.asarray(spans, np.float64).reshape(-1, 2)
            values.put(name, float((spans[:, 1] - spans[:, 0]).sum()))


def measure_segments(sheet: Sheet) -> None:
    """Fills the segments of like timbre."""
    values, frames = sheet.groups["structure"], sheet.spectral
    if frames is None:
        return
    # SBic reads memory and ignores strides, so the transposed matrix must be copied.
    features = np.ascontiguousarray(frames.mfcc.T)
    borders = es.SBic(cpw=1.5, inc1=60, inc2=20, minLength=10, size1=300, size2=200)(features)
    inner = [float(frame) for frame in borders[1:-1]]
    edges = np.array([0.0, *(frame * HOP / SAMPLE_RATE for frame in inner), sheet.clip.seconds])
    values["segment_count"] = len(edges) - 1
    values.put_stats("segment_seconds", np.diff(edges))
    sheet.series.put_array("segment_border_seconds", edges[1:-1])
