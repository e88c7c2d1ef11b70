"""Where a long recording is cut into passages."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from services.llm_audio.hearing import passages

RATE = 16_000


def noise(seconds: float, *pauses: tuple[float, float]) -> np.ndarray:
    """Noise (n,) with pauses of near silence, each a start and an end in seconds."""
    samples = np.random.default_rng(0).standard_normal(round(seconds * RATE)).astype(np.float32) / 8
    for start, end in pauses:
        samples[round(start * RATE) : round(end * RATE)] *= 1e-3
    return samples


@pytest.mark.parametrize("seconds", [0.1, 5.0, 29.9, 30.0])
def test_what_is_heard_at_once_is_not_cut(seconds: float) -> None:
    samples = noise(seconds)
    assert passages.cut(samples, 30.0) == [(0, samples.size)]
    assert passages.remark(passages.passages([(0, samples.size)])) == ()


def test_cuts_are_in_the_pauses() -> None:
    pauses = [(22.0, 22.5), (45.0, 45.6), (70.0, 71.0)]
    cuts = passages.cut(noise(95.0, *pauses), 30.0)
    ends = [last / RATE for _, last in cuts[:-1]]
    assert len(ends) == 3
    for end, (first, last) in zip(ends, pauses, strict=True):
        assert first < end < last


@pytest.mark.parametrize("seconds", [30.1, 44.9, 45.1, 60.0, 95.0, 660.0])
def test_passages_leave_no_gap_keep_to_the_limit_and_none_is_a_tail(seconds: float) -> None:
    samples = noise(seconds)
    cuts = passages.cut(samples, 30.0)
    assert cuts[0][0] == 0
    assert cuts[-1][1] == samples.size
    assert all(before[1] == after[0] for before, after in pairwise(cuts))
    lengths = [(last - first) / RATE for first, last in cuts]
    assert max(lengths) <= 30.0
    assert min(lengths) >= 10.0


def test_silence_alone_is_cut_too() -> None:
    cuts = passages.cut(np.zeros(70 * RATE, np.float32), 30.0)
    assert cuts[-1][1] == 70 * RATE
    assert all(0 < last - first <= 30 * RATE for first, last in cuts)


def test_times_are_those_of_the_recording_and_not_of_the_clip() -> None:
    (first, second) = passages.passages([(0, 5 * RATE), (5 * RATE, 8 * RATE)], 100.0)
    assert (first.start_seconds, first.end_seconds) == (100.0, 105.0)
    assert (second.start_seconds, second.end_seconds) == (105.0, 108.0)
    (warning,) = passages.remark((first, second))
    assert (warning.reason, "2 passages of at most 5.0 s" in warning.message) == ("AUDIO_IN_PASSAGES", True)
