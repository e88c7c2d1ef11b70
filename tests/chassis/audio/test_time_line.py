"""Every sample lies where a player plays it, whatever lies between the packets."""

from __future__ import annotations

import numpy as np
import pytest

from antiphon_wire.errors import AntiphonError
from chassis.audio import Limits, Source
from chassis.audio.live import LiveSource
from tests.fixtures.edit_lists import edited
from tests.fixtures.muxed import Moved, Sound, jumping, late, muxed, without

SECONDS = 6
CLICKS = [0.25, 1.25, 2.25, 3.25, 4.25, 5.25]
"""Where a burst starts (s)."""
CODECS = {
    "matroska": ("matroska", "flac", 44_100),
    "matroska, aac": ("matroska", "aac", 44_100),
    "webm": ("webm", "libopus", 48_000),
    "mp4": ("mp4", "aac", 44_100),
    "mov": ("mov", "alac", 44_100),
    "ogg": ("ogg", "libopus", 48_000),
}
# A burst is 10 ms of noise; lossy codecs smear its start by a few milliseconds, Matroska rounds to 1 ms.
NEAR = 0.005


def clicks(rate: int, seconds: int = SECONDS) -> np.ndarray:
    """A burst of noise a quarter of a second into every second."""
    samples = np.zeros((1, rate * seconds), np.float32)
    generator = np.random.default_rng(3)
    for second in range(seconds):
        start = round((second + 0.25) * rate)
        samples[0, start : start + rate // 100] = 0.5 * generator.uniform(-1, 1, rate // 100)
    return samples


def heard(samples: np.ndarray, rate: int) -> list[float]:
    """Where bursts start (s)."""
    loud = np.flatnonzero(np.abs(samples) > 0.1)
    starts = loud[np.diff(loud, prepend=-rate) > rate // 10]
    return [float(start / rate) for start in starts]


def made(name: str, moved: Moved, picture_seconds: float = 0.0, seconds: int = SECONDS) -> tuple[bytes, int]:
    container, codec, rate = CODECS[name]
    return muxed(container, [Sound(clicks(rate, seconds), codec, rate, moved)], picture_seconds), rate


def reasons(source: Source) -> list[str]:
    return [warning.reason for warning in source.warnings]


@pytest.mark.parametrize("name", ["matroska", "matroska, aac", "mp4", "mov"])
def test_sound_that_starts_late_in_a_film_lies_where_the_film_has_it(name, spool):
    data, rate = made(name, late(3.0), picture_seconds=14)
    source = Source(spool(data))
    assert heard(source.read().samples[0], rate) == pytest.approx([3 + at for at in CLICKS], abs=NEAR)
    # MP4 shows the 1,024 samples that the AAC encoder put in front of a late start.
    assert source.report.time_line.late_seconds == pytest.approx(3.0, abs=0.025)
    assert source.report.time_line.holes == ()
    # The film goes on for five seconds, and the sound is whole.
    assert reasons(source) == []


def test_a_film_that_was_cut_off_is_told_from_one_whose_picture_goes_on(spool):
    data, _ = made("matroska", late(0.0), picture_seconds=6)
    source = Source(spool(data[: len(data) // 2]))
    source.read()
    assert reasons(source) == ["AUDIO_TRUNCATED"]


@pytest.mark.parametrize("name", ["webm", "mov"])
def test_sound_alone_that_starts_late_on_the_files_own_clock_does_so_here(name, spool):
    data, rate = made(name, late(3.0))
    source = Source(spool(data))
    assert heard(source.read().samples[0], rate) == pytest.approx([3 + at for at in CLICKS], abs=NEAR)
    assert reasons(source) == []


@pytest.mark.parametrize("picture_seconds", [0, 10])
@pytest.mark.parametrize(
    ("edits", "expected", "length"),
    [
        ([(3000, 88_200)], [0.25, 1.25, 2.25], 3.0),
        ([(1500, -1), (3000, 88_200)], [1.75, 2.75, 3.75], 4.5),
        ([(1500, -1), (6000, 0)], [1.75, 2.75, 3.75, 4.75, 5.75, 6.75], 7.5),
    ],
    ids=["cut", "late and cut", "late"],
)
def test_an_edit_list_is_followed_to_the_sample(edits, expected, length, picture_seconds, spool):
    data, rate = made("mov", late(0.0), picture_seconds)
    source = Source(spool(edited(data, edits)))
    samples = source.read().samples[0]
    assert heard(samples, rate) == pytest.approx(expected, abs=NEAR)
    assert len(samples) == round(length * rate)
    assert reasons(source) == []


@pytest.mark.parametrize("name", ["matroska", "webm", "mov"])
def test_the_digest_is_of_the_sound_and_not_of_the_silence_in_front_of_it(name, spool):
    digests = set()
    for moved in (late(0.0), late(2.0)):
        source = Source(spool(made(name, moved)[0]))
        source.read()
        digests.add(source.report.pcm_sha256)
    assert len(digests) == 1


def test_a_broadcast_whose_clock_started_long_ago_begins_with_its_first_sound(spool):
    rate = 44_100
    data = muxed("matroska", [Sound(clicks(rate), moved=late(1000.0))], seekable=False)
    source = Source(spool(data))
    assert heard(source.read().samples[0], rate) == pytest.approx(CLICKS, abs=NEAR)
    assert source.report.time_line.late_seconds == 0


@pytest.mark.parametrize("name", ["matroska", "matroska, aac", "webm", "mp4", "ogg"])
def test_what_lies_behind_missing_packets_keeps_its_time(name, spool):
    data, rate = made(name, without(2.6, 4.1))
    source = Source(spool(data))
    samples = source.read().samples[0]
    assert heard(samples, rate) == pytest.approx([0.25, 1.25, 2.25, 4.25, 5.25], abs=NEAR)
    line = source.report.time_line
    assert (line.hole_count, len(line.holes)) == (1, 1)
    # A hole begins and ends with a packet: FLAC's are 105 ms long.
    assert line.holes[0].start_seconds == pytest.approx(2.6, abs=0.11)
    assert line.hole_seconds == pytest.approx(1.5, abs=0.11)
    middle = samples[round(2.75 * rate) : round(3.95 * rate)]
    assert not middle.any()
    assert reasons(source) == []


def test_a_clip_is_cut_on_the_time_line_of_the_file(spool):
    data, rate = made("matroska", late(3.0), picture_seconds=10)
    clip = Source(spool(data), start_seconds=3.2, end_seconds=4.0)
    samples = clip.read().samples[0]
    assert len(samples) == round(0.8 * rate)
    assert heard(samples, rate) == pytest.approx([0.05], abs=NEAR)
    silent = Source(spool(data), start_seconds=1.0, end_seconds=2.0).read().samples
    assert silent.shape == (1, rate)
    assert not silent.any()


@pytest.mark.parametrize("name", ["matroska", "matroska, aac", "webm"])
def test_time_stamps_in_whole_milliseconds_add_and_drop_no_sample(name, spool):
    seconds = 60
    data, rate = made(name, late(0.0), seconds=seconds)
    source = Source(spool(data))
    frames = source.read().samples.shape[1]
    # AAC's last frame is padded: to 1,024 samples, and Matroska does not say where the sound ends in it.
    assert 0 <= frames - rate * seconds < 1024
    assert source.report.time_line.hole_count == 0
    assert reasons(source) == []


def test_a_clock_that_wobbles_moves_nothing(spool):
    generator = np.random.default_rng(5)
    data, _ = made("webm", lambda at: at + generator.uniform(0, 0.008))
    straight, _ = made("webm", late(0.0))
    found, expected = Source(spool(data)), Source(spool(straight))
    assert np.array_equal(found.read().samples, expected.read().samples)
    assert reasons(found) == []


def test_a_single_wrong_time_stamp_moves_nothing(spool):
    data, rate = made("matroska", lambda at: at + 0.08 if 3.0 < at < 3.1 else at)
    source = Source(spool(data))
    assert np.abs(source.read().samples - clicks(rate)).max() < 1e-4
    assert reasons(source) == []


def test_of_two_sounds_at_the_same_time_the_earlier_stays_and_the_rest_keeps_its_time(spool):
    # Two seconds in, the clock goes back by one and a half.
    data, rate = made("webm", jumping(3.0, -1.5))
    source = Source(spool(data))
    # The muxer writes no time stamp below the one before: the packets of 3.0 to 4.5 s are squeezed, those behind right.
    assert heard(source.read().samples[0], rate)[:3] == pytest.approx([0.25, 1.25, 2.25], abs=NEAR)
    assert heard(source.read().samples[0], rate)[-1] == pytest.approx(3.75, abs=NEAR)
    assert reasons(source) == ["AUDIO_OVERLAP"]
    assert "1.5" in source.warnings[0].message


def test_files_joined_end_to_end_are_heard_one_after_the_other(spool):
    rate = 48_000
    short, long = (muxed("ogg", [Sound(clicks(rate, seconds), "libopus", rate)]) for seconds in (2, 5))
    source = Source(spool(short + long))
    expected = [second + 0.25 for second in range(7)]
    assert heard(source.read().samples[0], rate) == pytest.approx(expected, abs=NEAR)
    assert "AUDIO_OVERLAP" not in reasons(source)


def test_a_jump_of_years_is_a_clock_set_anew_and_not_filled(spool):
    data, rate = made("ogg", jumping(3.0, 1e8))
    source = Source(spool(data))
    assert heard(source.read().samples[0], rate) == pytest.approx(CLICKS, abs=NEAR)
    assert reasons(source) == ["AUDIO_TIME_STAMPS"]


def test_a_clock_that_stands_still_loses_no_sound(spool):
    data, rate = made("matroska", lambda at: min(at, 3.0))
    source = Source(spool(data))
    # The packet that the clock stops in overlaps by 30 ms.
    assert heard(source.read().samples[0], rate) == pytest.approx(CLICKS, abs=NEAR + 0.03)
    assert reasons(source) == ["AUDIO_OVERLAP", "AUDIO_TIME_STAMPS"]


@pytest.mark.parametrize(
    ("name", "moved", "picture_seconds"),
    [("ogg", jumping(3.0, 50.0), 0), ("matroska", late(50.0), 2)],
    ids=["hole", "late start"],
)
def test_silence_counts_against_the_limit_before_it_is_made(name, moved, picture_seconds, spool):
    # No header of these tells that the sound goes on for so long.
    data, _ = made(name, moved, picture_seconds)
    with pytest.raises(AntiphonError, match="by its time stamps") as caught:
        Source(spool(data), limits=Limits(max_seconds=20)).read()
    assert caught.value.reason == "AUDIO_TOO_LONG"


@pytest.mark.parametrize(
    "moved", [late(3.0), without(2.6, 4.1), jumping(3.0, -1.5), jumping(3.0, 30.0)], ids=["late", "hole", "back", "on"]
)
@pytest.mark.parametrize("name", ["webm", "matroska", "ogg"])
def test_a_stream_gives_what_the_file_gives(name, moved, spool):
    data, rate = made(name, moved)
    source = Source(spool(data))
    whole = source.read().samples[0]
    live = LiveSource(rate)
    streamed = np.concatenate([*(live.feed(data[at : at + 5000]) for at in range(0, len(data), 5000)), live.finish()])
    assert heard(streamed, rate) == pytest.approx(heard(whole, rate), abs=NEAR)
    assert live.report is not None
    assert live.report.time_line == source.report.time_line
    assert live.report.pcm_sha256 == source.report.pcm_sha256


def test_a_stream_is_not_filled_for_longer_than_can_be_held(spool):
    data, rate = made("webm", jumping(3.0, 1000.0))
    live = LiveSource(rate)
    samples = np.concatenate([live.feed(data), live.finish()])
    assert heard(samples, rate) == pytest.approx(CLICKS, abs=NEAR)
    assert [warning.reason for warning in live.warnings] == ["AUDIO_TIME_STAMPS"]
