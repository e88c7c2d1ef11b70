"""Cuts a recording that is longer than a model hears at once into passages, where it is quiet."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from chassis.reports import WarningReport
from services.llm_audio.contract import SAMPLE_RATE, Passage

_HOP = SAMPLE_RATE // 50
_SMOOTH_HOPS = 15
"""0.3 s: shorter than most pauses between words, longer than the closure of a consonant."""
_NEARLY_DB = 3.0
"""Places this much louder than the quietest are as good to cut at."""
_FLOOR = 1e-10
"""Power of -100 dBFS, added so that digital silence and what is nearly silent are alike."""


def cut(samples: np.ndarray, limit_seconds: float) -> list[tuple[int, int]]:
    """Finds passages of at most ``limit_seconds``: where each begins and ends, in samples, without a gap between them.

    A cut is at the latest place that is within 3 dB of the quietest of the passage's second half, or, before the last
    passage, of the middle third of what is left: so that none is a mere tail. Without a pause there, a word is cut.

    Args:
        samples: Mono float32 (n,) at SAMPLE_RATE.
        limit_seconds: More than 0.
    """
    limit = int(limit_seconds * SAMPLE_RATE)
    found, start = [], 0
    levels = None if samples.size <= limit else _levels(samples)
    while (left := samples.size - start) > limit:
        assert levels is not None
        first, last = (left // 3, min(limit, 2 * left // 3)) if left < 1.5 * limit else (limit // 2, limit)
        end = _quiet(levels, start + first, start + last)
        found.append((start, end))
        start = end
    return [*found, (start, samples.size)]


def passages(cuts: Sequence[tuple[int, int]], start_seconds: float = 0.0) -> tuple[Passage, ...]:
    """Gives the times of cuts in the recording; ``start_seconds`` is where the samples begin in it."""
    return tuple(
        Passage(start_seconds + first / SAMPLE_RATE, start_seconds + last / SAMPLE_RATE) for first, last in cuts
    )


def remark(found: Sequence[Passage]) -> tuple[WarningReport, ...]:
    """Tells what to know of a recording that was heard in passages; nothing where it was heard in one."""
    if len(found) < 2:
        return ()
    longest = max(each.end_seconds - each.start_seconds for each in found)
    message = (
        f"the recording is longer than the model hears at once; it was heard in {len(found)} passages of at most "
        f"{longest:.1f} s, each by itself, and the answers to them stand one after the other"
    )
    return (WarningReport("AUDIO_IN_PASSAGES", message),)


def _levels(samples: np.ndarray) -> np.ndarray:
    """Gives the mean power around each hop, over 0.3 s."""
    hops = samples[: samples.size // _HOP * _HOP].reshape(-1, _HOP)
    power = np.einsum("ij,ij->i", hops, hops, dtype=np.float64) / _HOP
    return np.convolve(power, np.ones(_SMOOTH_HOPS) / _SMOOTH_HOPS, "same") + _FLOOR


def _quiet(levels: np.ndarray, first: int, last: int) -> int:
    """The sample to cut at, from ``first`` to ``last``."""
    zone = levels[first // _HOP : max(first // _HOP + 1, last // _HOP)]
    nearly = np.flatnonzero(zone <= zone.min() * 10 ** (_NEARLY_DB / 10))
    # The middle of a hop is the middle of its smoothing.
    return min(last, (first // _HOP + int(nearly[-1])) * _HOP + _HOP // 2)
