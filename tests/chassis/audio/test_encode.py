"""What an encoder writes decodes to what went in, however it was cut."""

from __future__ import annotations

import io
import struct

import av
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chassis.audio import Encoder, RawPcm, Source, encoded_rate
from chassis.audio.growing_file import GrowingFile
from chassis.audio.wav_writer import WavWriter
from chassis.encodings import ENCODINGS, ChoiceError, Encoding

RATE = 44100


def encoded(encoding: Encoding | str, samples: np.ndarray, rate: int = RATE, cut: int = 10_000) -> bytes:
    return patched(Encoder(encoding, rate, samples.shape[0]), samples, cut)


def patched(encoder: Encoder, samples: np.ndarray, cut: int = 10_000) -> bytes:
    """Encodes, and does what whoever holds the whole stream does with the patches."""
    parts = [encoder.write(samples[:, start : start + cut]) for start in range(0, samples.shape[1], cut)]
    data = bytearray(b"".join(parts) + encoder.finish())
    for patch in encoder.patches:
        assert patch.offset + len(patch.data) <= len(data)
        data[patch.offset : patch.offset + len(patch.data)] = patch.data
    return bytes(data)


def open_encoded(encoding: str, data: bytes, spool, channels: int, rate: int = RATE) -> Source:
    raw = {"pcm_s16le": "s16le", "pcm_f32le": "f32le"}.get(encoding)
    return Source(spool(data), RawPcm(raw, rate, channels) if raw else None)


@pytest.mark.parametrize(
    ("encoding", "tolerance"),
    # s16: half a step. FLAC: half of one of 24 bits. The float formats keep everything.
    [("pcm_s16le", 0.5 / 32768), ("pcm_f32le", 0.0), ("wav", 0.0), ("flac", 2.0**-24)],
)
@pytest.mark.parametrize("channels", [1, 2, 6])
def test_a_lossless_round_trip_returns_the_samples(encoding, tolerance, channels, clicks, spool):
    samples = clicks(20_001, channels)
    source = open_encoded(encoding, encoded(encoding, samples), spool, channels)
    found = source.read().samples
    assert found.shape == samples.shape
    assert np.abs(found - samples).max() <= tolerance
    # A WAV file of ours does not name its loudspeakers.
    assumed = ["AUDIO_LAYOUT_ASSUMED"] if (encoding, channels) == ("wav", 6) else []
    assert [warning.reason for warning in source.warnings] == assumed


@pytest.mark.parametrize(("encoding", "step"), [("pcm_s16le", 1 / 32768), ("flac", 2.0**-23)])
def test_full_scale_itself_is_kept_to_a_step_and_not_counted(encoding, step, spool):
    samples = np.array([[1.0, -1.0, 0.0, 1.0]], np.float32)
    encoder = Encoder(encoding, RATE, 1)
    data = encoder.write(samples) + encoder.finish()
    assert encoder.clipped == 0
    assert np.abs(open_encoded(encoding, data, spool, 1).read().samples - samples).max() <= step


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_samples_beyond_full_scale_are_clipped_and_counted_unless_the_format_holds_them(encoding, spool):
    samples = np.zeros((2, 48_000), np.float32)
    samples[0, 100:103] = [1.5, -2.0, 1.0]
    samples[1, 40_000] = -1.25
    encoder = Encoder(encoding, 48_000, 2)
    data = b"".join(encoder.write(samples[:, start : start + 999]) for start in range(0, 48_000, 999))
    data += encoder.finish()
    holds = encoding in ("wav", "pcm_f32le")
    assert encoder.clipped == (0 if holds else 3)
    if encoding not in ("mp3", "opus", "aac", "vorbis"):
        found = open_encoded(encoding, data, spool, 2, 48_000).read().samples
        assert np.abs(found).max() == (2.0 if holds else 1.0)


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(cut=st.integers(50, 12_000), encoding=st.sampled_from(ENCODINGS), rate=st.sampled_from([44100, 48000]))
def test_the_bytes_do_not_depend_on_how_the_samples_are_cut(cut, encoding, rate, clicks):
    samples = clicks(12_345, 2)
    assert encoded(encoding, samples, rate, cut) == encoded(encoding, samples, rate, 12_345)


