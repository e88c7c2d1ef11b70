"""The clip that an engine gets does not depend on blocks, and the report covers the whole source."""

from __future__ import annotations

import hashlib
from itertools import pairwise

import numpy as np
import pytest
import soxr
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from antiphon_wire.errors import AntiphonError
from chassis.audio import Limits, RawPcm, Source

RATE = 44100
FRAMES = 150_000


@pytest.fixture(scope="module")
def stereo() -> np.ndarray:
    return (np.random.default_rng(2).standard_normal((2, FRAMES)) * 0.1).astype(np.float32)


@pytest.fixture(scope="module")
def path(stereo, tmp_path_factory):
    written = tmp_path_factory.mktemp("source") / "upload"
    written.write_bytes(np.ascontiguousarray(stereo.T).tobytes())
    return written


@pytest.fixture
def source(path):
    def make(**options):
        return Source(path, RawPcm("f32le", RATE, 2), **options)

    return make


def joined(source: Source, **options) -> np.ndarray:
    return np.concatenate(list(source.blocks(**options)), axis=1)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    block_frames=st.integers(500, 200_000),
    sample_rate=st.sampled_from([None, 16000, 48000]),
    channels=st.sampled_from([None, 1, 2]),
    start=st.integers(0, FRAMES - 10_000),
    length=st.integers(5000, FRAMES),
)
def test_the_samples_do_not_depend_on_the_block_size(
    source, stereo, block_frames, sample_rate, channels, start, length
):
    clip = source(start_seconds=start / RATE, end_seconds=(start + length) / RATE)
    blocks = list(clip.blocks(sample_rate, channels, block_frames))
    whole = clip.read(sample_rate, channels).samples
    assert np.array_equal(np.concatenate(blocks, axis=1), whole)
    assert all(block.shape[1] == block_frames for block in blocks[:-1])
    assert all(block.dtype == np.float32 for block in blocks)
    if sample_rate is None and channels != 1:
        assert np.array_equal(whole, stereo[:, start : start + length])


@pytest.mark.parametrize("rate", [8000, 16000, 22050, 32000, 48000, 96000])
def test_resampling_a_stream_equals_resampling_the_whole(rate, source, stereo):
    streamed = joined(source(), sample_rate=rate, block_frames=1000)
    whole = soxr.resample(stereo.T, RATE, rate, quality="HQ").T
    assert streamed.shape == whole.shape
    assert np.abs(streamed - whole).max() < 1e-6
    assert abs(streamed.shape[1] - round(FRAMES * rate / RATE)) <= 1


def test_resampling_keeps_a_tone_where_it_is(spool):
    tone = np.sin(2 * np.pi * 1000 * np.arange(RATE) / RATE).astype(np.float32)
    found = Source(spool(tone.tobytes()), RawPcm("f32le", RATE, 1)).read(16000).samples[0]
    expected = np.sin(2 * np.pi * 1000 * np.arange(16000) / 16000)
    # soxr HQ has 20 bits of precision; the edges ring because the tone starts and ends there.
    assert np.abs(found - expected)[200:-200].max() < 1e-4


def test_a_mono_source_is_repeated_after_resampling(spool):
    mono = (np.random.default_rng(3).standard_normal(RATE) * 0.1).astype(np.float32)
    source = Source(spool(mono.tobytes()), RawPcm("f32le", RATE, 1))
    found = source.read(16000, 2).samples
    assert np.array_equal(found[0], found[1])
    assert np.array_equal(found[:1], source.read(16000).samples)


def test_a_second_pass_gives_the_same_samples_and_facts(source):
    clip = source()
    first = joined(clip)
    report = clip.report
    assert np.array_equal(first, joined(clip))
    assert clip.report == report


def test_frames_and_digest_are_known_after_a_full_pass_and_not_before(source, stereo):
    clip = source()
    assert (clip.report.frames, clip.report.pcm_sha256, clip.report.seconds) == (None, None, None)
    blocks = clip.blocks(sample_rate=16000, channels=1, block_frames=1000)
    next(blocks)
    assert clip.report.frames is None
    for _ in blocks:
        pass
    assert clip.report.frames == FRAMES
    # At the stored rate and channels, whatever the engine asked for.
    assert clip.report.pcm_sha256 == hashlib.sha256(np.ascontiguousarray(stereo.T, "<f4")).digest()


@pytest.mark.parametrize("passes", ["none", "clip", "broken off"])
def test_complete_decodes_what_is_left(passes, source, stereo):
    clip = source(start_seconds=0.5, end_seconds=1.0)
    if passes == "clip":
        clip.read()
        assert clip.report.frames is None
    elif passes == "broken off":
        next(clip.blocks(block_frames=100))
    report = clip.complete()
    assert report.frames == FRAMES
    assert report.pcm_sha256 == hashlib.sha256(np.ascontiguousarray(stereo.T, "<f4")).digest()
    assert clip.report == clip.complete() == report


