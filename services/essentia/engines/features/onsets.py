"""Measures how strong and how even the onsets are, and how much each mel band rises."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from services.essentia.contract import SAMPLE_RATE
from services.essentia.engines.features import beginnings
from services.essentia.engines.features.clip import Samples
from services.essentia.engines.features.frames import batches
from services.essentia.engines.features.sheet import Sheet
from services.essentia.engines.features.values import Values

# Samples, 23 ms every 11.6 ms; and mel bands of the rise.
FRAME, HOP, BANDS = 1024, 512, 40
FRAME_RATE = SAMPLE_RATE / HOP
# Hz, where the mel bands begin and end.
LOW_HZ, HIGH_HZ = 30.0, 16000.0
# What is 60 dB below the loudest band counts as this quiet, so that a rise out of silence stays finite; and -100 dB,
# so that silence has no rise.
FLOOR_BELOW_PEAK, FLOOR = 1e-6, 1e-10
# Frames transformed at once, to stay in the processor's cache.
BATCH = 64
# An onset is placed to within about two hops of where the spectrum rises most.
REACH = 2
# The rhythm of intervals, by definitions that older systems have: bins of the histogram whose entropy is taken; the
# entropy (nats) and the variation that count as wholly complex. With 50 bins no more than 3.91 nats are possible.
INTERVAL_BINS, WHOLE_ENTROPY, WHOLE_VARIATION = 50, 5, 2
# Seconds by which intervals differ that are the same.
SAME_INTERVAL = 1e-6


def measure(sheet: Sheet) -> None:
    """Finds the onsets, leaves them for the beats, and fills the fields that need onsets alone."""
    values = sheet.groups["rhythm"]
    mono = sheet.clip.evened()
    sheet.onsets, sheet.rise = beginnings.find(mono, not sheet.start_seconds), rises(mono)
    values.put("onset_rate_hz", len(sheet.onsets) / sheet.clip.seconds)
    values["onset_count"] = len(sheet.onsets)
    sheet.series.put_array("onset_seconds", sheet.onsets)
    if not len(sheet.onsets):
        return
    rise = sheet.rise.mean(1, dtype=np.float64)
    values.put_stats("onset_strength_db", [part.max() for part in around(rise, sheet.onsets, FRAME_RATE) if part.size])
    intervals = np.diff(sheet.onsets)
    values.put_stats("onset_interval_seconds", intervals)
    put_evenness(values, intervals)


def put_evenness(values: Values, intervals: NDArray[np.float64]) -> None:
    """Fills how even the intervals between onsets (s) are, and how complex; nothing below two of them."""
    if len(intervals) < 2 or not intervals.mean() > 0:
        return
    variation = float(intervals.std() / intervals.mean())
    values.put("rhythmic_evenness", 1 / (1 + variation))
    # A machine's intervals differ by so little that there are no numbers for the edges of so many bins between them.
    bins = INTERVAL_BINS if np.ptp(intervals) > SAME_INTERVAL else 1
    shares = np.histogram(intervals, bins)[0] / len(intervals)
    entropy = float(-(shares[shares > 0] * np.log(shares[shares > 0])).sum())
    values.put("rhythmic_complexity", (min(entropy / WHOLE_ENTROPY, 1) + min(variation / WHOLE_VARIATION, 1)) / 2)


def around(rise: NDArray[np.float64], onsets: NDArray[np.float64], rate: float) -> list[NDArray[np.float64]]:
    """Cuts the rise (frames,), ``rate`` a second, near each onset (s); a cut is empty beyond the end."""
    centres = np.round(onsets * rate).astype(int)
    return [rise[max(0, centre - REACH) : centre + REACH + 1] for centre in centres]


def rises(mono: Samples) -> NDArray[np.float32]:
    """Tells how much each mel band rises from frame to frame, dB, 0 or more: (frames, BANDS), FRAME_RATE a second.

    Frame ``i`` has its middle at sample ``i * HOP``.
    """
    count = mono.size // HOP + 1
    powers = np.empty((count, BANDS), np.float32)
    window, bands = _window(), _bands()
    starts = range(0, count, BATCH)
    for start, frames in zip(starts, batches(mono, FRAME, HOP, count, BATCH, ahead=FRAME // 2), strict=True):
        powers[start : start + len(frames)] = np.square(np.abs(np.fft.rfft(frames * window))) @ bands
    levels = 10 * np.log10(np.maximum(powers, max(float(powers.max(initial=0)) * FLOOR_BELOW_PEAK, FLOOR)))
    return np.maximum(np.diff(levels, axis=0, prepend=levels[:1]), 0)


def band_centres_hz() -> NDArray[np.float64]:
    """Gives the middle frequencies (Hz) of the bands of ``rises``, (BANDS,)."""
    return _edges()[1:-1]


def _edges() -> NDArray[np.float64]:
    # O'Shaughnessy's mel scale, by which Essentia's bands go too.
    low, high = 2595 * np.log10(1 + np.array((LOW_HZ, HIGH_HZ)) / 700)
    return np.asarray(700 * (10 ** (np.linspace(low, high, BANDS + 2) / 2595) - 1))


@lru_cache(maxsize=1)
def _window() -> NDArray[np.float32]:
    # A sine at full scale has magnitude 1.
    return np.asarray(np.hanning(FRAME) / np.hanning(FRAME).sum() * 2, np.float32)


@lru_cache(maxsize=1)
def _bands() -> NDArray[np.float32]:
    edges, hz = _edges(), np.fft.rfftfreq(FRAME, 1 / SAMPLE_RATE)[:, None]
    rising = (hz - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - hz) / (edges[2:] - edges[1:-1])
    weights = np.maximum(0, np.minimum(rising, falling))
    return np.asarray(weights / np.maximum(weights.sum(0), 1e-9), np.float32)
