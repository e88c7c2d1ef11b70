"""Channels are mixed by the rules that mixdown.py states."""

from __future__ import annotations

import numpy as np
import pytest

from chassis.audio import RawPcm, Source
from chassis.audio.mixdown import HALF_POWER, Mixdown

FIVE_ONE = ("FL", "FR", "FC", "LFE", "BL", "BR")


def test_mono_is_the_mean_of_all_channels():
    block = np.array([[1.0, 0.0], [0.0, 0.5], [0.5, 1.0]], np.float32)
    assert np.allclose(Mixdown(3, 1).apply(block), [[0.5, 0.5]])


def test_mono_is_repeated():
    block = np.array([[0.25, -0.5]], np.float32)
    assert np.array_equal(Mixdown(1, 2).apply(block), [[0.25, -0.5], [0.25, -0.5]])


def test_an_equal_count_is_left_alone():
    block = np.array([[0.25], [-0.5]], np.float32)
    assert Mixdown(2, 2).apply(block) is block


def test_known_loudspeakers_are_mixed_by_bs_775():
    gains = Mixdown(6, 2, FIVE_ONE).apply(np.eye(6, dtype=np.float32))
    scale = 1 / (1 + 2 * HALF_POWER)
    half = HALF_POWER * scale
    assert np.allclose(gains, [[scale, 0, half, 0, half, 0], [0, scale, half, 0, 0, half]], atol=1e-7)


def test_full_scale_in_every_channel_stays_within_full_scale():
    assert Mixdown(6, 2, FIVE_ONE).apply(np.ones((6, 1), np.float32)).max() <= 1.0 + 1e-6


@pytest.mark.parametrize("layout", [None, ("FL", "FR", "TFL", "TFR")])
def test_unknown_loudspeakers_alternate_between_left_and_right(layout):
    assert np.allclose(Mixdown(4, 2, layout).apply(np.eye(4, dtype=np.float32)), [[0.5, 0, 0.5, 0], [0, 0.5, 0, 0.5]])


def test_other_changes_are_refused():
    with pytest.raises(ValueError, match="no rule to turn 2 channels into 4"):
        Mixdown(2, 4)


def test_the_layout_of_a_file_is_used(encode, spool):
    # One channel at a time carries a level, so that each gain shows.
    levels = np.zeros((6, 600), np.float32)
    for channel in range(6):
        levels[channel, channel * 100 : channel * 100 + 100] = 0.5
    found = Source(spool(encode(levels, "wav", "pcm_s16le"))).read(channels=2).samples[:, 50::100]
    assert np.allclose(found, 0.5 * Mixdown(6, 2, FIVE_ONE).apply(np.eye(6, dtype=np.float32)), atol=1e-4)


def test_raw_pcm_has_no_layout(spool):
    data = np.eye(4, dtype="<f4").T.tobytes()
    found = Source(spool(data), RawPcm("f32le", 8000, 4)).read(channels=2).samples
    assert np.allclose(found, [[0.5, 0, 0.5, 0], [0, 0.5, 0, 0.5]])
