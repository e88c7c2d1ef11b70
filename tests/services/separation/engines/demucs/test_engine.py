"""Demucs over a stream: equal to demucs' own way with the whole track, on tiny seeded networks of its classes."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch
from demucs.apply import BagOfModels, apply_model

from antiphon_wire.errors import AntiphonError, Cancelled
from services.separation.contract import MixLevel, Plan, Tuning
from services.separation.engines.demucs.bag import Bag
from services.separation.engines.demucs.engine import Demucs
from services.separation.engines.demucs.torch_backend import TorchBackend
from services.separation.mix.level import mix_level
from standins import tiny_demucs

RATE = 44_100
SEGMENT = 2 * RATE
STRIDE = SEGMENT * 3 // 4
KINDS = tuple(tiny_demucs.ARGUMENTS)
CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def networks() -> dict[str, Any]:
    return {kind: tiny_demucs.network(kind) for kind in KINDS}


@pytest.fixture(scope="module")
def bag_of_four() -> list[Any]:
    return [tiny_demucs.network("htdemucs", seed, segment=tiny_demucs.Fraction(1)) for seed in range(4)]


def engine(*networks: Any, weights: Any = None, at_once: int = 1) -> Demucs:
    bag = Bag(networks, weights)
    return Demucs(bag, TorchBackend(bag.networks, CPU, at_once=at_once))


def music(frames: int, channels: int = 2, seed: int = 3) -> np.ndarray:
    """Noise that swells, with an offset: a level taken wrongly would show. float32 ``(2, frames)``."""
    noise = np.random.default_rng(seed).standard_normal((channels, frames))
    swell = 0.02 + 0.3 * np.sin(np.linspace(0, 3, frames)) ** 2
    mix = (noise * swell + 0.01).astype(np.float32)
    return mix if channels == 2 else np.repeat(mix, 2, axis=0)


def upstream(model: Any, mix: np.ndarray, **options: Any) -> np.ndarray:
    """What demucs 4.1.0 makes of the whole track: ``Separator.separate_tensor``'s steps, without its random shift."""
    wave = torch.from_numpy(mix)
    reference = wave.mean(0)
    mean = reference.mean()
    deviation = reference.std() + 1e-8 if reference.numel() > 1 else torch.tensor(1e-8)
    options = {"shifts": 0, "split": True, "overlap": 0.25, **options}
    stems = apply_model(model, ((wave - mean) / deviation)[None], **options)[0]
    return (stems * deviation + mean).numpy()


def cut(mix: np.ndarray, block: int) -> Iterator[np.ndarray]:
    return (mix[:, start : start + block] for start in range(0, mix.shape[1], block))


def separated(separator: Demucs, mix: np.ndarray, block: int = 30_000, exact: bool = True, **plan: Any) -> Any:
    """The stems of a mix, put together, ``(stems, channels, frames)``; checks that blocks follow each other."""
    level = mix_level([mix]) if exact else None
    found: list[dict[str, np.ndarray]] = []
    frames = 0
    for each in separator.separate(cut(mix, block), plan=Plan(level=level, **plan)):
        assert each.first_frame == frames
        frames += each.frame_count
        found.append(dict(each.stems))
    assert frames == mix.shape[1]
    return np.stack([np.concatenate([each[stem] for each in found], axis=1) for stem in found[0]])


@pytest.mark.parametrize("frames", [1, 4_410, STRIDE, SEGMENT, SEGMENT + 1, 200_001])
@pytest.mark.parametrize("kind", KINDS)
def test_the_stems_are_those_of_demucs_itself(networks: dict[str, Any], kind: str, frames: int) -> None:
    mix = music(frames)
    # Rounding alone: the level goes in and out in another order.
    np.testing.assert_allclose(separated(engine(networks[kind]), mix), upstream(networks[kind], mix), rtol=0, atol=1e-6)


@pytest.mark.parametrize(
    ("overlap", "segment"), [(0.0, None), (0.1, None), (0.5, None), (0.9, None), (0.25, 1.3), (0.25, 2.0)]
)
@pytest.mark.parametrize("kind", ["htdemucs", "hdemucs"])
def test_overlap_and_segment_mean_what_they_mean_to_demucs(
    networks: dict[str, Any], kind: str, overlap: float, segment: float | None
) -> None:
    mix = music(100_000)
    tuning = Tuning(overlap=overlap, segment_seconds=segment)
    want = upstream(networks[kind], mix, overlap=overlap, segment=segment)
    np.testing.assert_allclose(separated(engine(networks[kind]), mix, tuning=tuning), want, rtol=0, atol=1e-6)


@pytest.mark.parametrize("frames", [4_410, 150_001])
def test_a_mono_mix_repeated_is_separated_as_demucs_does(networks: dict[str, Any], frames: int) -> None:
    mix = music(frames, channels=1)
    want = upstream(networks["htdemucs"], mix)
    np.testing.assert_allclose(separated(engine(networks["htdemucs"]), mix), want, rtol=0, atol=1e-6)


