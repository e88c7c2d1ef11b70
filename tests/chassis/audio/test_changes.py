"""Streams whose rate or channels change on the way, joined files, and channels whose loudspeakers are not told."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from antiphon_wire.errors import AntiphonError
from chassis.audio import Limits, Source
from chassis.audio.changes import Changes
from chassis.audio.live import LiveSource
from chassis.audio.timeline import Piece
from tests.chassis.audio.test_limits import wav

Spool = Callable[[bytes], Path]
STRICT = {"codec_options": {"strict": "experimental"}}
MARK = 0.75
"""Where in its file the mark of a joined file stands (s)."""


def marked(rate: int, channels: int, pitch: float, seconds: float = 1.5) -> np.ndarray:
    """A quiet tone with 40 ms of a loud one at MARK, the second channel at half the level."""
    time = np.arange(round(rate * seconds)) / rate
    tone = np.sin(2 * np.pi * pitch * time) * np.where(np.abs(time - MARK) < 0.02, 0.8, 0.05)
    return np.stack([tone / (1 + channel) for channel in range(channels)]).astype(np.float32)


def marks(samples: np.ndarray, rate: int) -> list[float]:
    """The middle (s) of each stretch that is loud."""
    loud = np.flatnonzero(np.abs(samples).max(0) > 0.25)
    groups = np.split(loud, np.flatnonzero(np.diff(loud) > rate // 10) + 1)
    return [float(group[0] + group[-1]) / 2 / rate for group in groups]


JOINED = {
    # name: muxer, codec, (rate, channels) of each, seconds of encoder's delay and padding at most
    "mp3": ("mp3", "libmp3lame", [(44100, 1), (48000, 2), (22050, 1)], 0.12),
    "aac": ("adts", "aac", [(44100, 2), (22050, 1), (48000, 2)], 0.12),
    "vorbis": ("ogg", "vorbis", [(44100, 2), (48000, 2), (22050, 2)], 0.0),
    "opus": ("ogg", "libopus", [(48000, 1), (48000, 2), (48000, 1)], 0.0),
    "opus, more channels": ("ogg", "libopus", [(48000, 6), (48000, 2)], 0.0),
    "flac in ogg": ("ogg", "flac", [(44100, 1), (48000, 2)], 0.0),
}


def joined(name: str, encode: Callable[..., bytes]) -> bytes:
    muxer, codec, formats, _ = JOINED[name]
    options = STRICT if codec == "vorbis" else {}
    parts = [
        encode(marked(rate, channels, 300 + 200 * index), muxer, codec, rate, **options)
        for index, (rate, channels) in enumerate(formats)
    ]
    return b"".join(parts)


def live(data: bytes, rate: int, channels: int, piece: int = 3001) -> tuple[np.ndarray, list[str]]:
    stream = LiveSource(rate, channels=channels)
    try:
        parts = [stream.feed(data[at : at + piece]) for at in range(0, len(data), piece)]
        return np.concatenate([*parts, stream.finish()], 1), [warning.reason for warning in stream.warnings]
    finally:
        stream.close()


@pytest.mark.parametrize("way", ["file", "live"])
@pytest.mark.parametrize("name", JOINED)
def test_joined_files_of_other_formats_are_heard_whole_each_in_its_place(way, name, encode, spool):
    formats, slack = JOINED[name][2:]
    (rate, channels), data = formats[0], joined(name, encode)
    if way == "file":
        source = Source(spool(data))
        samples, reasons = source.read().samples, [warning.reason for warning in source.warnings]
        assert (source.report.sample_rate, source.report.channels) == (rate, channels)
    else:
        samples, reasons = live(data, rate, channels)
    assert samples.shape[0] == channels
    assert reasons == ["AUDIO_FORMAT_CHANGES"]
    found = marks(samples, rate)
    expected = [1.5 * index + MARK for index in range(len(formats))]
    # 1 ms is the width of a cycle of the tone.
    np.testing.assert_allclose(found, expected, atol=0.002 + slack * len(formats))


def test_each_joined_ogg_file_keeps_its_length_to_the_sample(encode, spool):
    samples = Source(spool(joined("flac in ogg", encode))).read().samples
    assert samples.shape == (1, 2 * 66150)
    np.testing.assert_allclose(samples[:, :66150], marked(44100, 1, 300), atol=2.0**-15)


def test_the_warning_names_place_and_formats(encode, spool):
    source = Source(spool(joined("flac in ogg", encode)))
    source.complete()
    (warning,) = (each for each in source.warnings if each.reason == "AUDIO_FORMAT_CHANGES")
    assert "from 44100 Hz and 1 channel to 48000 Hz and 2 channels at 1.500 s" in warning.message


def test_the_place_of_opposite_channels_is_that_in_the_whole_recording(encode, spool):
    one, other = marked(44100, 1, 300), marked(44100, 2, 500, seconds=6.0)
    other[1] = -other[0]
    data = encode(one, "ogg", "flac") + encode(other, "ogg", "flac")
    for source in (Source(spool(data)), Source(spool(encode(other, "wav", "pcm_s16le")), start_seconds=1.5)):
        source.read(channels=1)
        (warning,) = (each for each in source.warnings if each.reason == "AUDIO_OUT_OF_PHASE")
        assert "from 1.50 s on" in warning.message


def test_joined_ogg_files_of_one_format_go_on_without_a_word(encode, spool):
    one = encode(marked(48000, 1, 300), "ogg", "libopus", 48000)
    other = encode(marked(48000, 1, 500), "ogg", "libopus", 48000)
    for _ in range(2):
        source = Source(spool(one + other))
        samples = source.read().samples
        assert (samples.shape, source.warnings) == ((1, 144000), [])
        np.testing.assert_array_equal(live(one + other, 48000, 1)[0], samples)


def test_a_joined_file_that_cannot_be_read_is_told_of(encode, spool):
    one = encode(marked(48000, 1, 300), "ogg", "libopus", 48000)
    broken = bytearray(one)
    broken[60:1000] = bytes(940)
    source = Source(spool(one + bytes(broken) + one))
    found = marks(source.read().samples, 48000)
    assert found[0] == pytest.approx(MARK, abs=0.002)
    assert [warning.reason for warning in source.warnings] == ["AUDIO_CORRUPT_PACKETS"]


def test_channels_beyond_the_limit_are_refused_wherever_they_begin(encode, spool):
    with pytest.raises(AntiphonError, match="AUDIO_CHANNEL_COUNT"):
        Source(spool(joined("opus", encode)), limits=Limits(max_channels=1)).read()


class _Frame:
    """What is asked of a frame of libav's."""

    class _Layout:
        def __init__(self, count: int) -> None:
            self.nb_channels, self.channels = count, ()

    class _Format:
        name, is_planar = "flt", False

    format = _Format

    def __init__(self, samples: np.ndarray, rate: int) -> None:
        self.sample_rate, self.samples, self.layout = rate, samples.shape[1], self._Layout(samples.shape[0])
        self.planes = [np.ascontiguousarray(samples.T, np.float32)]