def test_different_samples_give_different_bytes(clicks):
    for encoding in ENCODINGS:
        assert encoded(encoding, clicks(12_345, 2)) != encoded(encoding, clicks(12_345, 2, seed=9))


@pytest.mark.parametrize("rate", [44100, 48000, 16000])
@pytest.mark.parametrize("channels", [1, 2])
def test_opus_comes_back_at_48_khz_with_length_and_place(rate, channels, clicks, spool, lag):
    samples = clicks(rate, channels)
    encoder = Encoder("opus", rate, channels)
    assert encoder.sample_rate == 48_000
    source = Source(spool(encoder.write(samples) + encoder.finish()))
    assert (source.report.container, source.report.codec, source.report.channels) == ("ogg", "opus", channels)
    found = source.read(rate).samples
    assert abs(found.shape[1] - rate) <= 1
    assert abs(lag(found[0], samples[0])) <= 2
    assert source.warnings == []


@pytest.mark.parametrize(("rate", "becomes"), [(32000, 32000), (44100, 44100), (22050, 44100), (96000, 48000)])
@pytest.mark.parametrize("choice", [{}, {"kilobits": 64}, {"quality": 2.0}])
def test_mp3_comes_back_with_its_length_and_in_its_place(rate, becomes, choice, clicks, spool, lag):
    samples = clicks(rate * 2 + 77, 2)
    encoder = Encoder(Encoding("mp3", **choice), rate, 2)
    assert encoder.sample_rate == becomes
    data = patched(encoder, samples)
    if "quality" not in choice:
        # The frames of delay, padding and header apart.
        assert len(data) == pytest.approx(2 * choice.get("kilobits", 320) * 1000 / 8, rel=0.1)
    source = Source(spool(data))
    found = source.read(becomes).samples
    # The resampler gives one sample more or fewer.
    assert abs(found.shape[1] - samples.shape[1] * becomes / rate) < (1 if rate == becomes else 2)
    assert abs(lag(source.read(rate).samples[0], samples[0])) <= (0 if rate == becomes else 1)
    assert source.warnings == []


@pytest.mark.parametrize("padding", [0, 1, 19, 287, 528, 529, 1151])
@pytest.mark.parametrize("channels", [1, 2])
def test_mp3_has_its_length_wherever_in_a_frame_it_ends(padding, channels, clicks):
    length = 40 * 1152 - 1105 - padding  # 1105 is the delay of LAME and of a decoder
    samples = clicks(length, channels)
    data = patched(Encoder("mp3", 44_100, channels), samples)
    with av.open(io.BytesIO(data)) as container:
        assert sum(frame.samples for frame in container.decode(audio=0)) == length


@pytest.mark.parametrize(
    ("rate", "becomes"), [(44100, 44100), (48000, 48000), (8000, 8000), (22050, 22050), (176400, 44100), (50000, 48000)]
)
@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("live", [False, True])
def test_aac_comes_back_in_place_with_its_length_where_its_end_was_known(
    rate, becomes, channels, live, clicks, spool, lag
):
    samples = clicks(rate * 2, channels)
    encoder = Encoder(Encoding("aac", live=live), rate, channels)
    assert encoder.sample_rate == becomes == encoded_rate("aac", rate)
    source = Source(spool(patched(encoder, samples)))
    assert (source.report.codec, source.report.sample_rate, source.report.channels) == ("aac", becomes, channels)
    found = source.read(rate).samples
    more = found.shape[1] - samples.shape[1]
    assert 0 <= more <= 1024 * rate / becomes + 1 if live else abs(more) <= 1
    assert abs(lag(found[0], samples[0])) <= 2
    assert source.warnings == []