@pytest.mark.parametrize("exact", [True, False])
@pytest.mark.parametrize("kind", KINDS)
def test_how_the_mix_is_cut_changes_no_bit(networks: dict[str, Any], kind: str, exact: bool) -> None:
    mix = music(200_001)
    separator = engine(networks[kind])
    once = separated(separator, mix, block=mix.shape[1], exact=exact)
    for block in (7_001, 88_200):
        assert np.array_equal(once, separated(separator, mix, block=block, exact=exact))


@pytest.mark.parametrize("weights", [None, tiny_demucs.ONE_HOT, tiny_demucs.MDX])
def test_a_bag_is_the_mean_that_demucs_takes(bag_of_four: list[Any], weights: Any) -> None:
    mix = music(60_000)
    want = upstream(BagOfModels(bag_of_four, weights), mix)
    np.testing.assert_allclose(separated(engine(*bag_of_four, weights=weights), mix), want, rtol=0, atol=1e-6)


@pytest.mark.parametrize(
    ("weights", "stems", "needed"),
    [
        (tiny_demucs.ONE_HOT, ("vocals",), {3}),
        (tiny_demucs.ONE_HOT, ("vocals", "drums"), {0, 3}),
        (tiny_demucs.MDX, ("bass",), {0, 1}),
        (None, ("bass",), {0, 1, 2, 3}),
    ],
)
def test_only_the_networks_with_a_part_in_the_stems_run(
    bag_of_four: list[Any], weights: Any, stems: tuple[str, ...], needed: set[int]
) -> None:
    separator = engine(*bag_of_four, weights=weights)
    ran: set[int] = set()
    compute = separator._backend.run

    def watched(index: int, chunks: Any) -> Any:
        ran.add(index)
        return compute(index, chunks)

    mix = music(50_000)
    every = dict(zip(tiny_demucs.STEMS, separated(separator, mix), strict=True))
    separator._backend.run = watched  # type: ignore[method-assign]
    some = separated(separator, mix, stems=stems)
    assert ran == needed
    for stem, samples in zip([name for name in tiny_demucs.STEMS if name in stems], some, strict=True):
        assert np.array_equal(samples, every[stem])


