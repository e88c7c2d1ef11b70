"""Measures tempo, beats and danceability."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from services.essentia.contract import SAMPLE_RATE
from services.essentia.engines.features import beats, grid, percival
from services.essentia.engines.features.onsets import FRAME_RATE, band_centres_hz
from services.essentia.engines.features.sheet import Sheet
from services.essentia.engines.features.tempo import ESTIMATES, Pulse, near, settle
from services.essentia.engines.features.values import Values
from services.essentia.essentia_library import es

# Of 5.32 bits; Essentia's documentation calls less "very low".
VERY_LOW_CONFIDENCE = 1.0
# Essentia's danceability goes from 0 to about this for music; machines exceed it.
DANCEABLE = 3.0
HISTOGRAM_FIELDS = tuple(
    f"bpm_{rank}_peak{part}" for rank in ("first", "second") for part in ("", "_weight", "_spread")
)


def measure_beats(sheet: Sheet) -> None:
    """Follows the beats by five onset functions (Zapata et al. 2014) and leaves them on the sheet."""
    found = beats.follow(sheet.clip.mono)
    count = len(found.seconds)
    enough = beats.steady(len(sheet.onsets), count)
    # 738.3 bpm is what the tracker says when it found nothing.
    if count < 2 or not enough or not ESTIMATES[0] <= found.bpm <= ESTIMATES[1]:
        sheet.rise = None
        message = "no steady beat was found; the fields that rest on beats are absent"
        sheet.warn("TEMPO_NOT_FOUND", message, "rhythm.bpm")
        return
    sheet.beats = found.seconds
    sheet.tempos["multifeature"] = found.bpm
    _second_opinion(sheet, "degara", found.degara_bpm)
    sheet.groups["rhythm"].put("beat_confidence", found.confidence)


def measure_percival(sheet: Sheet) -> None:
    """Leaves the tempo by Percival and Tzanetakis on the sheet."""
    if len(sheet.beats):
        _second_opinion(sheet, "percival", percival.estimate(sheet.clip.mono))


def measure_tempo(sheet: Sheet) -> None:
    """Settles on one tempo, brings the beats to it and fills what rests on them."""
    values, request = sheet.groups["rhythm"], sheet.request
    # What is left on the sheet is kept for the whole recording, and this is megabytes a window.
    rise, sheet.rise = sheet.rise, None
    if rise is None or not len(sheet.beats):
        return
    pulse = Pulse(rise, band_centres_hz(), FRAME_RATE)
    repeated = pulse.bpm()
    if repeated is not None:
        sheet.tempos["autocorrelation"] = repeated
    for estimator, bpm in sheet.tempos.items():
        values.put(f"bpm_{estimator}", bpm)
    train = grid.train_bpm(sheet.onsets, rise, FRAME_RATE)
    if train is not None and ESTIMATES[0] <= train <= ESTIMATES[1]:
        sheet.tempos["onset_train"] = train
    values["tempo_estimates"] = tuple({"estimator": name, "bpm": bpm} for name, bpm in sheet.tempos.items())
    tempo = settle(sheet.tempos, pulse, request.min_bpm, request.max_bpm)
    if tempo is None:
        named = ", ".join(f"{bpm:.1f}" for bpm in sheet.tempos.values())
        sheet.warn(
            "TEMPO_OUT_OF_RANGE",
            f"{named} bpm were found, of which no octave lies between {request.min_bpm:g} and {request.max_bpm:g}",
            "rhythm.bpm",
        )
        sheet.beats = np.empty(0)
        return
    sheet.beats = _held(sheet, tempo.bpm, rise)
    if len(sheet.beats) < 2:
        sheet.warn(
            "TEMPO_NOT_FOUND", "nothing sounds at the beats; the fields that rest on them are absent", "rhythm.bpm"
        )
        sheet.beats = np.empty(0)
        return
    exact = grid.steady_bpm(sheet.beats)
    values.put("bpm", exact if exact is not None and near(exact, tempo.bpm) else tempo.bpm)
    values.put("bpm_agreement", tempo.agreement)
    values.put("bpm_octave_agreement", tempo.octave_agreement)
    values["bpm_alternatives"] = tuple(
        {"bpm": each.bpm, "agreement": each.agreement, "pulse_strength": each.pulse_strength}
        for each in tempo.alternatives
    )
    if not tempo.agreement:
        message = (
            f"no estimator names {tempo.bpm:.1f} bpm: it is the octave of their tempos that lies between "
            f"{request.min_bpm:g} and {request.max_bpm:g}"
        )
        sheet.warn("TEMPO_UNCERTAIN", message, "rhythm.bpm")
    sheet.beat_intervals = np.diff(sheet.beats)
    sheet.series.put_array("beat_seconds", sheet.beats)
    _fill_beats(sheet)


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


def _held(sheet: Sheet, bpm: float, rise: NDArray[np.float32]) -> NDArray[np.float64]:
    """The beats at the tempo settled on, on the strokes, and only where something sounds."""
    brought = _bring_to(sheet, bpm, rise.mean(1, dtype=np.float64))
    # What the tracker drew into silence would keep a line from being found.
    straight = grid.straightened(grid.where_it_sounds(brought, sheet.clip.mono))
    on_strokes = grid.on_strokes(straight, rise, band_centres_hz(), FRAME_RATE)
    return grid.where_it_sounds(on_strokes, sheet.clip.mono)


def _bring_to(sheet: Sheet, bpm: float, strength: NDArray[np.float64]) -> NDArray[np.float64]:
    """The tracker's beats at the tempo settled on: of ``ratio`` beats the strongest, or beats put evenly between."""
    followed = sheet.tempos["multifeature"]
    for ratio in (2, 3, 4):
        if near(followed / ratio, bpm) and len(sheet.beats) > ratio:
            frames = np.clip(np.round(sheet.beats * FRAME_RATE).astype(int), 0, len(strength) - 1)
            heard = np.maximum(strength[frames], strength[np.maximum(frames - 1, 0)])
            phase = int(np.argmax([heard[start::ratio].mean() for start in range(ratio)]))
            return sheet.beats[phase::ratio]
        if near(followed * ratio, bpm):
            return np.interp(
                np.arange((len(sheet.beats) - 1) * ratio + 1) / ratio, np.arange(len(sheet.beats)), sheet.beats
            )
    if not near(followed, bpm):
        message = f"the beats were followed at {followed:.1f} bpm, which is no octave of the tempo found, {bpm:.1f}"
        sheet.warn("BEATS_DISAGREE", message, "series.beat_seconds")
    return sheet.beats


