"""Takes a window apart where its tempo changes, and settles tempo and beats of each piece by the networks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.essentia.engines.features import (
    beat_path,
    beats,
    grid,
    phase,
    readings,
    recurrence,
    swing,
    tempo_course,
    tempo_jumps,
)
from services.essentia.engines.features.onsets import FRAME_RATE, band_centres_hz
from services.essentia.engines.features.sheet import Piece, Sheet
from services.essentia.engines.features.tempo import RELATIVES, Alternative, Pulse, near, share

Seconds = NDArray[np.float64]

NETWORKS = "beatnet"
"""What the networks are called among the estimators."""
# Frames of the networks a second: services.essentia.networks.beats tells it too, and loads ONNX Runtime.
FRAMES_PER_SECOND = 50.0
# Pieces of one recording are read in one octave, unless that is so much less likely (nats) for one of them.
ALIKE, MUCH_LESS = 0.015, 3.0
# A reading at another tempo that is less likely by no more than this (nats) may as well be the right one.
HARDLY_LESS = 0.5
MOST_ALTERNATIVES = 3
# The same strokes are hardcore at 210 and house at 105, of which there is more: above this the half is answered where
# such a share of the estimators names it, and the networks' own tempo stays among the estimates.
VERY_FAST, MOST = 200.0, 0.5


@dataclass(frozen=True)
class _Read:
    """A piece on its way: its span (s), what is heard of it, its readings, and those that the caller's range allows."""

    start: float
    end: float
    stretch: readings.Stretch
    found: list[readings.Reading]
    wanted: list[readings.Reading]


def find(sheet: Sheet, rise: NDArray[np.float32], pulse: Pulse) -> list[Piece]:
    """Gives the pieces of a window of which the networks' activations are on the sheet, in order.

    Those in which nothing keeps time are left out; none is left where that is so of all.
    """
    assert sheet.activations is not None
    heard = sheet.activations.astype(np.float64)
    path = beat_path.find(heard[:, 0] + heard[:, 1], FRAMES_PER_SECOND, readings.SLOWEST, readings.FASTEST)
    followed = path.frames / FRAMES_PER_SECOND
    spans = tempo_jumps.spans(followed, sheet.seconds)
    if len(spans) == 1 and tempo_course.kind(tempo_course.course(followed)[1], 1) == tempo_course.DRIFTING:
        # Of a tempo that drifts nothing recurs after the same time: only after as many beats.
        pulse = Pulse(tempo_jumps.evened(rise, FRAME_RATE, followed), band_centres_hz(), FRAME_RATE)
    read: list[_Read] = []
    for start, end in spans:
        sheet.checkpoint()
        stretch = _stretch(sheet, heard, rise, (start, end), pulse if len(spans) == 1 else None)
        found = readings.read(stretch)
        if found and recurrence.keeps_time(stretch, found[0]):
            wanted = _wanted(found, sheet.request.min_bpm, sheet.request.max_bpm)
            read.append(_Read(start, end, stretch, found, wanted))
    inside = [each for each in read if each.wanted]
    if not inside:
        _say_why(sheet, [each.found[0].bpm for each in read])
        return []
    guide = sheet.tempo_before or _slower(max(inside, key=lambda each: each.end - each.start)).bpm
    made = [_piece(sheet, rise, each, _agreeing(each, guide)) for each in inside]
    return [piece for piece in made if len(piece.beats) > 1]


def _say_why(sheet: Sheet, tempos: list[float]) -> None:
    if tempos:
        named = ", ".join(f"{bpm:.1f}" for bpm in tempos)
        request = sheet.request
        sheet.warn(
            "TEMPO_OUT_OF_RANGE",
            f"{named} bpm were found, of which no octave lies between {request.min_bpm:g} and {request.max_bpm:g}",
            "rhythm.bpm",
        )
    else:
        message = "nothing recurs from beat to beat, as in speech, noise or a held tone; what rests on beats is absent"
        sheet.warn("TEMPO_NOT_FOUND", message, "rhythm.bpm")


