"""Audio decoded while it comes in: the same samples however it was cut, and the same as from a file."""

from __future__ import annotations

import threading
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from antiphon_wire.errors import AntiphonError
from chassis.audio import Limits, RawPcm, Source
from chassis.audio.live import LiveSource
from tests.fixtures import recordings

RATE = 48_000
S16 = RawPcm("s16le", RATE, 2)


def sweep(seconds: float = 1.0) -> np.ndarray:
    time = np.arange(round(seconds * RATE)) / RATE
    mono = 0.3 * np.sin(2 * np.pi * (200 + 400 * time) * time)
    return np.stack([mono, 0.5 * mono]).astype(np.float32)


def pcm(samples: np.ndarray) -> bytes:
    return (samples.T * 32767).astype("<i2").tobytes()


def decoded(data: bytes, cuts: list[int], raw: RawPcm | None = None, limits: Limits | None = None) -> np.ndarray:
    source = LiveSource(16_000, raw, limits)
    edges = [0, *sorted({cut % (len(data) + 1) for cut in cuts}), len(data)]
    parts = [source.feed(data[start:end]) for start, end in pairwise(edges)]
    parts.append(source.finish())
    source.close()
    return np.concatenate(parts)


CONTAINERS = {
    "ogg": ("ogg", "libopus"),
    "webm": ("webm", "libopus"),
    "mp3": ("mp3", "mp3"),
    "flac": ("flac", "flac"),
    "wav": ("wav", "pcm_s16le"),
}
ENCODED = {name: recordings.encoded(sweep(), *how, RATE) for name, how in CONTAINERS.items()}
WHOLE = {name: decoded(data, []) for name, data in ENCODED.items()}


@settings(max_examples=25)
@given(cuts=st.lists(st.integers(0, 10**9), max_size=30), name=st.sampled_from(sorted(CONTAINERS)))
def test_a_container_gives_the_same_samples_wherever_it_is_cut(cuts: list[int], name: str) -> None:
    assert np.array_equal(decoded(ENCODED[name], cuts), WHOLE[name])


ID3 = b"ID3\x04\0\0\0\0\0\x0cTIT2\0\0\0\2\0\0\x03a"
TAGGED = {**CONTAINERS, "caf": ("caf", "pcm_s16le"), "au": ("au", "pcm_s16be"), "adts": ("adts", "aac")}


@pytest.mark.parametrize("name", sorted(TAGGED))
@pytest.mark.parametrize("cuts", [[], [2], list(range(60))], ids=["whole", "in the mark", "byte by byte"])
def test_tags_in_front_of_a_stream_change_nothing(name: str, cuts: list[int]) -> None:
    data = recordings.encoded(sweep(), *TAGGED[name], RATE)
    wanted = decoded(data, [])
    assert len(wanted) > 15_000
    assert np.array_equal(decoded(ID3 + ID3 + data, cuts), wanted)


@settings(max_examples=25)
@given(cuts=st.lists(st.integers(0, 10**9), max_size=30))
def test_pcm_gives_the_same_samples_wherever_it_is_cut_even_within_a_sample(cuts: list[int]) -> None:
    data = pcm(sweep(0.3))
    assert np.array_equal(decoded(data, cuts, S16), decoded(data, [], S16))


@pytest.mark.parametrize("name", sorted(CONTAINERS))
def test_a_stream_gives_what_the_file_gives(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(ENCODED[name])
    source = Source(path)
    from_file = source.read(16_000, 1).samples[0]
    live = LiveSource(16_000)
    samples = np.concatenate([live.feed(ENCODED[name]), live.finish()])
    # What an mp3 encoder pads its last frame with is known only where libav can look at the end: up to 1152 samples.
    padding = 1152 * 16_000 // RATE if name == "mp3" else 0
    assert 0 <= len(samples) - len(from_file) <= padding
    # The resampler's rounding depends on the length of its blocks: 1e-6, see resample.py. Its filter, up to 100 samples
    # long, hears the padding at the end.
    same = len(from_file) - (100 if padding else 0)
    assert np.abs(samples[:same] - from_file[:same]).max() < 1e-5
    if not padding:
        assert live.report == source.report


@pytest.mark.parametrize("name", sorted(CONTAINERS))
def test_samples_come_before_the_stream_ends(name: str) -> None:
    data = recordings.encoded(sweep(4.0), *CONTAINERS[name], RATE)
    source = LiveSource(16_000)
    first = source.feed(data[: len(data) // 2])
    assert len(first) > 16_000 // 2
    assert source.report is not None
    assert source.report.frames is None
    source.close()


def test_pcm_comes_without_delay_but_for_the_resamplers() -> None:
    source = LiveSource(16_000, RawPcm("f32le", 16_000, 1))
    assert len(source.feed(np.zeros(1600, "<f4").tobytes())) == 1600
    source.close()


@pytest.mark.parametrize(
    ("data", "raw", "reason"),
    [
        (b"not audio at all " * 1000, None, "AUDIO_UNDECODABLE"),
        (b"", None, "AUDIO_EMPTY"),
        (b"", S16, "AUDIO_EMPTY"),
        (b"\0" * 401, S16, "AUDIO_UNDECODABLE"),
        (np.full(100, np.nan, "<f4").tobytes(), RawPcm("f32le", 16_000, 1), "AUDIO_NOT_FINITE"),
    ],
    ids=["text", "no bytes", "no samples", "half a frame", "not a number"],
)
def test_what_cannot_be_heard_is_refused(data: bytes, raw: RawPcm | None, reason: str) -> None:
    with pytest.raises(AntiphonError) as caught:
        decoded(data, [], raw)
    assert (caught.value.code, caught.value.reason) == ("INVALID_ARGUMENT", reason)


def test_a_stream_that_goes_on_too_long_is_ended() -> None:
    with pytest.raises(AntiphonError, match="AUDIO_TOO_LONG"):
        decoded(pcm(sweep(1.0)), [], S16, Limits(max_seconds=0.5))


def test_a_stream_that_is_given_up_leaves_no_thread() -> None:
    source = LiveSource(16_000)
    source.feed(ENCODED["ogg"][:3000])
    source.close()
    source.close()
    assert not any(thread.name == "live-decoder" for thread in threading.enumerate())


@pytest.mark.parametrize("stored", [1, 2, 6])
def test_as_many_channels_as_wanted_come_as_from_a_file(tmp_path, stored):
    samples = (0.1 * np.random.default_rng(3).standard_normal((stored, 30_000))).astype(np.float32)
    data = samples.T.astype("<f4").tobytes()
    raw = RawPcm("f32le", 44_100, stored)
    source = LiveSource(44_100, raw, channels=2)
    parts = [source.feed(data[at : at + 7_001]) for at in range(0, len(data), 7_001)]
    parts.append(source.finish())
    assert all(part.shape[0] == 2 for part in parts)
    path = tmp_path / "clip"
    path.write_bytes(data)
    np.testing.assert_array_equal(np.concatenate(parts, axis=1), Source(path, raw=raw).read(channels=2).samples)
