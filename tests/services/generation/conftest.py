"""Tiny random MusicGens of every variant, installed in a store of their own and loaded by the service's own code."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from chassis.models import Store
from services.generation.contract import Order, Sampling
from services.generation.engines.musicgen.engine import MusicGen
from services.generation.settings import GenerationSettings

# A window of 4 s, of which 1.5 s are carried on, so that a piece of a few seconds has joins.
SETTINGS = GenerationSettings(device="cpu", default_model="tiny-mono", window_seconds=4.0, context_seconds=1.5)


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def tiny_store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """See :func:`standins.tiny_musicgen.store`."""
    from standins import tiny_musicgen

    return tiny_musicgen.store(tmp_path_factory.mktemp("models"))


@pytest.fixture(scope="session")
def settings() -> GenerationSettings:
    """Settings with short windows."""
    return SETTINGS


@pytest.fixture(scope="session")
def load(tiny_store: Store) -> Callable[[str], MusicGen]:
    """Loads a kind once."""
    loaded: dict[str, MusicGen] = {}

    def make(kind: str) -> MusicGen:
        if kind not in loaded:
            loaded[kind] = MusicGen.load(tiny_store.require(f"tiny-{kind}"), SETTINGS)
        return loaded[kind]

    return make


@pytest.fixture(scope="session")
def order() -> Callable[..., Order]:
    """An order of one piece of a second."""

    def make(
        *prompts: str, seed: int = 1, seconds: float = 1.0, sampling: Sampling | None = None, **more: Any
    ) -> Order:
        texts = prompts or ("warm piano",)
        seeds = tuple(range(seed, seed + len(texts)))
        return Order(texts, seeds, seconds, sampling or Sampling(), **more)

    return make


@pytest.fixture(scope="session")
def samples_of() -> Callable[..., np.ndarray]:
    """All samples of an order, ``(pieces, channels, n)``."""

    def run(engine: Any, order: Order) -> np.ndarray:
        return np.concatenate([block.samples for block in engine.generate(order)], -1)

    return run


@pytest.fixture(scope="session")
def scale() -> np.ndarray:
    """C major up one octave from middle C, half a second a note, three partials: mono, 32 kHz, ``(n,)``."""
    time = np.arange(16_000) / 32_000
    notes = [261.626 * 2 ** (step / 12) for step in (0, 2, 4, 5, 7, 9, 11, 12)]
    return np.concatenate([sum(np.sin(2 * np.pi * note * k * time) / k for k in (1, 2, 4)) for note in notes]).astype(
        np.float32
    ) * np.float32(0.2)


@pytest.fixture(scope="session")
def root() -> Path:
    """The project's folder."""
    return Path(__file__).parents[3]