@pytest.mark.parametrize(("rate", "becomes"), [(44100, 44100), (8000, 8000), (192_000, 192_000), (384_000, 48_000)])
@pytest.mark.parametrize("channels", [1, 2])
def test_vorbis_comes_back_with_its_length_and_in_its_place(rate, becomes, channels, clicks, spool, lag):
    samples = clicks(rate * 2 + 77, channels)
    encoder = Encoder("vorbis", rate, channels)
    assert encoder.sample_rate == becomes
    source = Source(spool(encoder.write(samples) + encoder.finish()))
    assert (source.report.container, source.report.codec, source.report.channels) == ("ogg", "vorbis", channels)
    found = source.read(rate).samples
    # The resampler gives one sample more or fewer.
    assert abs(found.shape[1] - samples.shape[1]) <= (0 if rate == becomes else rate / becomes)
    assert abs(lag(found[0], samples[0])) <= (0 if rate == becomes else 1)
    assert source.warnings == []


def test_vorbis_is_smaller_and_worse_the_lower_its_quality(clicks):
    samples = clicks(RATE, 2)
    sizes = [len(encoded(Encoding("vorbis", quality=quality), samples)) for quality in (0.0, 3.0, 6.0, 10.0)]
    assert sizes == sorted(set(sizes))


@pytest.mark.parametrize("encoding", ["wav", "flac", "mp3", "aac"])
def test_a_file_tells_its_length_in_its_header_once_it_is_patched(encoding, clicks):
    with av.open(io.BytesIO(encoded(encoding, clicks(100_003, 2)))) as container:
        stream = container.streams.audio[0]
        assert stream.duration * stream.time_base * RATE == 100_003


@pytest.mark.parametrize("encoding", ["pcm_s16le", "pcm_f32le", "opus", "vorbis", Encoding("aac", live=True)])
def test_what_needs_no_patch_has_none(encoding, clicks):
    encoder = Encoder(encoding, 48_000, 2)
    patched(encoder, clicks(48_000, 2))
    assert encoder.patches == ()


def test_a_live_mp4_can_be_read_before_its_end(clicks):
    encoder = Encoder(Encoding("aac", live=True), RATE, 2)
    begun = encoder.write(clicks(5 * RATE, 2))
    with av.open(io.BytesIO(begun)) as container:
        assert sum(frame.samples for frame in container.decode(audio=0)) > 3 * RATE


@pytest.mark.parametrize(("encoding", "bits"), [("wav", 16), ("wav", 24), ("wav", 32), ("flac", 16), ("flac", 24)])
@pytest.mark.parametrize("channels", [1, 2])
def test_samples_have_the_bits_that_were_chosen(encoding, bits, channels, clicks, spool):
    samples = clicks(20_001, channels)
    source = Source(spool(encoded(Encoding(encoding, bits=bits), samples)))
    error = np.abs(source.read().samples - samples).max()
    # Half a step of integers; floating point keeps everything.
    assert error <= (0.0 if bits == 32 else 2.0**-bits)
    assert bits > 16 or error > 2.0**-20
    assert source.warnings == []


def test_opus_has_the_bit_rate_that_was_chosen(clicks):
    samples = clicks(5 * 48_000, 2)
    preview = len(encoded(Encoding("opus", kilobits=48), samples, 48_000))
    # Opus varies its rate: clicks take more than music.
    assert 0.7 < preview / (5 * 48_000 / 8) < 1.6
    assert preview < len(encoded("opus", samples, 48_000)) / 2


