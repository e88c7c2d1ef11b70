"""What the time line does with time stamps that no muxer would write."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.audio.timeline import Decoded, Origin, Piece, Silence, TimeLine
from chassis.audio.timeline.findings import MAX_HOLES

RATE = 48_000
AT_ZERO = Origin(0.0)
MILLISECOND = Fraction(1, 1000)


@dataclass
class Frame:
    """As much of a frame as a time line looks at."""

    pts: int | None
    samples: int = 960
    sample_rate: int = RATE
    time_base: Fraction = MILLISECOND


def never_too_long(_frames: int) -> None:
    return


def walk(stamps: list[int | None], origin: Origin | None = AT_ZERO) -> tuple[list[object], TimeLine]:
    line = TimeLine(RATE, origin, never_too_long)
    frames = [Frame(stamp) for stamp in stamps]
    lead = line.start(frames[0])  # type: ignore[arg-type]

    def decoded() -> Iterator[Decoded]:
        return (Decoded(frame) for frame in frames)  # type: ignore[arg-type]

    return [*([lead] if lead else []), *line.through(decoded())], line


def length(found: list[object]) -> int:
    return sum(item.frames if isinstance(item, Silence) else item.frame.samples - item.cut for item in found)  # type: ignore[union-attr]


stamps = st.one_of(st.none(), st.integers(-(2**62), 2**62), st.integers(-2000, 20_000))


@given(st.lists(stamps, min_size=1, max_size=60))
def test_whatever_the_time_stamps_say_the_line_is_what_it_counts_and_bounded(given_stamps: list[int | None]) -> None:
    found, line = walk(given_stamps)
    assert length(found) == line.position
    silence = sum(item.frames for item in found if isinstance(item, Silence))
    assert silence <= 3600 * RATE * len(given_stamps)
    # Frames stay in their order, and none comes twice.
    pieces = [item.frame for item in found if isinstance(item, Piece)]
    assert len(pieces) == len({id(frame) for frame in pieces})
    assert all(0 <= item.cut < item.frame.samples for item in found if isinstance(item, Piece))


@given(st.lists(st.integers(-7, 7), min_size=2, max_size=200))
def test_a_wobble_below_half_a_packet_moves_nothing(wobble: list[int]) -> None:
    found, line = walk([20 * index + each for index, each in enumerate(wobble)])
    assert [type(item) for item in found] == [Piece] * len(wobble)
    assert line.position == 960 * len(wobble)


@given(st.integers(0, 49), st.integers(1, 40))
def test_packets_that_are_missing_are_silence_to_the_sample(at: int, missing: int) -> None:
    found, line = walk([20 * (index + (missing if index > at else 0)) for index in range(51)])
    silence = [item for item in found if isinstance(item, Silence)]
    assert [item.frames for item in silence] == [960 * missing]
    assert line.findings.report().holes[0].start_seconds == (at + 1) * 960 / RATE


def test_a_clock_that_runs_fast_is_followed_within_a_packet() -> None:
    # 1 % too fast: a frame of 20 ms every 20.2 ms, as recorders write whose sound card runs slow.
    stamps = [round(20.2 * index) for index in range(5_000)]
    found, line = walk(list(stamps))
    position, worst = 0, 0.0
    for item in found:
        if isinstance(item, Piece):
            worst = max(worst, abs(position / RATE - (item.frame.pts or 0) / 1000))
        position += item.frames if isinstance(item, Silence) else item.frame.samples
    assert worst < 0.02
    assert line.position == pytest.approx(5_000 * 0.0202 * RATE, abs=0.02 * RATE)


def test_frames_without_time_stamps_follow_the_one_before() -> None:
    found, line = walk([None, None, 40, None, 580, 600])
    assert [item.frames if isinstance(item, Silence) else 0 for item in found] == [0, 0, 0, 0, 500 * 48, 0, 0]
    assert line.position == 6 * 960 + 500 * 48


def test_without_a_clock_nothing_is_moved() -> None:
    found, line = walk([0, 5000, 20], origin=None)
    assert [type(item) for item in found] == [Piece] * 3
    assert line.findings.warnings() == []


def test_holes_are_named_up_to_a_number_and_all_are_counted() -> None:
    _, line = walk([100 * index for index in range(300)])
    report = line.findings.report()
    assert (len(report.holes), report.hole_count) == (MAX_HOLES, 299)
    assert report.hole_seconds == pytest.approx(299 * 0.08)


def test_a_start_hours_late_is_a_clock_that_was_running_and_is_not_filled() -> None:
    found, line = walk([5 * 3_600_000 + 20 * index for index in range(5)])
    assert [type(item) for item in found] == [Piece] * 5
    assert [warning.reason for warning in line.findings.warnings()] == ["AUDIO_TIME_STAMPS"]
