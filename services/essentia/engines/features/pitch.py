"""Measures the pitch group: YIN always, the melody on request."""

from __future__ import annotations

import numpy as np

from services.essentia.engine import SAMPLE_RATE
from services.essentia.engines.features.library import es
from services.essentia.engines.features.sheet import Sheet

SURE = 0.7
FRAME, HOP = 2048, 128
# One value in four is told: 11.6 ms.
SERIES_EVERY = 4


def measure_yin(sheet: Sheet) -> None:
    """Fills what YIN found in the harmonic frames."""
    frames, values = sheet.harmonic, sheet.groups["pitch"]
    if frames is None or not frames.pitch_confidence.size:
        return
    sure = frames.pitch_confidence > SURE
    values.put("yin_confidence_mean", float(frames.pitch_confidence.mean()))
    values.put("yin_confident_ratio", float(sure.mean()))
    if sure.any():
        values.put("yin_pitch_median_hz", float(np.median(frames.pitch_hz[sure])))


def measure_melody(sheet: Sheet) -> None:
    """Follows the melody with Melodia, window by window."""
    values = sheet.groups["pitch"]
    pitches, confidences, seconds = [], [], []
    for start, samples in sheet.clip.windows(sheet.window_seconds):
        sheet.checkpoint()
        melodia = es.PredominantPitchMelodia(frameSize=FRAME, hopSize=HOP, sampleRate=SAMPLE_RATE)
        f0, confidence = melodia(es.EqualLoudness(sampleRate=SAMPLE_RATE)(samples))
        pitches.append(np.asarray(f0, np.float64))
        confidences.append(np.asarray(confidence, np.float64))
        seconds.append(start + np.arange(len(f0)) * HOP / SAMPLE_RATE)
    pitch, confidence = np.concatenate(pitches), np.concatenate(confidences)
    voiced = pitch > 0
    if pitch.size:
        values.put("voiced_ratio", float(voiced.mean()))
    if not voiced.any():
        sheet.warn("MELODY_NOT_FOUND", "no melody was found; the f0 fields are absent", "pitch.f0_median_hz")
        return
    heard = pitch[voiced]
    low, middle, high = (float(value) for value in np.percentile(heard, (5, 50, 95)))
    values.put("f0_confidence_mean", float(confidence[voiced].mean()))
    values.put("f0_p05_hz", low)
    values.put("f0_median_hz", middle)
    values.put("f0_p95_hz", high)
    values.put("f0_mean_hz", float(heard.mean()))
    values.put("f0_std_semitones", float((12 * np.log2(heard)).std()))
    values.put("f0_range_semitones", float(12 * np.log2(high / low)))
    told = np.flatnonzero(voiced[::SERIES_EVERY]) * SERIES_EVERY
    sheet.series.put_array("melody_seconds", np.concatenate(seconds)[told])
    sheet.series.put_array("melody_hz", pitch[told])
