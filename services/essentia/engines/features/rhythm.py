"""Measures tempo, beats and danceability."""

from __future__ import annotations

import numpy as np

from chassis.reports import WarningReport
from services.essentia.contract import SAMPLE_RATE
from services.essentia.engines.features import beats, by_estimators, grid, percival, pieces, tempo_fields
from services.essentia.engines.features.onsets import FRAME_RATE, band_centres_hz
from services.essentia.engines.features.sheet import Sheet
from services.essentia.engines.features.tempo import ESTIMATES, Pulse
from services.essentia.essentia_library import es

# Essentia's danceability goes from 0 to about this for music; machines exceed it.
DANCEABLE = 3.0


def measure_beats(sheet: Sheet) -> None:
    """Follows the beats by five onset functions (Zapata et al. 2014) and leaves them on the sheet."""
    found = beats.follow(sheet.clip.evened())
    count = len(found.seconds)
    enough = beats.steady(len(sheet.onsets), count)
    # 738.3 bpm is what the tracker says when it found nothing.
    if count < 2 or not enough or not ESTIMATES[0] <= found.bpm <= ESTIMATES[1]:
        sheet.rise = None
        message = "no steady beat was found; the fields that rest on beats are absent"
        sheet.warn("TEMPO_NOT_FOUND", message, "rhythm.bpm")
        return
    sheet.beats = found.seconds
    sheet.followed = {"multifeature": found.seconds, "degara": found.degara_seconds}
    sheet.tempos["multifeature"] = found.bpm
    _second_opinion(sheet, "degara", found.degara_bpm)
    sheet.groups["rhythm"].put("beat_confidence", found.confidence)


def measure_percival(sheet: Sheet) -> None:
    """Leaves the tempo by Percival and Tzanetakis on the sheet."""
    if len(sheet.beats):
        _second_opinion(sheet, "percival", percival.estimate(sheet.clip.evened()))


def measure_heard(sheet: Sheet) -> None:
    """Leaves on the sheet how likely the networks hear a beat or a downbeat, as far as they are installed."""
    if not len(sheet.beats) or sheet.networks is None:
        return
    network = sheet.networks.beats("rhythm.bpm_beatnet")
    if isinstance(network, WarningReport):
        sheet.warnings.append(network)
    else:
        sheet.activations = network.hear([sheet.clip.evened()], SAMPLE_RATE, sheet.checkpoint)


def measure_tempo(sheet: Sheet) -> None:
    """Settles on the tempo of each piece and its beats, and fills what rests on them."""
    # What is left on the sheet is kept for the whole recording, and this is megabytes a window.
    rise, sheet.rise = sheet.rise, None
    if rise is None or not len(sheet.beats):
        return
    pulse = Pulse(rise, band_centres_hz(), FRAME_RATE)
    repeated = pulse.bpm()
    if repeated is not None:
        sheet.tempos["autocorrelation"] = repeated
    train = grid.train_bpm(sheet.onsets, rise, FRAME_RATE)
    if train is not None and ESTIMATES[0] <= train <= ESTIMATES[1]:
        sheet.tempos["onset_train"] = train
    if sheet.activations is None:
        sheet.pieces = by_estimators.find(sheet, rise, pulse)
    else:
        sheet.pieces = tuple(pieces.find(sheet, rise, pulse))
    said = tempo_fields.longest(sheet.pieces).estimates if sheet.pieces else sheet.tempos
    tempo_fields.put_estimates(sheet.groups["rhythm"], said)
    sheet.beats = np.concatenate([np.empty(0), *(piece.beats for piece in sheet.pieces)])
    if sheet.pieces:
        sheet.beat_intervals = np.concatenate([np.diff(piece.beats) for piece in sheet.pieces])
        sheet.series.put_array("beat_seconds", sheet.beats)
        tempo_fields.fill_tempo(sheet)
        tempo_fields.fill_beats(sheet)


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
    raw, exponents = es.Danceability()(sheet.clip.evened())
    values.put("danceability", raw)
    values.put("danceability_norm", min(float(raw) / DANCEABLE, 1.0))
    values.put("dfa_exponent_mean", float(np.mean(exponents)) if len(exponents) else None)


def _second_opinion(sheet: Sheet, name: str, bpm: float) -> None:
    if ESTIMATES[0] <= bpm <= ESTIMATES[1]:
        sheet.tempos[name] = bpm
