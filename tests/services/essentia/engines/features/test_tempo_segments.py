"""The tempo of the whole: one grid over all windows, stretches of one tempo each, and how the tempo goes on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from bench.accuracy.grooves import CALIBRATION
from bench.accuracy.playing import play
from chassis.audio import Audio
from chassis.models import Store
from services.essentia.contract import SAMPLE_RATE, AnalysisRequest, GroupFeatures
from services.essentia.engines.features import Features, meters, swing, tempo_course, tempo_jumps, tempo_segments
from services.essentia.engines.features.sheet import Piece
from services.essentia.engines.features.values import Values
from tests.services.essentia.conftest import Analyze
from tests.services.essentia.engines.features.test_grid import four_on_the_floor

STYLES = {groove.name: groove for groove in CALIBRATION}


def piece(start: float, beats: np.ndarray, bpm: float) -> Piece:
    return Piece(start, float(beats[-1]) + 30 / bpm, bpm, beats, {"a": bpm}, 1.0, 1.0, ())


def steady(start: float, end: float, bpm: float) -> Piece:
    return piece(start, np.arange(start, end - 0.1, 60 / bpm), bpm)


def test_pieces_of_one_tempo_are_one_segment_whose_line_goes_through_all() -> None:
    found = tempo_segments.join([steady(0, 60, 120), steady(60, 120, 120)])
    assert [(each.start, round(each.end)) for each in found] == [(0, 120)]
    assert found[0].bpm == pytest.approx(120, rel=1e-6)
    assert found[0].beats == pytest.approx(np.arange(240) / 2)


def test_a_border_between_windows_has_no_beat_twice_and_none_missing() -> None:
    beats = np.arange(0, 120, 0.5)
    twice = tempo_segments.join([piece(0, beats[:121], 120), piece(60, beats[120:] + 0.01, 120)])
    assert len(twice[0].beats) == len(beats)
    missing = tempo_segments.join([piece(0, beats[:119], 120), piece(60, beats[121:], 120)])
    assert missing[0].beats == pytest.approx(beats)


def test_a_tempo_that_jumps_makes_two_segments_and_one_that_creeps_makes_one() -> None:
    assert [each.bpm for each in tempo_segments.join([steady(0, 60, 124), steady(60, 90, 128)])] == [124, 128]
    creeping = np.cumsum(60 / np.linspace(100, 140, 120))
    halves = [piece(0, creeping[:60], 108.0), piece(float(creeping[59]), creeping[60:], 128.0)]
    assert len(tempo_segments.join(halves)) == 1


def test_the_course_of_a_tempo_is_followed_and_has_a_kind() -> None:
    seconds, tempos = tempo_course.course(np.cumsum(60 / np.linspace(100, 140, 80)))
    assert tempos == pytest.approx(np.interp(seconds, [0, 40], [100, 140]), rel=0.06)
    assert tempo_course.kind(tempos, 1) == "drifting"
    hands = 0.5 * np.arange(80) + np.random.default_rng(0).normal(0, 0.008, 80)
    _, even = tempo_course.course(np.delete(hands, [20, 40]))
    assert even == pytest.approx(120, rel=0.02)
    assert tempo_course.kind(even, 1) == "steady"
    assert tempo_course.kind(even, 2) == "changing"
    assert tempo_course.stability(np.array([120.0, 121.0, 90.0, 150.0]), 120) == 0.5


@pytest.mark.parametrize(("share", "expected"), [(0.5, 1.0), (0.6, 1.5), (2 / 3, 2.0)])
def test_swing_is_where_the_stroke_between_two_beats_lies(share: float, expected: float) -> None:
    beats, rate = 0.4 + 0.6 * np.arange(30), 86.1328125
    strokes = np.full((3, 1700), 0.01)
    for place in (*beats, *(beats + 0.6 * share)):
        strokes[:, round(place * rate)] = 1
    assert swing.ratio(beats, strokes, rate) == pytest.approx(expected, rel=0.08)


def test_beats_without_strokes_between_or_in_three_do_not_swing() -> None:
    beats, rate = 0.4 + 0.6 * np.arange(30), 86.1328125
    strokes = np.full((3, 1700), 0.01)
    strokes[:, np.round(beats * rate).astype(int)] = 1
    assert swing.ratio(beats, strokes, rate) is None
    for share in (0.2, 0.4):
        strokes[:, np.round((beats + share) * rate).astype(int)] = 1
    assert swing.ratio(beats, strokes, rate) is None


def test_a_meter_that_changes_is_told_in_stretches_and_single_odd_bars_are_not() -> None:
    counted = np.array([4] * 24 + [3] * 24)
    places = np.concatenate((np.arange(24) % 4, np.arange(24) % 3))
    beats, values, series = 0.5 * np.arange(48), Values(), Values()
    meters.fill(values, series, beats, [meters.Bars(beats, places, counted)])
    assert [(each["start_seconds"], each["meter"]) for each in values["meter_segments"]] == [(0, 4), (12, 3)]  # type: ignore[attr-defined]
    assert series["downbeat_seconds"] == tuple(beats[places == 0])
    odd = replace(meters.Bars(beats, places, counted), meters=np.array([4] * 20 + [3] * 3 + [4] * 25))
    meters.fill(values, series, beats, [odd])
    assert values["meter"] == 4
    assert len(values["meter_segments"]) == 1  # type: ignore[arg-type]


def test_bars_that_are_known_of_less_than_half_have_no_meter() -> None:
    beats, values = 0.5 * np.arange(40), Values()
    counted = np.array([4] * 16 + [0] * 24)
    meters.fill(values, Values(), beats, [meters.Bars(beats, np.where(counted, np.arange(40) % 4, -1), counted)])
    assert "meter" not in values


@pytest.fixture
def networks(models: Store) -> None:
    """Skips where the networks are not installed."""
    if not models.installed("beatnet"):
        pytest.skip("beatnet is not installed: antiphon models pull beatnet")


@pytest.mark.weights
@pytest.mark.usefixtures("networks")
@pytest.mark.parametrize(
    ("course", "kind"),
    [
        (lambda _: 1.0, "steady"),
        (lambda share: 1 + 0.3 * share, "drifting"),
        (lambda share: 1 + 0.12 * (share > 0.5), "changing"),
    ],
)
def test_a_tempo_that_stays_creeps_or_jumps_is_named(
    analyze: Analyze, course: Callable[[float], float], kind: str
) -> None:
    played = play(STYLES["rock"], seed=78000, seconds=50, bpm=112.0, course=course)
    found = analyze(played.samples[None], "rhythm", include_series=True)
    rhythm = found.groups["rhythm"]
    assert rhythm["tempo_kind"] == kind
    segments = [each["bpm"] for each in rhythm["tempo_segments"]]  # type: ignore[attr-defined]
    if kind == "changing":
        assert segments == pytest.approx([112, 125.44], rel=0.005)
        assert "TEMPO_CHANGES" in found.reasons()
        assert found.number("rhythm.bpm_agreement") < 0.75  # type: ignore[operator]
    else:
        assert len(segments) == 1
        assert (found.number("rhythm.tempo_stability") == 1) == (kind == "steady")
    curve = found.groups["series"]["tempo_curve"]
    for point in curve[2:-2]:  # type: ignore[index]
        # A line through nine beats of 20 ms, and of a course that bends.
        assert point["bpm"] == pytest.approx(112 * course(point["seconds"] / 50), rel=0.03) or kind == "changing"


@pytest.mark.weights
@pytest.mark.usefixtures("networks")
def test_windows_do_not_break_the_grid(models: Store) -> None:
    music = four_on_the_floor(127.3, 124)
    request = AnalysisRequest(("rhythm",), include_series=True)
    events = list(Features(60, models).analyze(Audio(music, SAMPLE_RATE), request))
    found = {event.group: event.values for event in events if isinstance(event, GroupFeatures)}
    beats = np.asarray(found["series"]["beat_seconds"])
    # 7 ms: half a frame of the onsets, 11.6 ms, at either side of a beat of which the grid of a window is sure.
    assert np.diff(beats) == pytest.approx(60 / 127.3, abs=0.025)
    assert found["rhythm"]["bpm"] == pytest.approx(127.3, rel=1e-4)
    assert found["rhythm"]["beat_count"] == len(beats)
    assert len(found["rhythm"]["tempo_segments"]) == 1  # type: ignore[arg-type]


def test_what_keeps_no_time_is_of_the_kind_none(analyze: Analyze) -> None:
    noise = np.random.default_rng(1).normal(0, 0.1, (1, 6 * SAMPLE_RATE)).astype(np.float32)
    assert analyze(noise, "rhythm").groups["rhythm"]["tempo_kind"] == "none"


def test_strokes_of_a_tempo_that_creeps_come_evenly_once_they_are_evened() -> None:
    rate, beats = 86.1328125, np.cumsum(60 / np.linspace(100, 140, 80))
    rise = np.zeros((round(42 * rate), 2), np.float32)
    # Two frames each: where time is squeezed a frame may be passed over.
    rise[np.round(beats * rate).astype(int)[:, None] + np.arange(2)] = 5
    evened = tempo_jumps.evened(rise, rate, np.delete(beats, [30, 31]))
    strokes = np.flatnonzero(evened[:, 0]) / rate
    assert np.diff(strokes)[np.diff(strokes) > 0.1] == pytest.approx(np.diff(beats).mean(), abs=2.5 / rate)
