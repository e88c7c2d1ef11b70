"""Fills the fields that say what tempo was found, who names it, and how even its beats are."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from services.essentia.engines.features import beats
from services.essentia.engines.features.sheet import Piece, Sheet
from services.essentia.engines.features.tempo import near
from services.essentia.engines.features.values import Values
from services.essentia.essentia_library import es

# Of 5.32 bits; Essentia's documentation calls less "very low".
VERY_LOW_CONFIDENCE = 1.0
# Beats below which the octave is told less surely.
FEW_BEATS = 8
# Those with a field of their own.
ESTIMATORS = ("multifeature", "degara", "percival", "autocorrelation", "beatnet")
HISTOGRAM_FIELDS = tuple(
    f"bpm_{rank}_peak{part}" for rank in ("first", "second") for part in ("", "_weight", "_spread")
)


def longest(pieces: tuple[Piece, ...]) -> Piece:
    """Gives the longest of some pieces, which speaks for the whole."""
    return max(pieces, key=lambda piece: piece.end - piece.start)


def put_estimates(values: Values, estimates: Mapping[str, float]) -> None:
    """Puts what each estimator says, bpm by its name."""
    for name in ESTIMATORS:
        values.put(f"bpm_{name}", estimates.get(name))
    values["tempo_estimates"] = tuple({"estimator": name, "bpm": bpm} for name, bpm in estimates.items())


def fill_tempo(sheet: Sheet) -> None:
    """Fills the tempo of the longest piece, and how sure it is."""
    values, request, piece = sheet.groups["rhythm"], sheet.request, longest(sheet.pieces)
    put_tempo(values, piece)
    if not piece.agreement:
        message = (
            f"no estimator names {piece.bpm:.1f} bpm: it is what lies between {request.min_bpm:g} and "
            f"{request.max_bpm:g}, or agrees with the rest of the recording"
        )
        sheet.warn("TEMPO_UNCERTAIN", message, "rhythm.bpm")
    elif not any(near(bpm, piece.bpm) for name, bpm in piece.estimates.items() if name != "beatnet"):
        others = ", ".join(f"{bpm:.1f}" for name, bpm in piece.estimates.items() if name != "beatnet")
        message = f"only the networks come to {piece.bpm:.1f} bpm; the others say {others}"
        sheet.warn("TEMPO_UNCERTAIN", message, "rhythm.bpm")
    elif piece.doubtful:
        message = f"{piece.others[0].bpm:.1f} bpm is about as likely as {piece.bpm:.1f}"
        sheet.warn("TEMPO_UNCERTAIN", message, "rhythm.bpm")
    elif len(piece.beats) < FEW_BEATS:
        message = f"{len(piece.beats)} beats are few to tell which of them a listener counts"
        sheet.warn("TEMPO_UNCERTAIN", message, "rhythm.bpm")


def put_tempo(values: Values, piece: Piece) -> None:
    """Puts a piece's tempo, agreement and alternatives."""
    values.put("bpm", piece.bpm)
    values.put("bpm_agreement", piece.agreement)
    values.put("bpm_octave_agreement", piece.octave_agreement)
    values["bpm_alternatives"] = tuple(
        {"bpm": each.bpm, "agreement": each.agreement}
        | ({} if each.pulse_strength is None else {"pulse_strength": each.pulse_strength})
        for each in piece.others
    )


def fill_beats(sheet: Sheet) -> None:
    """Fills what rests on the beats alone, and on the onsets on and between them."""
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
