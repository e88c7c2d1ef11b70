"""Every container that we name comes back with its rate, its channels, its length and its sounds in place."""

from __future__ import annotations

import struct

import numpy as np
import pytest

from chassis.audio import RawPcm, Source

RATE = 44100
# muxer, codec, rate, the container's name, worst error of a sample (None: lossy).
LOSSLESS = {
    "wav u8": ("wav", "pcm_u8", "wav", 1 / 128),
    "wav s16": ("wav", "pcm_s16le", "wav", 1 / 32768),
    "wav s24": ("wav", "pcm_s24le", "wav", 2.0**-23),
    "wav s32": ("wav", "pcm_s32le", "wav", 2.0**-24),
    "wav f32": ("wav", "pcm_f32le", "wav", 0.0),
    "wav f64": ("wav", "pcm_f64le", "wav", 0.0),
    "wav rf64": ("wav", "pcm_s16le", "wav", 1 / 32768),
    "aiff s16": ("aiff", "pcm_s16be", "aiff", 1 / 32768),
    "aiff s24": ("aiff", "pcm_s24be", "aiff", 2.0**-23),
    "flac": ("flac", "flac", "flac", 1 / 32768),
    "ogg flac": ("ogg", "flac", "ogg", 1 / 32768),
    "m4a alac": ("ipod", "alac", "mov,mp4,m4a,3gp,3g2,mj2", 1 / 32768),
}
# muxer, codec, rate, options of the codec, lag in samples, and how many samples too many at the end.
# An ADTS stream and an mp3 without its header do not tell the encoder's delay: it stays (1,024 and 1,105 samples).
LOSSY = {
    "mp3": ("mp3", "libmp3lame", 44100, {}, 0, 0),
    "mp3 48k": ("mp3", "libmp3lame", 48000, {}, 0, 0),
    "mp3 22k": ("mp3", "libmp3lame", 22050, {}, 0, 0),
    "m4a": ("ipod", "aac", 44100, {}, 0, 0),
    "mp4": ("mp4", "aac", 48000, {}, 0, 0),
    "adts": ("adts", "aac", 44100, {}, 1024, 1980),
    "opus": ("ogg", "libopus", 48000, {}, 0, 0),
    "webm": ("webm", "libopus", 48000, {}, 0, 0),
    # FFmpeg's own Vorbis encoder, the one in the wheel, pads the end to whole blocks.
    "vorbis": ("ogg", "vorbis", 44100, {"strict": "experimental"}, 0, 60),
}


@pytest.mark.parametrize("name", LOSSLESS)
def test_a_lossless_file_comes_back_sample_by_sample(name, clicks, encode, spool):
    muxer, codec, container, tolerance = LOSSLESS[name]
    samples = clicks(RATE, 2)
    options = {"rf64": "always"} if name == "wav rf64" else {}
    source = Source(spool(encode(samples, muxer, codec, muxer_options=options)))
    audio = source.read()
    assert (source.report.container, source.report.channels, source.report.sample_rate) == (container, 2, RATE)
    assert audio.samples.dtype == np.float32
    assert audio.samples.shape == samples.shape
    assert np.abs(audio.samples - samples).max() <= tolerance
    assert source.warnings == []


@pytest.mark.parametrize("name", LOSSY)
def test_a_lossy_file_comes_back_with_its_length_and_its_sounds_in_place(name, clicks, encode, spool, lag):
    muxer, codec, rate, options, delay, excess = LOSSY[name]
    samples = clicks(rate, 2)
    source = Source(spool(encode(samples, muxer, codec, rate, codec_options=options)))
    audio = source.read()
    assert (source.report.channels, source.report.sample_rate) == (2, rate)
    # "A few samples": a resampling inside the codec may move the peak of the correlation by one or two.
    assert abs(lag(audio.samples[0], samples[0]) - delay) <= 2
    assert rate <= audio.samples.shape[1] <= rate + excess
    trimmed = audio.samples[:, delay : delay + rate]
    # Lossy, but the same music: 10 dB of signal over difference is far from what any wrong shift would give.
    assert np.square(trimmed - samples).sum() < 0.1 * np.square(samples).sum()
    assert source.warnings == []


