"""The mix comes out of the delay line as it went in, whatever the cutting."""

from __future__ import annotations

import numpy as np
import pytest

from services.separation.mix.delay import DelayLine


@pytest.mark.parametrize("takes", [[10], [3, 7], [1] * 10, [4, 4, 2]])
def test_the_delay_line_gives_the_same_samples_in_any_cutting(takes: list[int]) -> None:
    mix = np.arange(20, dtype=np.float32).reshape(2, 10)
    for cuts in ([], [5], [1, 1, 9], [3, 6]):
        line = DelayLine()
        passed = list(line.through(np.split(mix, cuts, axis=1)))
        assert np.array_equal(np.concatenate(passed, axis=1), mix)
        assert np.array_equal(np.concatenate([line.take(count) for count in takes], axis=1), mix)
        assert not line._held, "what was taken is let go"
