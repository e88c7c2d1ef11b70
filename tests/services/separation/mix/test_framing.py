"""Patches depend on the mix alone; numpy only, no network."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from services.separation.mix.framing import HOP, OVERLAP, PATCH_FRAMES, PATCH_SAMPLES, WINDOW, patches

MIX = np.random.default_rng(1).standard_normal((2, 2 * PATCH_SAMPLES + 12_345)).astype(np.float32)


def defined(mix: np.ndarray) -> list[np.ndarray]:
    """The patches by their definition: stretches of the mix between two half windows of zeros."""
    padded = np.pad(mix, ((0, 0), (WINDOW // 2, WINDOW // 2)))
    frames = mix.shape[1] // HOP + 1
    return [
        padded[:, first * HOP : (min(first + PATCH_FRAMES, frames) - 1) * HOP + WINDOW]
        for first in range(0, frames, PATCH_FRAMES)
    ]


@settings(max_examples=40)
@given(
    length=st.integers(1, MIX.shape[1]),
    cuts=st.lists(st.integers(0, MIX.shape[1]), max_size=12),
)
@example(length=1, cuts=[])
@example(length=PATCH_SAMPLES - WINDOW // 2, cuts=[0, 0, 1])
@example(length=PATCH_SAMPLES - WINDOW, cuts=[PATCH_SAMPLES - WINDOW // 2])
@example(length=PATCH_SAMPLES - WINDOW - 1, cuts=[])
@example(length=PATCH_SAMPLES + HOP * PATCH_FRAMES - WINDOW // 2, cuts=[OVERLAP])
def test_any_cutting_of_any_mix_gives_the_patches_of_the_definition(length: int, cuts: list[int]) -> None:
    mix = MIX[:, :length]
    found = list(patches(np.split(mix, sorted(min(cut, length) for cut in cuts), axis=1)))
    wanted = defined(mix)
    assert [patch.frames for patch in found] == [(each.shape[1] - WINDOW) // HOP + 1 for each in wanted]
    assert all(np.array_equal(patch.samples, each) for patch, each in zip(found, wanted, strict=True))


def test_a_patch_comes_as_soon_as_its_last_sample_is_there() -> None:
    asked = []

    def blocks() -> object:
        for start in range(0, MIX.shape[1], 1000):
            asked.append(start)
            yield MIX[:, start : start + 1000]

    next(patches(blocks()))  # type: ignore[arg-type]
    assert asked[-1] < PATCH_SAMPLES - WINDOW // 2 <= asked[-1] + 1000


@pytest.mark.parametrize("blocks", [[], [MIX[:, :0]]])
def test_a_mix_without_samples_has_no_patch(blocks: list[np.ndarray]) -> None:
    assert list(patches(blocks)) == []


def test_patches_do_not_share_memory_with_what_comes_later() -> None:
    first, second, *_ = patches([MIX])
    kept = first.samples.copy()
    second.samples[:] = 0
    assert np.array_equal(first.samples, kept)