@pytest.mark.parametrize(
    ("muxer", "codec"), [("ipod", "aac"), ("flac", "flac"), ("wav", "pcm_f32le"), ("ogg", "libopus")]
)
def test_eight_channels_come_back_as_eight(muxer, codec, clicks, encode, spool):
    """PyAV 18 finds nine planes in a planar frame of eight and reads past their end."""
    samples = clicks(RATE, 8)
    samples[3] = 0.0
    rate = 48000 if codec == "libopus" else RATE
    found = Source(spool(encode(samples, muxer, codec, rate))).read().samples
    assert found.shape == samples.shape
    correlations = [float(np.corrcoef(found[index], samples[index])[0, 1]) for index in (0, 1, 2, 4, 5, 6, 7)]
    assert min(correlations) > 0.95
    # The low-frequency channel is silent, which tells it from the others: none has moved.
    assert np.abs(found[3]).max() < 0.01


def test_an_mp3_written_as_a_stream_keeps_the_encoders_delay(clicks, encode, spool, lag):
    samples = clicks(RATE)
    data = encode(samples, "mp3", "libmp3lame", muxer_options={"write_xing": "0"})
    assert abs(lag(Source(spool(data)).read().samples[0], samples[0]) - 1105) <= 2


def test_raw_pcm_comes_back_sample_by_sample(spool):
    samples = np.array([[0.0, 0.5, -1.0, 0.25], [0.125, -0.5, 0.75, -0.25]], np.float32)
    floats = Source(spool(samples.T.astype("<f4").tobytes()), RawPcm("f32le", 8000, 2))
    integers = Source(spool((samples.T * 32768).astype("<i2").tobytes()), RawPcm("s16le", 8000, 2))
    assert np.array_equal(floats.read().samples, samples)
    assert np.array_equal(integers.read().samples, samples)
    assert (floats.report.container, floats.report.codec) == ("raw", "pcm_f32le")
    assert (integers.report.codec, integers.report.frames, integers.seconds_hint) == ("pcm_s16le", 4, 4 / 8000)
    # The digest is over the samples, so it does not depend on how they were stored.
    assert floats.report.pcm_sha256 == integers.report.pcm_sha256


def test_a_picture_beside_the_sound_is_ignored(clicks, encode, spool):
    samples = clicks(RATE)
    source = Source(spool(encode(samples, "mp4", "aac", picture=True)))
    assert source.read().samples.shape == samples.shape
    assert source.warnings == []


def test_tags_in_an_old_encoding_do_not_fail_the_file(clicks, encode, spool):
    samples = clicks(RATE)
    data = encode(samples, "wav", "pcm_s16le")
    title = b"Caf\xe9 \xff\xfe"
    info = b"INFOINAM" + struct.pack("<I", len(title) + 1) + title + b"\0"
    tagged = data[:12] + b"LIST" + struct.pack("<I", len(info)) + info + data[12:]
    assert Source(spool(tagged)).read().samples.shape == samples.shape


def test_a_tag_behind_the_last_frame_is_no_damage(clicks, encode, spool):
    samples = clicks(RATE)
    tag = b"APETAGEX" + bytes(200) + b"TAG" + bytes(125)
    source = Source(spool(encode(samples, "mp3", "libmp3lame") + tag))
    assert source.read().samples.shape == samples.shape
    assert source.warnings == []


def test_a_wav_written_as_a_stream_is_not_called_truncated(clicks, encode, spool):
    samples = clicks(RATE)
    data = bytearray(encode(samples, "wav", "pcm_s16le"))
    position = data.index(b"data") + 4
    data[position : position + 4] = b"\xff\xff\xff\xff"
    source = Source(spool(bytes(data)))
    assert source.read().samples.shape == samples.shape
    assert source.warnings == []


def test_the_name_of_the_file_does_not_matter(clicks, encode, tmp_path):
    path = tmp_path / "song.m3u8"
    samples = clicks(RATE)
    path.write_bytes(encode(samples, "flac", "flac"))
    assert Source(path).read().samples.shape == samples.shape
