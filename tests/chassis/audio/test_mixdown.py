"""Channels are mixed by the rules that mixdown.py states."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chassis.audio import RawPcm, Source
from chassis.audio.live.source import LiveSource
from chassis.audio.mixdown import HALF_POWER, HOP_SECONDS, Mixdown, to_mono
from chassis.audio.polarity import MEMORY_SECONDS

FIVE_ONE = ("FL", "FR", "FC", "LFE", "BL", "BR")
RATE = 8000


def mixed(block, target, layout=None, cuts=()):
    """Mixes a block at once, or cut at some of its frames."""
    mixdown = Mixdown(block.shape[0], target, layout, sample_rate=RATE)
    parts = [mixdown.apply(part) for part in np.split(block, list(cuts), axis=1)]
    return np.concatenate([*parts, mixdown.finish()], axis=1)


def noise(seed, seconds=2.0):
    return np.random.default_rng(seed).normal(0, 0.1, round(seconds * RATE)).astype(np.float32)


def test_mono_is_the_mean_of_all_channels():
    block = np.array([[1.0, 0.0], [0.0, 0.5], [0.5, 1.0]], np.float32)
    assert np.allclose(mixed(block, 1), [[0.5, 0.5]])


def test_mono_is_repeated():
    block = np.array([[0.25, -0.5]], np.float32)
    assert np.array_equal(mixed(block, 2), [[0.25, -0.5], [0.25, -0.5]])


def test_an_equal_count_is_left_alone():
    block = np.array([[0.25], [-0.5]], np.float32)
    assert Mixdown(2, 2, sample_rate=RATE).apply(block) is block


def test_known_loudspeakers_are_mixed_by_bs_775():
    gains = mixed(np.eye(6, dtype=np.float32), 2, FIVE_ONE)
    scale = 1 / (1 + 2 * HALF_POWER)
    half = HALF_POWER * scale
    assert np.allclose(gains, [[scale, 0, half, 0, half, 0], [0, scale, half, 0, 0, half]], atol=1e-7)


def test_full_scale_in_every_channel_stays_within_full_scale():
    assert mixed(np.ones((6, 1), np.float32), 2, FIVE_ONE).max() <= 1.0 + 1e-6


@pytest.mark.parametrize("layout", [None, ("FL", "FR", "TFL", "TFR")])
def test_unknown_loudspeakers_alternate_between_left_and_right(layout):
    assert np.allclose(mixed(np.eye(4, dtype=np.float32), 2, layout), [[0.5, 0, 0.5, 0], [0, 0.5, 0, 0.5]])


def test_other_changes_are_refused():
    with pytest.raises(ValueError, match="no rule to turn 2 channels into 4"):
        Mixdown(2, 4, sample_rate=RATE)


def test_the_layout_of_a_file_is_used(encode, spool):
    # One channel at a time carries a level, so that each gain shows.
    levels = np.zeros((6, 600), np.float32)
    for channel in range(6):
        levels[channel, channel * 100 : channel * 100 + 100] = 0.5
    found = Source(spool(encode(levels, "wav", "pcm_s16le"))).read(channels=2).samples[:, 50::100]
    assert np.allclose(found, 0.5 * mixed(np.eye(6, dtype=np.float32), 2, FIVE_ONE), atol=1e-4)


def test_raw_pcm_has_no_layout(spool):
    data = np.eye(4, dtype="<f4").T.tobytes()
    found = Source(spool(data), RawPcm("f32le", 8000, 4)).read(channels=2).samples
    assert np.allclose(found, [[0.5, 0, 0.5, 0], [0, 0.5, 0, 0.5]])


def test_opposite_channels_are_heard_as_one_of_them_and_told():
    left = noise(1)
    mono, warnings = to_mono(np.stack([left, -left]), RATE)
    assert np.array_equal(mono, left)
    assert [each.reason for each in warnings] == ["AUDIO_OUT_OF_PHASE"]
    assert "from 0.00 s on, for 2.00 s in all" in warnings[0].message


def test_a_wire_that_is_swapped_on_the_way_is_noticed_within_the_memory_and_does_not_click():
    seconds = np.arange(4 * RATE) / RATE
    left = (0.5 * np.sin(2 * np.pi * 200 * seconds)).astype(np.float32)
    right = np.where(seconds < 2, left, -left)
    mono, warnings = to_mono(np.stack([left, right]), RATE)
    # Two hops about equal opposite parts: the correlation falls from 1 to -0.8 when the new part holds 0.9 of the sum.
    noticed = 2 + 2.5 * MEMORY_SECONDS
    assert np.array_equal(mono[: 2 * RATE], left[: 2 * RATE])
    assert np.allclose(np.abs(mono[seconds >= noticed]), np.abs(left[seconds >= noticed]), atol=1e-6)
    assert np.abs(np.diff(mono)).max() <= 1.05 * np.abs(np.diff(left)).max() + 0.5 / (0.01 * RATE)
    assert len(warnings) == 1


@pytest.mark.parametrize("pause", [0.0, 0.3, 3.0])
def test_a_recording_whose_polarity_changes_on_the_way_loses_no_more_than_one_hop(pause):
    first, second = noise(1), noise(2)
    quiet = np.zeros(round(pause * RATE), np.float32)
    left = np.concatenate([first, quiet, second, quiet, first])
    right = np.concatenate([first, quiet, -second, quiet, first])
    mono, _ = to_mono(np.stack([left, right]), RATE)
    hop = round(HOP_SECONDS * RATE)
    lost = (np.abs(mono) < 0.99 * np.abs(left)).reshape(-1, hop).sum(axis=1)
    # Each change takes effect in the hop that it begins, but for the first 10 ms in which the sign turns.
    assert lost.sum() <= 2 * 0.01 * RATE


def test_faint_noise_of_opposite_phase_between_words_turns_no_sign():
    word, faint = noise(1), 1e-4 * noise(2)
    mono, warnings = to_mono(
        np.stack([np.concatenate([word, faint, word]), np.concatenate([word, -faint, word])]), RATE
    )
    assert np.array_equal(mono[: len(word)], word)
    assert np.array_equal(mono[-len(word) :], word)
    assert warnings == ()


def test_ordinary_stereo_is_the_mean_to_the_bit():
    for block in (np.stack([noise(1), noise(2)]), np.stack([noise(1), 0 * noise(1)]), np.stack([noise(1), noise(1)])):
        expected = np.zeros(block.shape[1], np.float32) + block[0] * np.float32(0.5) + block[1] * np.float32(0.5)
        mono, warnings = to_mono(block, RATE)
        assert np.array_equal(mono, expected)
        assert warnings == ()


def test_offsets_of_opposite_sign_do_not_make_a_recording_opposite():
    left = noise(1)
    mono, warnings = to_mono(np.stack([left + 0.4, left - 0.4]).astype(np.float32), RATE)
    assert np.allclose(mono, left, atol=1e-6)
    assert warnings == ()


def test_a_quiet_opposite_side_takes_nothing_away():
    left = noise(1)
    mono, _ = to_mono(np.stack([left, -0.7 * left]), RATE)
    assert np.allclose(mono, 0.85 * left, atol=1e-6)


@pytest.mark.parametrize("target", [1, 2])
@pytest.mark.parametrize("speaker", range(6))
def test_what_one_loudspeaker_alone_says_is_heard(speaker, target):
    block = np.zeros((6, 2 * RATE), np.float32)
    block[speaker] = noise(1)
    assert mixed(block, target, FIVE_ONE).std(axis=1).max() > 0.15 * block[speaker].std()


@pytest.mark.parametrize("target", [1, 2])
def test_two_loudspeakers_of_opposite_phase_are_heard(target):
    block = np.zeros((6, 2 * RATE), np.float32)
    block[0], block[2] = noise(1), -noise(1)
    # With the sign kept: nothing at all in mono, 0.3 of the left share on the left.
    plain = 1 / 6 if target == 1 else 1 / (1 + 2 * HALF_POWER)
    assert mixed(block, target, FIVE_ONE)[0].std() > plain * block[0].std()


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 2 * RATE), max_size=6).map(sorted), st.sampled_from([1, 2]), st.booleans())
def test_how_it_is_cut_changes_nothing(cuts, target, opposite):
    block = np.stack([noise(1), -noise(1) if opposite else noise(2), noise(3)])
    assert np.array_equal(mixed(block, target, cuts=cuts), mixed(block, target))


def test_silence_is_mixed_to_silence_without_a_word():
    mono, warnings = to_mono(np.zeros((2, RATE), np.float32), RATE)
    assert not mono.any()
    assert warnings == ()


def test_no_frame_is_lost_or_added():
    for frames in (1, 7, round(HOP_SECONDS * RATE), RATE + 1):
        assert mixed(np.ones((2, frames), np.float32), 1).shape == (1, frames)


def test_a_file_and_a_live_stream_of_opposite_channels_are_heard_alike(spool):
    left = noise(1)
    data = np.stack([left, -left]).T.astype("<f4").tobytes()
    pcm = RawPcm("f32le", RATE, 2)
    source, live = Source(spool(data), pcm), LiveSource(RATE, pcm)
    heard = [*(live.feed(data[at : at + 1000]) for at in range(0, len(data), 1000)), live.finish()]
    assert np.array_equal(source.read(channels=1).samples[0], left)
    assert np.array_equal(np.concatenate(heard), left)
    assert [each.reason for each in (*source.warnings, *live.warnings)] == ["AUDIO_OUT_OF_PHASE"] * 2
