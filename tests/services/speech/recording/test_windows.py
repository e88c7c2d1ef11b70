"""Where a recording is cut."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from services.speech.recording.windows import MIN_SAMPLES, loudest, quietest, windows

RATE = 16000


def in_blocks(samples: np.ndarray, size: int) -> Iterator[np.ndarray]:
    for start in range(0, len(samples), size):
        yield samples[None, start : start + size]


@pytest.fixture(scope="module")
def talk() -> np.ndarray:
    """47 s of noise with a pause of 0.2 s every 3 s."""
    samples = np.random.default_rng(3).standard_normal(47 * RATE).astype(np.float32)
    at = np.arange(len(samples)) / RATE % 3.0
    samples[at >= 2.8] *= 1e-3
    return samples


def test_no_sample_is_lost_or_doubled(talk: np.ndarray) -> None:
    found = list(windows(in_blocks(talk, 4096), 10.0))
    assert np.array_equal(np.concatenate([window.samples for window in found]), talk)
    assert [window.start for window in found] == list(np.cumsum([0] + [len(window.samples) for window in found[:-1]]))
    assert [window.last for window in found] == [False] * (len(found) - 1) + [True]


@pytest.mark.parametrize("size", [1000, 65536, 10**7])
def test_the_cuts_do_not_depend_on_the_blocks(talk: np.ndarray, size: int) -> None:
    expected = [window.start for window in windows(in_blocks(talk, 4096), 10.0)]
    assert len(expected) > 3
    assert [window.start for window in windows(in_blocks(talk, size), 10.0)] == expected


def test_a_window_ends_in_a_pause_and_is_not_too_long(talk: np.ndarray) -> None:
    found = list(windows(in_blocks(talk, 65536), 10.0))
    for window in found[:-1]:
        assert 5.0 <= window.seconds <= 10.0
        end = (window.start / RATE + window.seconds) % 3.0
        # Half of the 0.1 s that is looked for lies before the cut and half after it, all in the pause of 2.8 to 3.0.
        assert 2.8 + 0.04 <= end <= 3.0 - 0.04


@pytest.mark.parametrize("extra", [0, 1, MIN_SAMPLES - 1, MIN_SAMPLES, MIN_SAMPLES + 1])
def test_what_is_left_can_always_hold_a_word(extra: int) -> None:
    samples = np.ones(10 * RATE + extra, np.float32)
    found = list(windows(in_blocks(samples, 65536), 10.0))
    assert all(len(window.samples) >= MIN_SAMPLES for window in found)
    assert sum(len(window.samples) for window in found) == len(samples)


def test_no_audio_gives_no_window() -> None:
    assert list(windows(iter(()), 10.0)) == []


def test_short_audio_is_one_window() -> None:
    (only,) = windows(in_blocks(np.ones(100, np.float32), 64), 10.0)
    assert (len(only.samples), only.start, only.last) == (100, 0, True)


def test_the_quietest_place_is_the_middle_of_the_pause() -> None:
    samples = np.ones(3 * RATE, np.float32)
    samples[RATE : RATE + RATE // 10] = 0.0
    # To a step of 10 ms.
    assert quietest(samples) == pytest.approx(1.05 * RATE, abs=RATE // 100)


def test_the_loudest_stretch_is_the_one_with_the_voice() -> None:
    samples = np.full(100 * RATE, 0.01, np.float32)
    samples[40 * RATE : 60 * RATE] = 0.5
    stretch = loudest(samples, 30.0)
    assert len(stretch) == 30 * RATE
    assert np.count_nonzero(stretch == 0.5) == 20 * RATE


def test_what_is_shorter_is_taken_whole() -> None:
    samples = np.arange(29 * RATE, dtype=np.float32)
    assert loudest(samples, 30.0) is samples
