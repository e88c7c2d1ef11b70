"""Of several audio tracks the one is read that players play, or the one that was named."""

from __future__ import annotations

import numpy as np
import pytest

from antiphon_wire.errors import AntiphonError
from chassis.audio import Source
from chassis.audio.live import LiveSource
from tests.fixtures.muxed import Sound, muxed

RATE = 44_100
LEVELS = [0.1, 0.2, 0.4]
"""Peak of each track, by which they are told apart."""


def sound(track: int, seconds: float = 1.0, channels: int = 1, **more: object) -> Sound:
    time = np.arange(round(seconds * RATE)) / RATE
    tone = LEVELS[track] * np.sin(2 * np.pi * 440 * time)
    return Sound(np.tile(tone, (channels, 1)).astype(np.float32), **more)  # type: ignore[arg-type]


def track_read(source: Source) -> int:
    """Which of the tracks the samples are of."""
    return int(np.argmin(np.abs(np.array(LEVELS) - np.abs(source.read().samples).max())))


@pytest.mark.parametrize(("container", "codec"), [("matroska", "flac"), ("mp4", "aac"), ("mov", "alac")])
def test_the_track_that_is_flagged_as_default_is_read(container, codec, spool):
    # As a screen recorder with an unused microphone makes it; the first is shorter, and each is whole.
    data = muxed(container, [sound(0, codec=codec), sound(1, 3.0, codec=codec, default=True)])
    source = Source(spool(data))
    assert track_read(source) == 1
    assert (source.report.track, source.report.track_count, source.report.frames) == (1, 2, 3 * RATE)
    assert [warning.reason for warning in source.warnings] == ["AUDIO_TRACKS"]


def test_the_first_track_is_read_where_none_is_flagged(spool):
    source = Source(spool(muxed("mov", [sound(2, codec="alac"), sound(1, codec="alac")])))
    assert track_read(source) == 2
    assert source.report.track == 0


def test_a_warning_names_the_other_tracks(spool):
    sounds = [
        sound(0, metadata={"language": "eng", "title": "Regie\nanweisung"}),
        sound(1, default=True),
        sound(2, channels=2, codec="aac", metadata={"title": "x" * 500}),
    ]
    source = Source(spool(muxed("matroska", sounds)))
    source.read()
    message = source.warnings[0].message
    assert 'track 0 (eng, "Regie anweisung", flac, 1 channels)' in message
    assert "track 2" in message
    assert "aac, 2 channels" in message
    assert "track 1 was taken, since it is flagged as the default" in message
    assert "\n" not in message
    assert len(message) < 400


@pytest.mark.parametrize("track", [0, 1, 2])
def test_a_track_that_is_named_is_read_without_a_warning(track, spool):
    data = muxed("matroska", [sound(each, default=each == 1) for each in range(3)])
    source = Source(spool(data), track=track)
    assert track_read(source) == track
    assert source.report.track == track
    assert source.warnings == []
    live = LiveSource(RATE, track=track)
    samples = np.concatenate([live.feed(data), live.finish()])
    assert np.abs(samples).max() == pytest.approx(LEVELS[track], rel=0.01)


@pytest.mark.parametrize("track", [2, 255, -1])
def test_a_track_that_is_not_there_is_refused_with_what_there_is(track, spool):
    data = muxed("matroska", [sound(0), sound(1, channels=2)])
    with pytest.raises(AntiphonError) as caught:
        Source(spool(data), track=track).read()
    assert (caught.value.reason, caught.value.field) == ("AUDIO_TRACK", "config.audio_format.track")
    assert f"no audio track {track}" in caught.value.message
    assert "track 0 (flac, 1 channels); track 1 (flac, 2 channels)" in caught.value.message


def test_a_file_with_one_track_and_a_picture_has_one_track(spool):
    source = Source(spool(muxed("mp4", [sound(1, codec="aac")], picture_seconds=2)))
    assert track_read(source) == 1
    assert (source.report.track, source.report.track_count) == (0, 1)
    assert source.warnings == []


def test_a_stream_tells_of_its_other_tracks():
    live = LiveSource(RATE)
    live.feed(muxed("matroska", [sound(0), sound(1, default=True)]))
    live.finish()
    assert [warning.reason for warning in live.warnings] == ["AUDIO_TRACKS"]
    assert live.report is not None
    assert (live.report.track, live.report.track_count) == (1, 2)
