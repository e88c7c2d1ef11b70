"""Joins the pieces of all windows: one grid of beats, stretches of one tempo, bars, and how the tempo goes on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from services.essentia.engines.features import grid, meters, tempo_course, tempo_fields
from services.essentia.engines.features.sheet import Piece, Sheet
from services.essentia.engines.features.tempo import Alternative, near

Seconds = NDArray[np.float64]

# A meter of two beats of three.
IN_SIX = 6
# Where one piece ends and the next begins so near to its tempo, they are one.
GOES_ON = 0.02
# Points of its course by which the tempo at the end of a piece is told.
NEAREST = 4
# Between two windows so many beats may be missing, and are put in.
MISSING_BEATS = 2
# Tempos of segments that are nearer than this to one already told are no alternatives.
APART = 0.015
MOST_ALTERNATIVES = 3


@dataclass(frozen=True)
class Segment:
    """A stretch of one tempo, made of pieces: its course, and the piece that tells what it is; seconds."""

    start: float
    end: float
    bpm: float
    beats: Seconds
    piece: Piece
    seconds: Seconds
    tempos: Seconds

    @property
    def length(self) -> float:
        """Seconds."""
        return self.end - self.start


class TempoSegments:
    """The tempo of the whole: stretch by stretch, and of the one that lasts longest."""

    def __init__(self) -> None:
        self._pieces: list[Piece] = []
        self._bars: list[meters.Bars] = []

    def feed(self, window: Sheet) -> None:
        """Adds a window; one without beats counts for nothing."""
        start = window.start_seconds
        for piece in window.pieces:
            moved = replace(piece, start=piece.start + start, end=piece.end + start, beats=piece.beats + start)
            self._pieces.append(moved)
        if window.bars is not None:
            self._bars.append(replace(window.bars, beats=window.bars.beats + start))

    def finish(self, sheet: Sheet) -> None:
        """Fills in the tempo, its segments and course, the bars, and the beats in one list."""
        values, series = sheet.groups["rhythm"], sheet.series
        segments = join(self._pieces)
        if not segments:
            values["tempo_kind"] = tempo_course.NONE
            return
        longest = max(segments, key=lambda each: each.length)
        tempos = np.concatenate([each.tempos for each in segments])
        self._fill_tempo(sheet, segments, longest)
        values["tempo_kind"] = tempo_course.kind(longest.tempos, len(segments))
        values.put("tempo_stability", tempo_course.stability(tempos, longest.bpm))
        values["tempo_segments"] = tuple(
            {"start_seconds": each.start, "end_seconds": each.end, "bpm": each.bpm, "agreement": each.piece.agreement}
            for each in segments
        )
        beats = np.concatenate([each.beats for each in segments])
        meters.fill(values, series, beats, self._bars)
        # Beats of three have no halves.
        values.put("swing_ratio", None if values.get("meter") == IN_SIX else longest.piece.swing)
        values["beat_count"] = len(beats)
        values.put("first_beat_seconds", float(beats[0]))
        series.put_array("beat_seconds", beats)
        series["tempo_curve"] = tuple(
            {"seconds": float(at), "bpm": float(bpm)}
            for each in segments
            for at, bpm in zip(each.seconds, each.tempos, strict=True)
        )

    def _fill_tempo(self, sheet: Sheet, segments: Sequence[Segment], longest: Segment) -> None:
        values, share = sheet.groups["rhythm"], longest.length / sum(each.length for each in segments)
        if len(segments) == 1:
            tempo_fields.put_tempo(values, replace(longest.piece, bpm=longest.bpm))
            tempo_fields.put_estimates(values, longest.piece.estimates)
            return
        others: list[Alternative] = []
        named = sorted((each for each in segments if each is not longest), key=lambda each: each.length, reverse=True)
        found = (Alternative(each.bpm, each.piece.agreement * each.length / sheet.seconds, None) for each in named)
        for other in (*found, *longest.piece.others):
            if all(abs(other.bpm / known - 1) > APART for known in (longest.bpm, *(each.bpm for each in others))):
                others.append(other)
        told = replace(
            longest.piece,
            bpm=longest.bpm,
            agreement=longest.piece.agreement * share,
            octave_agreement=longest.piece.octave_agreement * share,
            others=tuple(others[:MOST_ALTERNATIVES]),
        )
        tempo_fields.put_tempo(values, told)
        tempo_fields.put_estimates(values, told.estimates)
        course = ", ".join(f"{each.bpm:.1f}" for each in segments[:8]) + (" …" if len(segments) > 8 else "")
        message = f"the tempo changes: {course} bpm in turn; bpm is that of the longest segment"
        sheet.warn("TEMPO_CHANGES", message, "rhythm.tempo_segments")


def join(pieces: Sequence[Piece]) -> list[Segment]:
    """Makes segments of pieces (s from the recording's start), in order: those whose tempos go on are one."""
    groups: list[list[Piece]] = []
    for piece in pieces:
        if groups and _goes_on(groups[-1][-1], piece):
            groups[-1].append(piece)
        else:
            groups.append([piece])
    return [_segment(group) for group in groups]


def _goes_on(before: Piece, after: Piece) -> bool:
    if abs(after.bpm / before.bpm - 1) <= GOES_ON / 2:
        return True
    # A tempo that stays the same is told by its line more exactly than by a few beats.
    if _steady(before) and _steady(after):
        return False
    ends, begins = _at(before, before.end, -1), _at(after, after.start, 1)
    return abs(begins / ends - 1) <= GOES_ON


def _at(piece: Piece, place: float, direction: int) -> float:
    """The tempo of a piece at one of its ends, by a line through the nearest points of its course."""
    seconds, tempos = (values[::direction][:NEAREST] for values in tempo_course.course(piece.beats))
    if len(seconds) < 2:
        return piece.bpm
    return float(np.polyval(np.polyfit(seconds - place, tempos, 1), 0))


def _steady(piece: Piece) -> bool:
    return grid.steady_bpm(piece.beats) is not None


def _segment(pieces: Sequence[Piece]) -> Segment:
    told = max(pieces, key=lambda piece: piece.end - piece.start)
    beats = pieces[0].beats
    for piece in pieces[1:]:
        beats = _continued(beats, piece.beats)
    seconds, tempos = tempo_course.course(beats)
    bpm = told.bpm
    if len(pieces) > 1:
        exact = grid.steady_bpm(beats)
        mean = 60 * (len(beats) - 1) / float(beats[-1] - beats[0])
        bpm = exact if exact is not None and near(exact, bpm) else mean
    return Segment(pieces[0].start, pieces[-1].end, bpm, beats, told, seconds, tempos)


def _continued(before: Seconds, after: Seconds) -> Seconds:
    """The beats of two neighbours in one list: none twice at the border, and those that are missing there put in."""
    period = float(np.median(np.diff(before[-8:]))) if len(before) > 1 else float(np.median(np.diff(after[:8])))
    after = after[after - before[-1] > period / 2]
    if not len(after):
        return before
    gap = after[0] - before[-1]
    count = round(gap / period)
    missing = np.empty(0)
    if 2 <= count <= MISSING_BEATS + 1 and abs(gap / period - count) < 0.2:
        missing = before[-1] + gap * np.arange(1, count) / count
    return np.concatenate((before, missing, after))
