"""Demucs asked for all that it can do: memory does not grow with the length of a mix, and a cancel holds."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator, Sequence

import numpy as np
import pytest

from antiphon_wire.errors import Cancelled
from services.separation.contract import MixLevel, Plan, Tuning
from services.separation.engines.demucs.bag import Bag
from services.separation.engines.demucs.engine import Demucs
from standins import tiny_demucs

RATE = 44_100
CHUNK_BYTES = 2 * 2 * RATE * 4  # 2 s of two channels
MOST = Tuning(shifts=20, overlap=0.95)


class ScriptedBackend:
    """Answers with silence, and counts what it was asked."""

    name, device, precision = "scripted", "cpu", "float32"

    def __init__(self, at_once: int = 1) -> None:
        self.at_once, self.batches = at_once, list[int]()

    def run(self, index: int, chunks: Sequence[np.ndarray]) -> list[np.ndarray]:
        self.batches.append(len(chunks))
        return [np.zeros((4, 2, chunk.shape[1]), np.float32) for chunk in chunks]


def blocks(seconds: float) -> Iterator[np.ndarray]:
    noise, left = np.random.default_rng(0), round(seconds * RATE)
    while left > 0:
        yield noise.normal(0, 0.1, (2, min(left, RATE // 2))).astype(np.float32)
        left -= RATE // 2


def plan(tuning: Tuning) -> Plan:
    return Plan((), tuning, MixLevel(0.0, 0.1))


def peak(seconds: float) -> tuple[int, int]:
    """Most bytes held while a mix is separated, and the number of chunks."""
    backend = ScriptedBackend()
    engine = Demucs(Bag([tiny_demucs.network("htdemucs")]), backend)
    tracemalloc.start()
    try:
        count = sum(block.stems["vocals"].shape[1] for block in engine.separate(blocks(seconds), plan=plan(MOST)))
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert count == round(seconds * RATE)
    return most, len(backend.batches)


def test_chunks_are_cut_when_they_are_computed_and_not_before() -> None:
    tiny, _ = peak(0.001)
    short, chunks = peak(3.0)
    long, _ = peak(9.0)
    assert chunks > 600  # which were 400 at once when the mix ended
    # A pass holds two segments of four stems, its next chunk, and what others have not yet.
    bound = 20 * (2 * 4 + 4) * CHUNK_BYTES
    assert max(tiny, short, long) < bound
    assert long < short + 40 * CHUNK_BYTES


@pytest.mark.parametrize("at_once", [1, 7])
def test_a_cancel_is_looked_for_before_every_batch(at_once: int) -> None:
    backend, left = ScriptedBackend(at_once), 11

    def stop() -> None:
        nonlocal left
        left -= 1
        if not left:
            raise Cancelled

    engine = Demucs(Bag([tiny_demucs.network("htdemucs")]), backend)
    with pytest.raises(Cancelled):
        for _ in engine.separate(blocks(4.0), stop, plan(MOST)):
            pass
    assert backend.batches == [at_once] * 10
