"""Warmth: loudness around the lowest partials, and how evenly the spectrum falls above them."""

from __future__ import annotations

import numpy as np

from services.essentia.contract import SAMPLE_RATE
from services.essentia.engines.features.clip import Samples
from services.essentia.engines.features.timbral.attacks import LEAD, Onsets
from services.essentia.engines.features.timbral.peaks import prominent
from services.essentia.engines.features.timbral.zwicker import Loudness

FRAME = 8192
HOP = FRAME - FRAME // 8
FLANK = 0.25
PEAK = 0.2
# The region that makes a sound warm reaches up to this multiple of its fundamental.
REACH, HIGHEST_HZ = 3.5, 12000
LOW_HZ = 260
SHORTEST = 256


def measure(samples: Samples, onsets: Onsets, loudness: Loudness) -> float | None:
    """Warmth; None where no sound is long enough."""
    starts = sorted({max(0, start - LEAD) for start in onsets.starts})
    rows = []
    for start, end in zip(starts, (*starts[1:], None), strict=True):
        found = _describe(samples[start:end])
        if found is not None:
            rows.append(found)
    if not rows:
        return None
    rms, shares, centres, straightness = np.array(rows).T
    return float(
        -4.464258317026696 * np.log10(centres.mean())
        - 0.08819320850778556 * loudness.level(80, 240)[1]
        + 0.29156539973575546 * loudness.level(10, 40)[0]
        + 17.274733561081554 * straightness.mean()
        + 8.403340066029507 * np.average(shares, weights=rms)
        + 45.21212125085579
    )


def _describe(span: Samples) -> tuple[float, float, float, float] | None:
    """(RMS, share of low energy, centroid in Hz, share explained by a straight fall) of one sound."""
    rms = float(np.sqrt(np.mean(np.square(span, dtype=np.float64)))) if span.size else 0.0
    if span.size < SHORTEST or rms == 0:
        return None
    size = min(FRAME, span.size)
    frames = np.lib.stride_tricks.sliding_window_view(span, size)[:: HOP if size == FRAME else 1]
    spectra = np.fft.rfft((frames - frames.mean(1, keepdims=True)) * _window(size), FRAME)
    power = (np.square(spectra.real) + np.square(spectra.imag)).sum(0, dtype=np.float64)
    power /= power.max()
    hz = np.fft.rfftfreq(FRAME, 1 / SAMPLE_RATE)
    peaks = prominent(power[None], PEAK)[0]
    lowest = int(peaks[0]) if peaks.size else int(power.argmax())
    share = (
        float(power[lowest : int(np.searchsorted(hz, LOW_HZ, "right"))].sum() / power.sum())
        if hz[lowest] < LOW_HZ
        else 0.0
    )
    centre = float((hz * power).sum() / power.sum())
    limit = hz[lowest] * REACH
    above = max(1, int(np.searchsorted(hz, HIGHEST_HZ if limit > HIGHEST_HZ else limit, "right")))
    levels, places = np.log10(np.maximum(power[above:], 1e-30)), np.log10(hz[above:])
    explained = float(np.corrcoef(places, levels)[0, 1] ** 2) if levels.std() > 0 else 0.0
    return rms, share, centre, explained


def _window(size: int) -> Samples:
    """Tukey's, with flanks of an eighth each."""
    place = np.arange(size)
    flank = FLANK * size / 2
    edge = np.minimum(np.minimum(place, size - place) / flank, 1)
    return (0.5 - 0.5 * np.cos(np.pi * edge)).astype(np.float32)