def test_shifts_are_the_mean_that_demucs_takes_of_the_same_shifts(
    networks: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    mix, tuning = music(150_000), Tuning(shifts=3, seed=11)
    offsets = [int(np.random.default_rng([11, 0, shift]).integers(0, RATE // 2, endpoint=True)) for shift in range(3)]
    assert len(set(offsets)) == 3
    left = iter(offsets)
    monkeypatch.setattr(random, "randint", lambda low, high: next(left))
    want = upstream(networks["htdemucs"], mix, shifts=3)
    np.testing.assert_allclose(separated(engine(networks["htdemucs"]), mix, tuning=tuning), want, rtol=0, atol=1e-6)


def test_the_same_seed_gives_the_same_stems_and_another_seed_others(networks: dict[str, Any]) -> None:
    separator, mix = engine(networks["htdemucs"]), music(60_000)
    one, again, other = (separated(separator, mix, tuning=Tuning(shifts=1, seed=seed)) for seed in (5, 5, -6))
    assert np.array_equal(one, again)
    assert not np.allclose(one, other, atol=1e-6)


def test_shifts_of_a_bag_do_not_depend_on_the_stems_asked_for(bag_of_four: list[Any]) -> None:
    separator, mix, tuning = engine(*bag_of_four, weights=tiny_demucs.ONE_HOT), music(60_000), Tuning(shifts=2)
    every = separated(separator, mix, tuning=tuning)
    assert np.array_equal(separated(separator, mix, tuning=tuning, stems=("vocals",))[0], every[3])


def test_chunks_side_by_side_give_the_same_stems(networks: dict[str, Any]) -> None:
    mix = music(250_000)
    alone, together = engine(networks["htdemucs"]), engine(networks["htdemucs"], at_once=3)
    assert np.array_equal(separated(alone, mix), separated(together, mix))


def test_live_stems_differ_little_where_the_network_normalises_for_itself(
    networks: dict[str, Any], level: Callable[[np.ndarray, np.ndarray], float]
) -> None:
    mix = music(250_000)
    separator = engine(networks["htdemucs"])
    exact, live = separated(separator, mix), separated(separator, mix, exact=False)
    # HTDemucs takes each chunk's level itself: that of the mix matters through its floor of 1e-5 and the offset only.
    assert level(live - exact, exact) < -40
    assert not np.array_equal(live, exact)


def test_the_first_stems_come_when_one_segment_is_there(networks: dict[str, Any]) -> None:
    mix, read = music(400_000), 0

    def blocks() -> Iterator[np.ndarray]:
        nonlocal read
        for block in cut(mix, 10_000):
            read += block.shape[1]
            yield block

    for exact in (mix_level([mix]), None):
        read = 0
        first = next(engine(networks["htdemucs"]).separate(blocks(), plan=Plan(level=exact)))
        assert (first.first_frame, first.frame_count) == (0, STRIDE)
        assert read < SEGMENT + 10_000


def test_a_live_mix_does_not_wait_for_chunks_to_compute_together(networks: dict[str, Any]) -> None:
    read = 0

    def blocks() -> Iterator[np.ndarray]:
        nonlocal read
        for block in cut(music(400_000), 10_000):
            read += block.shape[1]
            yield block

    next(engine(networks["demucs"], at_once=4).separate(blocks()))
    assert read < SEGMENT + 20_000
    read = 0
    next(engine(networks["demucs"], at_once=4).separate(blocks(), plan=Plan(level=MixLevel(0.0, 0.1))))
    assert read > SEGMENT + 3 * STRIDE, "of a file four chunks are there at once"


def test_memory_does_not_grow_with_the_mix(networks: dict[str, Any]) -> None:
    separator = engine(networks["demucs"])
    separator._backend.run = lambda index, chunks: [np.zeros((4, *each.shape), np.float32) for each in chunks]  # type: ignore[method-assign]
    seen = []

    def blocks() -> Iterator[np.ndarray]:
        for _ in range(300):
            yield np.zeros((2, 20_000), np.float32)

    import tracemalloc

    tracemalloc.start()
    for each in separator.separate(blocks(), plan=Plan(level=MixLevel(0.0, 1.0))):
        seen.append((each.first_frame, tracemalloc.get_traced_memory()[0]))
    tracemalloc.stop()
    early = max(size for frame, size in seen if frame < 1_500_000)
    late = max(size for frame, size in seen if frame > 4_500_000)
    assert late < 1.05 * early + 100_000, "what Python itself keeps"


def test_an_empty_mix_has_no_block_and_silence_stays_finite(networks: dict[str, Any]) -> None:
    separator = engine(networks["htdemucs"])
    assert list(separator.separate([], plan=Plan(level=MixLevel(0.0, 0.0)))) == []
    for exact in (True, False):
        silent = separated(separator, np.zeros((2, 100_000), np.float32), exact=exact)
        assert np.isfinite(silent).all()
        assert np.abs(silent).max() < 1e-4


def test_a_sample_too_large_to_square_is_refused(networks: dict[str, Any]) -> None:
    loud = np.full((2, 100), 2e6, np.float32)
    with pytest.raises(AntiphonError, match="AUDIO_LEVEL"):
        list(engine(networks["htdemucs"]).separate([loud]))


def test_a_cancel_comes_between_two_chunks(
    networks: dict[str, Any], cancel_after: Callable[[int], Callable[[], None]]
) -> None:
    blocks = []
    with pytest.raises(Cancelled):
        for block in engine(networks["htdemucs"]).separate(cut(music(500_000), 50_000), cancel_after(2)):
            blocks.append(block)
    assert [block.first_frame for block in blocks] == [0, STRIDE]


def test_what_is_left_to_the_model_is_filled_in(networks: dict[str, Any]) -> None:
    separator = engine(networks["htdemucs"])
    assert separator.tuned(Tuning()) == Tuning(shifts=0, overlap=0.25, segment_seconds=2.0, seed=0)
    with pytest.raises(AntiphonError, match="SEGMENT") as caught:
        separator.tuned(Tuning(segment_seconds=2.5))
    assert caught.value.field == "config.segment"


def test_blocks_come_in_step_whatever_the_passes(bag_of_four: list[Any]) -> None:
    separator = engine(*bag_of_four, weights=tiny_demucs.MDX)
    plan = Plan(tuning=Tuning(shifts=2))
    blocks = list(separator.separate(cut(music(110_000), 25_000), plan=plan))
    starts = [each.first_frame for each in blocks if each.frame_count]
    assert starts[0] == 0
    assert all(one < other for one, other in pairwise(starts))
    assert len(starts) > 2


def test_of_several_networks_each_chunk_tells_how_far_the_work_is(bag_of_four: list[Any]) -> None:
    blocks = list(engine(*bag_of_four).separate(cut(music(100_000), 25_000)))
    stride = 3 * RATE // 4  # of segments of 1 s
    # Four chunks for each of the four; the last of a stretch makes it final.
    assert [each.frame_count > 0 for each in blocks] == 4 * [False, False, False, True]
    told = [each.end for each in blocks]
    assert told[:4] == [stride // 4, stride // 2, 3 * stride // 4, stride]
    assert told == sorted(told)
    assert told[-1] == 100_000
