"""Warmth: loudness around the lowest partials, and how evenly the spectrum falls above them.

After timbral_warmth of timbral_models 0.4.0.
"""

from __future__ import annotations

import numpy as np

from services.essentia.contract import SAMPLE_RATE
from services.essentia.engines.features.clip import Samples
from services.essentia.engines.features.timbral.attacks import LEAD, Onsets
from services.essentia.engines.features.timbral.peaks import prominent
from services.essentia.engines.features.timbral.zwicker import Loudness

# Samples (0.19 s); frames overlap by an eighth, under a Tukey window of which a quarter is flanks: the defaults of
# scipy's spectrogram, which the models take.
FRAME = 8192
HOP = FRAME - FRAME // 8
FLANK = 0.25
# Share of the strongest bin's power by which a peak must stand out; the lowest is taken for the fundamental.
PEAK = 0.2
# The region that makes a sound warm reaches up to this multiple of its fundamental.
REACH, HIGHEST_HZ = 3.5, 12000
# Low energy is that from the fundamental up to here, about middle C.
LOW_HZ = 260
# Samples (6 ms): a shorter sound has no spectrum to speak of.
SHORTEST = 256
# Tenths of a Bark: where warmth is heard (100 to 410 Hz or so), and what is high.
WARM, HIGH = (10, 40), (80, 240)
# Regression on the ratings of listeners, 0 to 100: points for a factor of ten in the centroid (Hz), for a sone more of
# high and of warm loudness, for a fall that is wholly a straight line, for low energy alone, and the rest.
BY_CENTRE, BY_HIGH, BY_WARM = -4.464258317026696, -0.08819320850778556, 0.29156539973575546
BY_STRAIGHTNESS, BY_LOW, REST = 17.274733561081554, 8.403340066029507, 45.21212125085579


def measure(samples: Samples, onsets: Onsets, loudness: Loudness) -> float | None:
    """Scores warmth; None where no sound is long enough."""
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
        BY_CENTRE * np.log10(centres.mean())
        + BY_HIGH * loudness.level(*HIGH)[1]
        + BY_WARM * loudness.level(*WARM)[0]
        + BY_STRAIGHTNESS * straightness.mean()
        + BY_LOW * np.average(shares, weights=rms)
        + REST
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
    # Of a constant nothing is left.
    if not power.any():
        return None
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
    # On paper with two logarithmic axes: the squared correlation is the share of the variance that a line explains.
    levels, places = np.log10(np.maximum(power[above:], 1e-30)), np.log10(hz[above:])
    explained = float(np.corrcoef(places, levels)[0, 1] ** 2) if levels.std() > 0 else 0.0
    return rms, share, centre, explained


def _window(size: int) -> Samples:
    """Tukey's, with flanks of an eighth each."""
    place = np.arange(size)
    flank = FLANK * size / 2
    edge = np.minimum(np.minimum(place, size - place) / flank, 1)
    return (0.5 - 0.5 * np.cos(np.pi * edge)).astype(np.float32)
