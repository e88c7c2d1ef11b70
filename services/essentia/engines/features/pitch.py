"""Measures the pitch group: YIN always, the melody and the notes on request."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from numpy.typing import NDArray

from antiphon_wire.errors import AntiphonError
from services.essentia.contract import SAMPLE_RATE, SWIFT_F0
from services.essentia.engines.features.networks import DAMAGED, Networks
from services.essentia.engines.features.sheet import Sheet
from services.essentia.essentia_library import es

if TYPE_CHECKING:
    from services.essentia.engines.features.notes import Note

Network = TypeVar("Network")

# YIN's confidence from which its pitch counts.
SURE = 0.7
# Samples: Melodia's own (Salamon and Gómez 2012), a hop of 2.9 ms.
FRAME, HOP = 2048, 128
# Percent of the voiced frames: the range of the melody without its slips.
LOWEST_PERCENT, HIGHEST_PERCENT = 5, 95
# One value in four is used: 11.6 ms.
SERIES_EVERY = 4


@dataclass(frozen=True)
class Melody:
    """A pitch at even steps: seconds, Hz, confidence and whether there is one, (frames,) each."""

    seconds: NDArray[np.float64]
    hz: NDArray[np.float64]
    confidence: NDArray[np.float64]
    voiced: NDArray[np.bool_]


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
    """Follows the melody with what the request names."""
    engine = sheet.request.melody_engine
    melody = _swift_f0(sheet) if engine == SWIFT_F0 else _melodia(sheet)
    if melody is None:
        return
    values, voiced = sheet.groups["pitch"], melody.voiced
    values["f0_engine"] = engine
    if voiced.size:
        values.put("voiced_ratio", float(voiced.mean()))
    if not voiced.any():
        sheet.warn("MELODY_NOT_FOUND", "no melody was found; the f0 fields are absent", "pitch.f0_median_hz")
        return
    heard = melody.hz[voiced]
    low, middle, high = (float(value) for value in np.percentile(heard, (LOWEST_PERCENT, 50, HIGHEST_PERCENT)))
    values.put("f0_confidence_mean", float(melody.confidence[voiced].mean()))
    values.put("f0_p05_hz", low)
    values.put("f0_median_hz", middle)
    values.put("f0_p95_hz", high)
    values.put("f0_mean_hz", float(heard.mean()))
    values.put("f0_std_semitones", float((12 * np.log2(heard)).std()))
    values.put("f0_range_semitones", float(12 * np.log2(high / low)))
    sheet.series.put_array("melody_seconds", melody.seconds[voiced])
    sheet.series.put_array("melody_hz", heard)


def measure_notes(sheet: Sheet) -> None:
    """Finds the notes of all voices, where they were asked for."""
    if not sheet.request.notes:
        return
    values, length = sheet.groups["pitch"], sheet.clip.seconds
    network = _sound(sheet, _networks(sheet).basic_pitch, "pitch.note_count")
    if network is None:
        return
    notes = network.transcribe(sheet.clip.evened(), checkpoint=sheet.checkpoint)
    values["note_count"] = len(notes)
    values.put("note_rate_hz", len(notes) / length)
    if not notes:
        return
    seconds = np.array([note.end_seconds - note.start_seconds for note in notes])
    values.put("note_seconds_mean", float(seconds.mean()))
    values["note_midi_min"] = min(note.midi for note in notes)
    values["note_midi_max"] = max(note.midi for note in notes)
    values.put("polyphony_mean", float(seconds.sum()) / _covered(notes))
    sheet.series["notes"] = tuple(asdict(note) for note in notes)


def _sound(sheet: Sheet, network: Callable[[], Network], field: str) -> Network | None:
    """Gives a network; where its weights are damaged none, and a warning about what is absent."""
    try:
        return network()
    except AntiphonError as error:
        if error.reason not in DAMAGED:
            raise
        sheet.warn(error.reason, error.message, field)
        return None


def _swift_f0(sheet: Sheet) -> Melody | None:
    network = _sound(sheet, _networks(sheet).swift_f0, "pitch.f0_median_hz")
    if network is None:
        return None
    found = network.follow(sheet.clip.evened(), checkpoint=sheet.checkpoint)
    return Melody(found.seconds, found.hz, found.confidence, found.voiced)


def _melodia(sheet: Sheet) -> Melody:
    melodia = es.PredominantPitchMelodia(frameSize=FRAME, hopSize=HOP, sampleRate=SAMPLE_RATE)
    pitch, sure = melodia(es.EqualLoudness(sampleRate=SAMPLE_RATE)(sheet.clip.evened()))
    hz, confidence = (np.asarray(each, np.float64)[::SERIES_EVERY] for each in (pitch, sure))
    return Melody(np.arange(hz.size) * SERIES_EVERY * HOP / SAMPLE_RATE, hz, confidence, hz > 0)


def _networks(sheet: Sheet) -> Networks:
    return sheet.networks if sheet.networks is not None else Networks()


def _covered(notes: tuple[Note, ...]) -> float:
    # Seconds in which any note sounds; the notes come by start.
    covered = end = 0.0
    for note in notes:
        covered += max(0.0, note.end_seconds - max(note.start_seconds, end))
        end = max(end, note.end_seconds)
    return covered
