"""What an encoder writes decodes to what went in, however it was cut."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chassis.audio import Encoder, RawPcm, Source, encoded_rate
from chassis.audio.encode import ENCODINGS

RATE = 44100


def encoded(encoding: str, samples: np.ndarray, rate: int = RATE, cut: int = 10_000) -> bytes:
    encoder = Encoder(encoding, rate, samples.shape[0])
    parts = [encoder.write(samples[:, start : start + cut]) for start in range(0, samples.shape[1], cut)]
    return b"".join(parts) + encoder.finish()


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
    assert source.warnings == []


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
    if encoding not in ("mp3", "opus", "aac"):
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
def test_mp3_keeps_320_kbit_at_any_rate_and_its_documented_delay(rate, becomes, clicks, spool, lag):
    samples = clicks(rate * 2, 2)
    encoder = Encoder("mp3", rate, 2)
    assert encoder.sample_rate == becomes
    data = encoder.write(samples) + encoder.finish()
    # 320 kbit/s, the two frames of delay and padding apart.
    assert len(data) == pytest.approx(2 * 320_000 / 8, rel=0.05)
    found = Source(spool(data)).read(rate).samples
    assert abs(lag(found[0], samples[0]) - 1105 * rate / becomes) <= 3


@pytest.mark.parametrize(
    ("rate", "becomes"), [(44100, 44100), (48000, 48000), (8000, 8000), (22050, 22050), (176400, 44100), (50000, 48000)]
)
@pytest.mark.parametrize("channels", [1, 2])
def test_aac_comes_back_in_place_with_at_most_a_frame_of_silence_behind(rate, becomes, channels, clicks, spool, lag):
    samples = clicks(rate * 2, channels)
    encoder = Encoder("aac", rate, channels)
    assert encoder.sample_rate == becomes == encoded_rate("aac", rate)
    source = Source(spool(encoder.write(samples) + encoder.finish()))
    assert (source.report.codec, source.report.sample_rate, source.report.channels) == ("aac", becomes, channels)
    found = source.read(rate).samples
    assert 0 <= found.shape[1] - samples.shape[1] <= 1024 * rate / becomes + 1
    assert abs(lag(found[0], samples[0])) <= 2
    assert source.warnings == []


def test_a_stream_gives_bytes_before_it_ends(clicks):
    for encoding in ENCODINGS:
        encoder = Encoder(encoding, RATE, 2)
        early = b"".join(encoder.write(clicks(RATE, 2)) for _ in range(4))
        assert len(early) > len(encoder.finish()), encoding


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_an_encoder_that_gets_nothing_finishes(encoding):
    encoder = Encoder(encoding, RATE, 1)
    data = encoder.write(np.zeros((1, 0), np.float32)) + encoder.finish()
    starts = {"wav": b"RIFF", "flac": b"fLaC", "opus": b"OggS"}
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
