"""Containers beside the usual ones: the samples come back where they were, from files and from streams."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from antiphon_wire.errors import AntiphonError
from chassis.audio import Source
from chassis.audio.live import LiveSource

Spool = Callable[[bytes], Path]

LOSSLESS = {
    # name: muxer, codec, largest error (half a step of what it stores)
    "caf s16": ("caf", "pcm_s16be", 2.0**-15),
    "caf s24": ("caf", "pcm_s24le", 2.0**-23),
    "caf f32": ("caf", "pcm_f32be", 0.0),
    "caf alac": ("caf", "alac", 2.0**-15),
    "au s16": ("au", "pcm_s16be", 2.0**-15),
    "au f64": ("au", "pcm_f64be", 0.0),
    "tta": ("tta", "tta", 2.0**-15),
    "wavpack": ("wv", "wavpack", 2.0**-15),
    "w64 s24": ("w64", "pcm_s24le", 2.0**-23),
    "wavpack in mka": ("matroska", "wavpack", 2.0**-15),
}
NOT_LIVE = ("wavpack", "caf alac")
LOSSY = {
    # name: muxer, codec, rate, samples of the encoder's delay that the container does not tell
    "ac3": ("ac3", "ac3", 48000, 256),
    "eac3": ("eac3", "eac3", 48000, 256),
    "mp2": ("mp2", "mp2", 48000, 481),
    "ts of aac": ("mpegts", "aac", 44100, 1024),
    "ts of mp2": ("mpegts", "mp2", 48000, 481),
    "ts of ac3": ("mpegts", "ac3", 48000, 256),
    "ac3 in mp4": ("mp4", "ac3", 48000, 0),
    # libav's encoder puts one frame of 2048 in front; its decoders take off the two of others.
    "wma": ("asf", "wmav2", 44100, -2048),
    "wma 1": ("asf", "wmav1", 44100, -2048),
    "latm": ("latm", "aac", 44100, 1024),
}


def streamed(data: bytes, rate: int, channels: int, piece: int = 1777) -> tuple[np.ndarray, tuple[str, ...]]:
    stream = LiveSource(rate, channels=channels)
    try:
        parts = [stream.feed(data[at : at + piece]) for at in range(0, len(data), piece)]
        return np.concatenate([*parts, stream.finish()], 1), tuple(each.reason for each in stream.warnings)
    finally:
        stream.close()


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("name", LOSSLESS)
def test_what_keeps_every_sample_gives_every_sample(name, channels, clicks, encode, spool):
    muxer, codec, error = LOSSLESS[name]
    samples = clicks(30_000, channels)
    stored = {"tta": "s16", "wavpack": "s16p"}.get(codec)
    data = encode(samples, muxer, codec, sample_format=stored)
    source = Source(spool(data))
    found = source.read().samples
    assert source.warnings == []
    assert found.shape == samples.shape
    assert np.abs(found - samples).max() <= error
    if name not in NOT_LIVE and muxer != "matroska":
        streaming, warnings = streamed(data, 44100, channels)
        np.testing.assert_array_equal(streaming, found)
        assert warnings == ()


@pytest.mark.parametrize("way", ["file", "live"])
@pytest.mark.parametrize("name", LOSSY)
def test_lossy_sound_lies_where_it_was_but_for_what_no_container_tells(name, way, clicks, encode, spool, lag):
    muxer, codec, rate, delay = LOSSY[name]
    samples = clicks(2 * rate, 2)
    data = encode(samples, muxer, codec, rate)
    if way == "live":
        if muxer in ("mp4", "asf"):
            pytest.skip(f"{muxer} is no stream")
        found, warnings = streamed(data, rate, 2)
    else:
        source = Source(spool(data))
        found, warnings = source.read().samples, tuple(each.reason for each in source.warnings)
    assert warnings == ()
    assert lag(found[0], samples[0]) == delay


@pytest.mark.parametrize("way", ["file", "live"])
def test_a_voice_memo_in_amr_has_20_ms_for_each_frame(way: str, spool: Spool) -> None:
    data = b"#!AMR\n" + (b"\x3c" + np.random.default_rng(1).bytes(31)) * 50
    if way == "file":
        source = Source(spool(data))
        found = source.read().samples
        assert (source.report.container, source.report.sample_rate, source.warnings) == ("amr", 8000, [])
    else:
        found = streamed(data, 8000, 1)[0]
    assert found.shape == (1, 8000)


def test_dsd_gives_the_sound_that_was_modulated(spool: Spool) -> None:
    count = 4096 * 8
    wave = 0.5 * np.sin(2 * np.pi * 4000 * np.arange(count) / 2_822_400)
    bits, error = np.zeros(count, np.uint8), 0.0
    for index, value in enumerate(wave):
        bits[index] = error + value >= 0
        error += value - (1.0 if bits[index] else -1.0)
    form = b"fmt " + struct.pack("<QIIIIIIQII", 52, 1, 0, 1, 1, 2_822_400, 1, count, 4096, 0)
    samples = np.packbits(bits, bitorder="little").tobytes()
    data = b"data" + struct.pack("<Q", 12 + len(samples)) + samples
    whole = 28 + len(form) + len(data)
    source = Source(spool(b"DSD " + struct.pack("<QQQ", 28, whole, 0) + form + data))
    found = source.read().samples
    assert (source.report.sample_rate, found.shape) == (352_800, (1, 4096))
    # What the modulator adds above the hearing range is left in; the tone's own share is what it was.
    tone = np.exp(-2j * np.pi * 4000 * np.arange(2048, 3984) / 352_800)
    assert 2 * abs(np.mean(found[0, 2048:3984] * tone)) == pytest.approx(0.5, abs=0.05)


def test_a_header_that_sends_nowhere_is_undecodable(encode, clicks, spool):
    """The object behind which the packets lie ends in front of the file's beginning."""
    data = bytearray(encode(clicks(4410, 2), "asf", "wmav2"))
    data[46:54] = struct.pack("<Q", 2**64 - 2**20)
    with pytest.raises(AntiphonError, match="AUDIO_UNDECODABLE"):
        Source(spool(bytes(data))).read()