def _fill_beats(sheet: Sheet) -> None:
    values, intervals = sheet.groups["rhythm"], sheet.beat_intervals
    confidence = values.get("beat_confidence")
    if isinstance(confidence, float):
        values.put("beat_confidence_norm", min(max(confidence / beats.FULL_AGREEMENT, 0.0), 1.0))
    values["beat_count"] = len(sheet.beats)
    values.put("first_beat_seconds", sheet.start_seconds + float(sheet.beats[0]))
    if isinstance(confidence, float) and confidence < VERY_LOW_CONFIDENCE:
        message = (
            f"the beat tracker's confidence is {confidence:.2f} of {beats.FULL_AGREEMENT:g}, which it calls very low"
        )
        sheet.warn("TEMPO_UNCERTAIN", message, "rhythm.bpm")
    values.put_stats("beat_interval_seconds", intervals)
    if len(intervals) > 1 and intervals.mean() > 0:
        values.put("beat_regularity", 1 - min(1.0, float(intervals.std() / intervals.mean())))
    if len(intervals):
        _fill_histogram(values, intervals)
    on_beat = float((~beats.off_beat(sheet.onsets, sheet.beats)).mean())
    values.put("on_beat_ratio", on_beat)
    values.put("syncopation", 1 - on_beat)


def _fill_histogram(values: Values, intervals: np.ndarray) -> None:
    peaks = [float(np.ravel(part)[0]) for part in es.BpmHistogramDescriptors()(intervals.astype(np.float32))[:6]]
    for first in (0, 3):
        # A peak at 0 bpm is the algorithm's way to say that there is none.
        if peaks[first] > 0:
            for name, value in zip(HISTOGRAM_FIELDS[first : first + 3], peaks[first : first + 3], strict=True):
                values.put(name, value)


def _second_opinion(sheet: Sheet, name: str, bpm: float) -> None:
    if ESTIMATES[0] <= bpm <= ESTIMATES[1]:
        sheet.tempos[name] = bpm