def test_complete_goes_on_where_the_clip_ended(source):
    calls: list[None] = []
    clip = source(end_seconds=0.1, checkpoint=lambda: calls.append(None))
    clip.read()
    after_clip = len(calls)
    clip.complete()
    whole: list[None] = []
    source(checkpoint=lambda: whole.append(None)).complete()
    assert len(calls) - after_clip < len(whole)


def test_limits_hold_for_what_lies_behind_the_clip(source):
    clip = source(end_seconds=0.5, limits=Limits(max_seconds=2.0))
    assert clip.read().seconds == 0.5
    with pytest.raises(AntiphonError) as caught:
        clip.complete()
    assert caught.value.reason == "AUDIO_TOO_LONG"


def test_a_clip_is_cut_to_the_sample(source, stereo):
    audio = source(start_seconds=1.0, end_seconds=1.0 + 1 / RATE).read()
    assert np.array_equal(audio.samples, stereo[:, RATE : RATE + 1])
    to_the_end = source(start_seconds=3.0, end_seconds=100.0).read()
    assert np.array_equal(to_the_end.samples, stereo[:, 3 * RATE :])
    assert np.array_equal(source(start_seconds=(FRAMES - 1) / RATE).read().samples, stereo[:, -1:])


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (FRAMES / RATE, None),
        (100.0, None),
        (100.0, 101.0),
        (-1.0, None),
        (2.0, 1.0),
        (1.0, 1.0),
        (float("nan"), None),
        (0.0, float("nan")),
        (float("inf"), None),
        (1.0, 1.000001),
    ],
)
def test_a_range_that_holds_no_sample_is_refused(start, end, source):
    with pytest.raises(AntiphonError) as caught:
        source(start_seconds=start, end_seconds=end).read()
    assert (caught.value.reason, caught.value.code) == ("CLIP_RANGE", "INVALID_ARGUMENT")
    assert "start_seconds" in caught.value.metadata


def test_a_clip_of_an_mp3_is_the_same_part_of_the_whole(clicks, encode, spool):
    data = spool(encode(clicks(RATE * 3, 2), "mp3", "libmp3lame"))
    whole = Source(data).read().samples
    clip = Source(data, start_seconds=1.25, end_seconds=2.5).read().samples
    start, end = round(1.25 * RATE), round(2.5 * RATE)
    assert np.array_equal(clip, whole[:, start:end])


def test_the_checkpoint_is_called_for_every_block_and_stops_the_pass(source):
    class Stop(BaseException):
        pass

    calls = 0

    def checkpoint() -> None:
        nonlocal calls
        calls += 1
        if calls > 4:
            raise Stop

    seen = []
    blocks = source(checkpoint=checkpoint).blocks()
    with pytest.raises(Stop):
        for block in blocks:
            seen.append((calls, block.shape[1]))
    assert len(seen) < FRAMES / 65536
    assert all(later > earlier for (earlier, _), (later, _) in pairwise(seen))


def test_the_hint_is_the_length_of_the_clip(source, clicks, encode, spool):
    assert source().seconds_hint == pytest.approx(FRAMES / RATE)
    assert source(start_seconds=1.0, end_seconds=1.5).seconds_hint == pytest.approx(0.5)
    assert source(start_seconds=3.0, end_seconds=50.0).seconds_hint == pytest.approx(FRAMES / RATE - 3.0)
    flac = encode(clicks(RATE), "flac", "flac")
    streamed = encode(clicks(RATE), "flac", "flac", seekable=False)
    assert Source(spool(flac)).seconds_hint == pytest.approx(1.0)
    assert Source(spool(streamed)).seconds_hint is None
    assert Source(spool(streamed), end_seconds=0.5).seconds_hint == 0.5


def test_a_question_that_makes_no_sense_is_a_bug_and_not_the_callers_fault(source):
    for options in ({"sample_rate": 0}, {"channels": 0}, {"block_frames": 0}):
        with pytest.raises(ValueError, match="positive"):
            source().blocks(**options)
    with pytest.raises(ValueError, match="no rule to turn 2 channels into 3"):
        source().read(channels=3)


def test_a_clip_too_short_for_a_sample_at_the_new_rate_is_empty(source):
    audio = source(end_seconds=1 / RATE).read(sample_rate=8000, channels=1)
    assert audio.samples.shape == (1, 0)


@pytest.mark.parametrize(
    ("layout", "names"),
    [("5.1", ("FL", "FR", "FC", "LFE", "BL", "BR")), ("5.1(side)", ("FL", "FR", "FC", "LFE", "SL", "SR"))],
)
def test_a_source_names_the_loudspeakers_of_its_channels(encode, tmp_path, layout, names):
    path = tmp_path / "surround"
    path.write_bytes(encode(np.zeros((6, 4410), np.float32), "flac", "flac", layout=layout))
    assert Source(path).layout == names


def test_samples_without_a_header_name_no_loudspeakers(source):
    assert source().layout is None
