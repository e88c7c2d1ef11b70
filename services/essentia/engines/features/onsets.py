"""Finds onsets and measures how strong and how even they are."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from services.essentia.engine import SAMPLE_RATE
from services.essentia.engines.features.clip import Samples
from services.essentia.engines.features.library import es
from services.essentia.engines.features.sheet import Sheet

FRAME, HOP, BANDS = 1024, 512, 40
# -100 dB: what is quieter counts as this quiet, so that a rise out of digital silence stays finite.
FLOOR = 1e-10
# An onset is placed to within about two hops of where the spectrum rises most.
REACH = 2
INTERVAL_BINS = 50


def measure(sheet: Sheet) -> None:
    """Finds the onsets, leaves them for the beats, and fills the fields that need onsets alone."""
    values = sheet.groups["rhythm"]
    # Always a new instance: one that is used again answers 0.
    onsets, rate = es.OnsetRate()(sheet.clip.mono)
    sheet.onsets = np.asarray(onsets, np.float64)
    values.put("onset_rate_hz", rate)
    values["onset_count"] = len(sheet.onsets)
    sheet.series.put_array("onset_seconds", sheet.onsets)
    if not len(sheet.onsets):
        return
    rise = _rise_db(sheet, sheet.clip.mono)
    centres = np.round(sheet.onsets * SAMPLE_RATE / HOP).astype(int)
    strengths = [rise[max(0, centre - REACH) : centre + REACH + 1] for centre in centres]
    values.put_stats("onset_strength_db", [part.max() for part in strengths if part.size])
    intervals = np.diff(sheet.onsets)
    values.put_stats("onset_interval_seconds", intervals)
    if len(intervals) > 1 and intervals.mean() > 0:
        variation = float(intervals.std() / intervals.mean())
        values.put("rhythmic_evenness", 1 / (1 + variation))
        shares = np.histogram(intervals, INTERVAL_BINS)[0] / len(intervals)
        entropy = float(-(shares[shares > 0] * np.log(shares[shares > 0])).sum())
        values.put("rhythmic_complexity", (min(entropy / 5, 1) + min(variation / 2, 1)) / 2)


def _rise_db(sheet: Sheet, mono: Samples) -> NDArray[np.float64]:
    window, spectrum = es.Windowing(type="hann"), es.Spectrum(size=FRAME)
    mel = es.MelBands(inputSize=FRAME // 2 + 1, sampleRate=SAMPLE_RATE, numberBands=BANDS)
    bands = []
    for index, frame in enumerate(es.FrameGenerator(mono, frameSize=FRAME, hopSize=HOP)):
        if index % 4096 == 0:
            sheet.checkpoint()
        bands.append(mel(spectrum(window(frame))))
    levels = 10 * np.log10(np.maximum(np.array(bands, np.float64), FLOOR))
    return np.maximum(np.diff(levels, axis=0, prepend=levels[:1]), 0).mean(1)
