"""Tags and other bytes in front of and behind the sound change neither it nor what is said of it, in any container."""

from __future__ import annotations

import struct

import numpy as np
import pytest

from antiphon_wire.errors import AntiphonError
from chassis.audio import Source
from chassis.audio.tags import read_tags
from tests.fixtures import bombs

CONTAINERS = {
    # name: muxer, codec, sample format
    "mp3": ("mp3", "libmp3lame", None),
    "flac": ("flac", "flac", None),
    "aiff": ("aiff", "pcm_s16be", None),
    "aac": ("adts", "aac", None),
    "opus": ("ogg", "libopus", None),
    "m4a": ("ipod", "aac", None),
    "wavpack": ("wv", "wavpack", "s16p"),
    "tta": ("tta", "tta", "s16"),
    "caf": ("caf", "pcm_s16le", None),
    "au": ("au", "pcm_s16be", None),
    "webm": ("webm", "libopus", None),
    "ac3": ("ac3", "ac3", None),
    "mpegts": ("mpegts", "mp2", None),
}
ID3 = b"ID3\x04\0\0\0\0\0\x0c" + b"TIT2\0\0\0\2\0\0\x03a"
ID3V1 = b"TAG" + b"My Song".ljust(125)
APE = struct.pack("<II", 5, 0) + b"Title\0hello"


def foot(flags: int) -> bytes:
    return b"APETAGEX" + struct.pack("<IIII", 2000, len(APE) + 32, 1, flags) + bytes(8)


LYRICS = b"LYRICSBEGININD0000200" + b"000021LYRICS200"
AROUND = {
    "an ID3v1 tag": (b"", ID3V1),
    "an APE tag without its head": (b"", APE + foot(0)),
    "an APE tag": (b"", foot(0xA0000000) + APE + foot(0x80000000)),
    "an APE and an ID3v1 tag": (b"", foot(0xA0000000) + APE + foot(0x80000000) + ID3V1),
    "lyrics and an ID3v1 tag": (b"", LYRICS + ID3V1),
    "an ID3v2 tag in front": (ID3, b""),
    "two ID3v2 tags in front": (ID3 + ID3, b""),
    "0xFF": (b"", b"\xff" * 64),
    "noughts, megabytes of them": (b"", bytes(3 << 20)),
}


@pytest.mark.parametrize("around", AROUND)
@pytest.mark.parametrize("name", CONTAINERS)
def test_what_stands_around_a_file_changes_nothing(name, around, clicks, encode, spool):
    muxer, codec, sample_format = CONTAINERS[name]
    rate = 48000 if codec in ("libopus", "ac3") else 44100
    # An MPEG file of less is taken by libav for one that still grows where a frame's worth of noughts is behind it.
    frames = 4 * rate if name == "mp3" else rate
    data = encode(clicks(frames, 2), muxer, codec, rate, sample_format=sample_format)
    plain = Source(spool(data))
    wanted = plain.read().samples
    before, behind = AROUND[around]
    source = Source(spool(before + data + behind))
    np.testing.assert_array_equal(source.read().samples, wanted)
    assert source.warnings == plain.warnings == []


@pytest.mark.parametrize("before", [b"", ID3, ID3 + ID3], ids=["no tag", "a tag", "two tags"])
@pytest.mark.parametrize("muxer", ["wav", "w64", "rf64", "aiff", "au", "caf", "matroska", "mov"])
def test_silence_at_the_end_is_sound_and_no_filling(muxer, before, clicks, encode, spool):
    samples = clicks(44_100, 1)
    samples[:, 10_000:] = 0
    codec = "pcm_s16be" if muxer in ("aiff", "au") else "pcm_s16le"
    options = {"rf64": "always"} if muxer == "rf64" else {}
    data = encode(samples, "wav" if options else muxer, codec, muxer_options=options)
    source = Source(spool(before + data))
    assert source.read().samples.shape == (1, 44_100)
    assert source.warnings == []


@pytest.mark.parametrize("rest", [0, 100])
def test_a_transport_stream_that_was_cut_off_is_told_wherever_the_cut_is(rest, clicks, encode, spool):
    data = encode(clicks(176_400, 2), "mpegts", "aac")
    source = Source(spool(data[: len(data) // 2 // 188 * 188 + rest]))
    assert 0 < source.read().samples.shape[1] < 100_000
    assert [warning.reason for warning in source.warnings] == ["AUDIO_TRUNCATED"]


@pytest.mark.parametrize("name", ["aiff", "wavpack", "tta", "caf", "au"])
def test_what_is_cut_off_is_told_whatever_stands_behind_it(name, clicks, encode, spool):
    muxer, codec, sample_format = CONTAINERS[name]
    data = encode(clicks(176_400, 2), muxer, codec, sample_format=sample_format)
    source = Source(spool(data[: len(data) // 2] + ID3V1))
    assert 0 < source.read().samples.shape[1] < 100_000
    assert [warning.reason for warning in source.warnings] == ["AUDIO_TRUNCATED"]


def test_a_recording_whose_length_was_never_written_is_read_to_its_end(clicks, encode, spool):
    samples = clicks(10_000, 1)
    aiff = bytearray(encode(samples, "aiff", "pcm_s16be"))
    au = bytearray(encode(samples, "au", "pcm_s16be"))
    aiff[4:8] = bytes(4)
    au[8:12] = b"\xff" * 4
    for data in (aiff, au):
        source = Source(spool(bytes(data)))
        assert (source.read().samples.shape, source.warnings) == ((1, 10_000), [])


def test_a_tag_that_claims_too_much_is_passed_over_for_the_sound_and_refused_for_its_tags(spool):
    path = spool(bombs.recordings.encoded(bombs.TONE, "wv", "wavpack", 48000) + bombs.ape_tag(bombs.TWO_GB))
    assert Source(path).read().samples.shape == bombs.TONE.shape
    with pytest.raises(AntiphonError, match="AUDIO_TOO_COMPLEX"):
        read_tags(path, lambda: None)
