"""The released small model's size, with random weights: shapes and memory; ``pytest -m slow``."""

from __future__ import annotations

import resource
from typing import Any

import numpy as np
import pytest

from services.generation.engines.musicgen.engine import MusicGen
from services.generation.settings import GenerationSettings
from standins import tiny_musicgen


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_a_model_of_the_released_size_makes_music_in_the_memory_of_its_weights(order: Any, samples_of: Any) -> None:
    model = tiny_musicgen.build("mono-small")
    model.requires_grad_(False)
    count = sum(each.numel() for each in model.parameters())
    # The released musicgen-small has 587 million parameters, text encoder and codec included.
    assert 560e6 < count < 600e6
    engine = MusicGen(model, tiny_musicgen.tokenizer(), GenerationSettings(device="cpu"))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    samples = samples_of(engine, order(seconds=1.0))
    assert samples.shape == (1, 1, 32_000)
    assert np.isfinite(samples).all()
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 - before
    assert grown < 1 << 30, f"{grown >> 20} MB beside {count * 4 >> 20} MB of weights"
