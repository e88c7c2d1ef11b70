"""The level of a mix is counted in one pass."""

from __future__ import annotations

import numpy as np
import pytest

from services.separation.mix.level import mix_level


@pytest.mark.parametrize("block", [1, 777, 50_000])
def test_the_level_of_a_mix_is_that_of_its_mono_however_it_is_cut(block: int) -> None:
    mix = (3.0 + 0.01 * np.random.default_rng(1).standard_normal((2, 50_000))).astype(np.float32)
    if block == 1:
        mix = mix[:, :300]
    level = mix_level(mix[:, start : start + block] for start in range(0, mix.shape[1], block))
    mono = mix.astype(np.float64).mean(0)
    # An offset 300 times the deviation would cost a sum of squares five digits; this way costs none.
    assert level.mean == pytest.approx(mono.mean(), rel=1e-12)
    assert level.deviation == pytest.approx(mono.std(ddof=1), rel=1e-9)


def test_a_mix_of_no_or_one_sample_has_no_deviation() -> None:
    assert mix_level([]).deviation == 0.0
    assert mix_level([np.ones((2, 1), np.float32)]).deviation == 0.0