@pytest.mark.parametrize(
    ("name", "choice", "field"),
    [
        ("wav", {"bits": 8}, "bits_per_sample"),
        ("flac", {"bits": 32}, "bits_per_sample"),
        ("mp3", {"bits": 16}, "bits_per_sample"),
        ("mp3", {"kilobits": 63}, "bit_rate_kbps"),
        ("mp3", {"kilobits": 100}, "bit_rate_kbps"),
        ("flac", {"kilobits": 320}, "bit_rate_kbps"),
        ("opus", {"kilobits": 5}, "bit_rate_kbps"),
        ("mp3", {"quality": 9.5}, "quality"),
        ("mp3", {"quality": float("nan")}, "quality"),
        ("opus", {"quality": 1.0}, "quality"),
        ("vorbis", {"quality": 10.5}, "quality"),
        ("vorbis", {"kilobits": 192}, "bit_rate_kbps"),
        ("mp3", {"quality": 2.0, "kilobits": 128}, "quality"),
    ],
)
def test_a_choice_that_an_encoding_does_not_have_is_refused_by_name(name, choice, field):
    with pytest.raises(ChoiceError) as refused:
        Encoding(name, **choice)
    assert refused.value.choice == field


def test_a_wav_beyond_four_gigabytes_becomes_an_rf64():
    writer = WavWriter(RATE, 2, 32)
    start = writer.write(np.zeros((2, 1), np.float32))
    writer._data_bytes = 5 * 2**30  # what writing for an hour would have counted
    writer.finish()
    head = bytearray(start)
    for patch in writer.patches:
        head[patch.offset : patch.offset + len(patch.data)] = patch.data
    assert head[:4] == b"RF64"
    assert head[12:16] == b"ds64"
    riff, data, frames = struct.unpack_from("<QQQ", head, 20)
    assert (riff, data, frames) == (len(start) - 8 - 8 + 5 * 2**30, 5 * 2**30, 5 * 2**30 // 8)
    assert head[-12:-8] == b"\xff" * 4  # an RF64 takes the length of its data from the ds64 chunk


def test_a_growing_file_takes_patches_only_where_it_was_sent():
    file = GrowingFile()
    file.write(b"abcdef")
    assert file.take() == b"abcdef"
    file.write(b"gh")
    file.seek(4)
    file.write(b"EFGHI")
    assert file.take() == b"GHI"
    assert [(each.offset, each.data) for each in file.patches] == [(4, b"EF")]
    assert file.tell() == file.seek(0, 2) == 9


def test_a_stream_gives_bytes_before_it_ends(clicks):
    for encoding in ENCODINGS:
        encoder = Encoder(encoding, RATE, 2)
        early = b"".join(encoder.write(clicks(RATE, 2)) for _ in range(4))
        assert len(early) > len(encoder.finish()), encoding


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_an_encoder_that_gets_nothing_finishes(encoding):
    encoder = Encoder(encoding, RATE, 1)
    data = encoder.write(np.zeros((1, 0), np.float32)) + encoder.finish()
    starts = {"wav": b"RIFF", "flac": b"fLaC", "opus": b"OggS", "vorbis": b"OggS"}
    assert data.startswith(starts.get(encoding, b""))
    with pytest.raises(ValueError, match="finished"):
        encoder.finish()
    with pytest.raises(ValueError, match="finished"):
        encoder.write(np.zeros((1, 1), np.float32))


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_what_is_not_finite_is_never_encoded(bad):
    samples = np.full((1, 10), bad, np.float32)
    for encoding in ENCODINGS:
        with pytest.raises(ValueError, match="NaN or an infinity"):
            Encoder(encoding, RATE, 1).write(samples)


def test_wrong_shapes_and_unknown_encodings_are_refused():
    with pytest.raises(ValueError, match="expected samples of shape"):
        Encoder("wav", RATE, 2).write(np.zeros((1, 10), np.float32))
    with pytest.raises(ValueError, match="no encoding named 'wma'"):
        Encoder("wma", RATE, 2)
    with pytest.raises(ValueError, match="mp3 holds 1 to 2 channels"):
        Encoder("mp3", RATE, 6)
