"""Settles tempo and beats by the estimators alone, where the networks are not installed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from services.essentia.engines.features import grid
from services.essentia.engines.features.onsets import FRAME_RATE, band_centres_hz
from services.essentia.engines.features.sheet import Piece, Sheet
from services.essentia.engines.features.tempo import Pulse, near, settle

Seconds = NDArray[np.float64]


def find(sheet: Sheet, rise: NDArray[np.float32], pulse: Pulse) -> tuple[Piece, ...]:
    """Gives the window as one piece; none where no tempo lies in the range, or nothing sounds at the beats."""
    request = sheet.request
    tempo = settle(sheet.tempos, pulse, request.min_bpm, request.max_bpm)
    if tempo is None:
        named = ", ".join(f"{bpm:.1f}" for bpm in sheet.tempos.values())
        sheet.warn(
            "TEMPO_OUT_OF_RANGE",
            f"{named} bpm were found, of which no octave lies between {request.min_bpm:g} and {request.max_bpm:g}",
            "rhythm.bpm",
        )
        return ()
    brought = _bring_to(sheet, tempo.bpm, rise.mean(1, dtype=np.float64))
    beats = grid.held(brought, sheet.clip.mono, rise, band_centres_hz(), FRAME_RATE)
    if len(beats) < 2:
        message = "nothing sounds at the beats; the fields that rest on them are absent"
        sheet.warn("TEMPO_NOT_FOUND", message, "rhythm.bpm")
        return ()
    exact = grid.steady_bpm(beats)
    bpm = exact if exact is not None and near(exact, tempo.bpm) else tempo.bpm
    return (
        Piece(
            0.0,
            sheet.seconds,
            bpm,
            beats,
            dict(sheet.tempos),
            tempo.agreement,
            tempo.octave_agreement,
            tempo.alternatives,
        ),
    )


def _bring_to(sheet: Sheet, bpm: float, strength: NDArray[np.float64]) -> Seconds:
    """The tracker's beats at the tempo settled on: of ``ratio`` beats the strongest, or beats put evenly between."""
    followed = sheet.tempos["multifeature"]
    for ratio in (2, 3, 4):
        if near(followed / ratio, bpm) and len(sheet.beats) > ratio:
            frames = np.clip(np.round(sheet.beats * FRAME_RATE).astype(int), 0, len(strength) - 1)
            heard = np.maximum(strength[frames], strength[np.maximum(frames - 1, 0)])
            phase = int(np.argmax([heard[start::ratio].mean() for start in range(ratio)]))
            return sheet.beats[phase::ratio]
        if near(followed * ratio, bpm):
            places = np.arange((len(sheet.beats) - 1) * ratio + 1) / ratio
            return np.interp(places, np.arange(len(sheet.beats)), sheet.beats)
    if not near(followed, bpm):
        message = f"the beats were followed at {followed:.1f} bpm, which is no octave of the tempo found, {bpm:.1f}"
        sheet.warn("BEATS_DISAGREE", message, "series.beat_seconds")
    return sheet.beats