def _stretch(
    sheet: Sheet, heard: NDArray[np.float64], rise: NDArray[np.float32], span: tuple[float, float], whole: Pulse | None
) -> readings.Stretch:
    start, end = span
    frames = slice(round(start * FRAMES_PER_SECOND), round(end * FRAMES_PER_SECOND))
    part, centres = rise[round(start * FRAME_RATE) : round(end * FRAME_RATE)], band_centres_hz()
    estimates, pulse = dict(sheet.tempos), whole
    if pulse is None:
        # Of a piece the trackers' beats tell the tempo; the others have heard the whole window.
        pulse = Pulse(part, centres, FRAME_RATE)
        within = {name: track[(track >= start) & (track < end)] for name, track in sheet.followed.items()}
        estimates = {name: beats.tempo(track) for name, track in within.items()}
        estimates["autocorrelation"] = pulse.bpm() or 0.0
    low, high = readings.NAMED
    estimates = {name: bpm for name, bpm in estimates.items() if low <= bpm <= high}
    strokes = readings.strokes(part, centres)
    return readings.Stretch(heard[frames], FRAMES_PER_SECOND, strokes, FRAME_RATE, pulse, estimates)


def _wanted(found: list[readings.Reading], slowest: float, fastest: float) -> list[readings.Reading]:
    """The readings within a range; of the family of the likeliest one, where that lies outside."""
    best = found[0].bpm
    relatives = (1.0,) if slowest <= best <= fastest else (1 / 4, 1 / 3, 1 / 2, 2.0, 3.0, 4.0)
    inside = [each for each in found if slowest <= each.bpm <= fastest]
    if relatives == (1.0,):
        return inside
    return [each for each in inside if any(near(each.bpm, best * ratio) for ratio in relatives)]


def _slower(read: _Read) -> readings.Reading:
    """The likeliest reading; at half its tempo where that is very fast, and most of the estimators name the half."""
    best, named = read.wanted[0], list(read.stretch.estimates.values())
    # Of a metronome every stroke is a beat.
    train = near(read.stretch.estimates.get("onset_train", 0.0), best.bpm)
    if best.bpm > VERY_FAST and not train and named and share(best.bpm / 2, named) >= MOST:
        return next((each for each in read.wanted if near(each.bpm, best.bpm / 2)), best)
    return best


def _agreeing(read: _Read, bpm: float) -> readings.Reading:
    """The reading at one tempo where that is likely enough, or else the likeliest."""
    best = _slower(read)
    for each in read.wanted:
        if abs(each.bpm / bpm - 1) <= ALIKE and each.likelihood > best.likelihood - MUCH_LESS:
            return each
    return best


def _apart(found: list[readings.Reading], bpm: float) -> list[readings.Reading]:
    """The readings at other tempos than one, the likeliest of those that are near each other."""
    kept: list[readings.Reading] = []
    for each in found:
        if not any(near(each.bpm, other) for other in (bpm, *(one.bpm for one in kept))):
            kept.append(each)
    return kept


def _piece(sheet: Sheet, rise: NDArray[np.float32], read: _Read, chosen: readings.Reading) -> Piece:
    heard = read.stretch
    late = phase.later(chosen.seconds, heard.beats, heard.rate, heard.strokes[0], heard.stroke_rate)
    placed = phase.moved(chosen.seconds, late) + read.start
    seconds = grid.held(placed, sheet.clip.mono, rise, band_centres_hz(), FRAME_RATE, in_phase=True)
    seconds = seconds[(seconds >= read.start - grid.NEAR_SECONDS) & (seconds < read.end)]
    exact = grid.steady_bpm(seconds)
    bpm = exact if exact is not None and near(exact, chosen.bpm) else chosen.bpm
    estimates: Mapping[str, float] = {**read.stretch.estimates, NETWORKS: read.found[0].bpm}
    named = list(estimates.values())
    rivals = _apart(read.wanted, bpm)
    return Piece(
        read.start,
        read.end,
        bpm,
        seconds,
        estimates,
        share(bpm, named),
        share(bpm, named, RELATIVES),
        tuple(
            Alternative(each.bpm, share(each.bpm, named), read.stretch.pulse.strength(each.bpm))
            for each in rivals[:MOST_ALTERNATIVES]
        ),
        bool(rivals) and chosen.likelihood - rivals[0].likelihood < HARDLY_LESS,
        chosen.triplets,
        swing.ratio(seconds - read.start, heard.strokes, FRAME_RATE),
        phase.struck(seconds - read.start, heard.strokes[0], heard.stroke_rate),
    )