def _piece(samples: np.ndarray) -> Piece:
    return Piece(_Frame(samples, 22050), 0, 2 * samples.shape[1])


def test_a_stretch_of_another_rate_has_its_length_to_the_sample_and_ends_before_the_next():
    changes = Changes(44100, 2, ("FL", "FR"), lambda rate, channels: None)
    low, high = marked(22050, 1, 300), marked(44100, 2, 300)
    pieces = [
        *changes.fit(Piece(_Frame(high, 44100), 0, high.shape[1])),
        *(part for at in range(0, 30000, 1000) for part in changes.fit(_piece(low[:, at : at + 1000]))),
        *changes.fit(Piece(_Frame(high, 44100), 0, high.shape[1])),
    ]
    whole = np.concatenate(pieces, 1)
    assert whole.shape == (2, 2 * 66150 + 60000)
    np.testing.assert_array_equal(whole[:, -66150:], high)
    np.testing.assert_allclose(whole[:, 66150 : 66150 + 50000][0], high[0, :50000], atol=0.05)


@pytest.mark.parametrize("frames", [1990, 2000, 2010])
def test_a_stretch_has_the_length_of_the_line_though_resampling_gives_another(frames):
    changes = Changes(44100, 1, ("FC",), lambda rate, channels: None)
    low = marked(22050, 1, 300)
    pieces = [Piece(_Frame(low[:, at : at + 1000], 22050), 0, frames) for at in range(0, 10000, 1000)]
    parts = [part for piece in pieces for part in changes.fit(piece)]
    assert np.concatenate([*parts, *changes.finish()], 1).shape == (1, 10 * frames)


@pytest.mark.parametrize(("channels", "places"), [(1, [2]), (2, [0, 1])])
def test_few_channels_go_to_their_loudspeakers_among_many(channels, places):
    names = ("FL", "FR", "FC", "LFE", "BL", "BR")
    changes = Changes(44100, 6, names, lambda rate, channels: None)
    samples = marked(44100, channels, 300)
    found = np.concatenate([*changes.fit(Piece(_Frame(samples, 44100), 0, 66150)), *changes.finish()], 1)
    np.testing.assert_array_equal(found[places], samples)
    assert not np.delete(found, places, 0).any()


@pytest.mark.parametrize("way", ["file", "live"])
@pytest.mark.parametrize("channels", [3, 4, 5, 6, 7, 8])
def test_a_surround_file_without_a_mask_has_the_usual_loudspeakers_and_says_so(way, channels, spool):
    data = wav(channels, 44100, data=bytes(2 * channels * 1000))
    if way == "file":
        source = Source(spool(data))
        source.complete()
        warnings = source.warnings
    else:
        stream = LiveSource(44100)
        stream.feed(data)
        stream.finish()
        warnings = list(stream.warnings)
    (warning,) = warnings
    assert warning.reason == "AUDIO_LAYOUT_ASSUMED"
    assert "FL, FR" in warning.message


def test_the_centre_of_a_surround_file_without_a_mask_is_heard_in_the_middle(spool):
    values = np.zeros((1000, 6), "<i2")
    values[:, 2] = 10000
    stereo = Source(spool(wav(6, 44100, data=values.tobytes()))).read(channels=2).samples
    np.testing.assert_array_equal(stereo[0], stereo[1])
    assert stereo[0].max() > 0.05


def test_a_mask_that_is_told_is_kept_and_nothing_is_said(spool):
    form = struct.pack("<HHIIHHHHIH", 0xFFFE, 4, 44100, 352800, 8, 16, 22, 16, 0x107, 1)
    form += bytes.fromhex("000000001000800000aa00389b71")
    data = bytes(8 * 100)
    body = b"WAVEfmt " + struct.pack("<I", 40) + form + b"data" + struct.pack("<I", len(data)) + data
    source = Source(spool(b"RIFF" + struct.pack("<I", len(body)) + body))
    source.complete()
    assert source.warnings == []
