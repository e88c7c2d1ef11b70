"""Measures tempo, beats and danceability."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from services.essentia.engine import SAMPLE_RATE
from services.essentia.engines.features.clip import Samples
from services.essentia.engines.features.library import es
from services.essentia.engines.features.sheet import Sheet
from services.essentia.engines.features.values import Values

# 738.3 bpm is what RhythmExtractor2013 says when it found nothing.
TEMPO_RANGE = (30.0, 300.0)
# On noise, a plain tone, a constant or a single click the tracker still draws a grid of beats, and a different one each
# time; those have at most one onset to twelve beats (measured), music and metronomes at least one to four.
MIN_ONSETS, MIN_ONSETS_PER_BEAT = 4, 1 / 8
GREATEST_CONFIDENCE = 5.32
VERY_LOW_CONFIDENCE = 1.0
SAME_TEMPO = 0.04
ON_BEAT_SECONDS = 0.07
DANCEABLE = 3.0
HISTOGRAM_FIELDS = tuple(
    f"bpm_{rank}_peak{part}" for rank in ("first", "second") for part in ("", "_weight", "_spread")
)


def measure_beats(sheet: Sheet) -> None:
    """Follows the beats window by window and fills what rests on them."""
    tempos, confidences, beats, intervals = [], [], [], []
    count = 0
    for start, samples in sheet.clip.windows(sheet.window_seconds):
        sheet.checkpoint()
        count += 1
        bpm, ticks, confidence, _, gaps = es.RhythmExtractor2013(method="multifeature")(samples)
        if _found(sheet, bpm, len(ticks), start, start + samples.size / SAMPLE_RATE):
            tempos.append(float(bpm))
            confidences.append(float(confidence))
            beats.append(np.asarray(ticks, np.float64) + start)
            intervals.append(np.asarray(gaps, np.float64))
    if not tempos:
        message = "no steady beat was found; the fields that rest on beats are absent"
        sheet.warn("TEMPO_NOT_FOUND", message, "rhythm.bpm")
        return
    if count > 1:
        message = f"the clip was followed in {count} windows, {len(tempos)} of them with beats; bpm is their median"
        sheet.warn("RHYTHM_WINDOWED", message, "rhythm.bpm")
    sheet.beats, sheet.beat_intervals = np.concatenate(beats), np.concatenate(intervals)
    sheet.series.put_array("beat_seconds", sheet.beats)
    _fill_beats(sheet, _middle(tempos), float(np.mean(confidences)))


def measure_degara(sheet: Sheet) -> None:
    """Fills the tempo by the degara method."""
    _second_opinion(sheet, "bpm_degara", lambda samples: float(es.RhythmExtractor2013(method="degara")(samples)[0]))


def measure_percival(sheet: Sheet) -> None:
    """Fills the tempo by Percival and Tzanetakis, and how far the three agree."""
    _second_opinion(sheet, "bpm_percival", lambda samples: float(es.PercivalBpmEstimator()(samples)))
    values = sheet.groups["rhythm"]
    bpm = values.get("bpm")
    if isinstance(bpm, float):
        others = [values.get(name) for name in ("bpm", "bpm_degara", "bpm_percival")]
        known = [other for other in others if isinstance(other, float)]
        values.put("bpm_agreement", sum(abs(other - bpm) <= SAME_TEMPO * bpm for other in known) / 3)


def measure_beat_loudness(sheet: Sheet) -> None:
    """Fills the energy at the beats."""
    if not len(sheet.beats):
        return
    values = sheet.groups["rhythm"]
    meter = es.BeatsLoudness(beats=sheet.beats.astype(np.float32), sampleRate=SAMPLE_RATE)
    loudness, ratios = meter(sheet.clip.mono)
    values.put_stats("beats_loudness", loudness)
    bass = np.asarray(ratios, np.float64).reshape(len(loudness), -1)[:, 0] if len(loudness) else np.empty(0)
    bass = bass[np.isfinite(bass)]
    values.put("beats_bass_ratio_mean", float(bass.mean()) if bass.size else None)


def measure_danceability(sheet: Sheet) -> None:
    """Fills danceability by detrended fluctuation, which looks at spans of up to 8.8 s."""
    values = sheet.groups["rhythm"]
    raw, exponents = es.Danceability()(sheet.clip.mono)
    values.put("danceability", raw)
    values.put("danceability_norm", min(float(raw) / DANCEABLE, 1.0))
    values.put("dfa_exponent_mean", float(np.mean(exponents)) if len(exponents) else None)


def _found(sheet: Sheet, bpm: float, beats: int, start: float, end: float) -> bool:
    onsets = int(((sheet.onsets >= start) & (sheet.onsets < end)).sum())
    enough = onsets >= max(MIN_ONSETS, beats * MIN_ONSETS_PER_BEAT)
    return beats > 1 and enough and TEMPO_RANGE[0] <= bpm <= TEMPO_RANGE[1]


def _fill_beats(sheet: Sheet, bpm: float, confidence: float) -> None:
    values, intervals = sheet.groups["rhythm"], sheet.beat_intervals
    values.put("bpm", bpm)
    values.put("beat_confidence", confidence)
    values.put("beat_confidence_norm", min(confidence / GREATEST_CONFIDENCE, 1.0))
    values["beat_count"] = len(sheet.beats)
    values.put("first_beat_seconds", float(sheet.beats[0]))
    if confidence < VERY_LOW_CONFIDENCE:
        message = f"the beat tracker's confidence is {confidence:.2f} of {GREATEST_CONFIDENCE}, which it calls very low"
        sheet.warn("TEMPO_UNCERTAIN", message, "rhythm.bpm")
    values.put_stats("beat_interval_seconds", intervals)
    if len(intervals) > 1 and intervals.mean() > 0:
        values.put("beat_regularity", 1 - min(1.0, float(intervals.std() / intervals.mean())))
    if len(intervals):
        _fill_histogram(values, intervals)
    nearest = np.abs(sheet.onsets[:, None] - _neighbours(sheet)).min(1)
    on_beat = float((nearest <= ON_BEAT_SECONDS).mean())
    values.put("on_beat_ratio", on_beat)
    values.put("syncopation", 1 - on_beat)


def _fill_histogram(values: Values, intervals: np.ndarray) -> None:
    peaks = [float(np.ravel(part)[0]) for part in es.BpmHistogramDescriptors()(intervals.astype(np.float32))[:6]]
    for first in (0, 3):
        # A peak at 0 bpm is the algorithm's way to say that there is none.
        if peaks[first] > 0:
            for name, value in zip(HISTOGRAM_FIELDS[first : first + 3], peaks[first : first + 3], strict=True):
                values.put(name, value)


def _neighbours(sheet: Sheet) -> np.ndarray:
    after = np.clip(np.searchsorted(sheet.beats, sheet.onsets), 0, len(sheet.beats) - 1)
    return np.stack((sheet.beats[np.maximum(after - 1, 0)], sheet.beats[after]), 1)


def _second_opinion(sheet: Sheet, name: str, estimate: Callable[[Samples], float]) -> None:
    if not len(sheet.beats):
        return
    tempos = []
    for _, samples in sheet.clip.windows(sheet.window_seconds):
        sheet.checkpoint()
        bpm = estimate(samples)
        if math.isfinite(bpm) and TEMPO_RANGE[0] <= bpm <= TEMPO_RANGE[1]:
            tempos.append(bpm)
    if tempos:
        sheet.groups["rhythm"].put(name, _middle(tempos))


def _middle(tempos: list[float]) -> float:
    # The lower median: the mean of 60 and 120 would be a tempo that nobody heard.
    return sorted(tempos)[(len(tempos) - 1) // 2]
