"""The bootstrap on values whose intervals are known."""

from __future__ import annotations

import itertools
import math
import random
from statistics import fmean, stdev

import pytest

from antiphon_cli.compare.paired_bootstrap import Interval, bootstrap


def test_no_difference_is_no_difference() -> None:
    found = bootstrap([0.0] * 12)
    assert found == Interval(0.0, 0.0, 0.0, 12)
    assert found.differs is False


def test_a_difference_that_is_always_the_same_has_no_width() -> None:
    found = bootstrap([0.25] * 5)
    assert (found.mean, found.low, found.high, found.differs) == (0.25, 0.25, 0.25, True)


def test_one_value_has_a_mean_and_no_interval() -> None:
    found = bootstrap([3.0])
    assert (found.mean, found.low, found.high, found.count, found.differs) == (3.0, None, None, 1, None)


def test_of_three_values_the_ends_are_those_of_every_way_to_draw_them() -> None:
    values = [0.0, 1.0, 5.0]
    means = sorted(fmean(drawn) for drawn in itertools.product(values, repeat=3))
    # 27 ways: 5 % from each end lie between the second and the third smallest, and likewise at the top.
    found = bootstrap(values, confidence=0.90, resamples=20_000)
    assert found.low is not None
    assert found.high is not None
    assert means[0] <= found.low <= means[3]
    assert means[-4] <= found.high <= means[-1]
    assert found.low == pytest.approx(means[1], abs=1e-9)
    assert found.high == pytest.approx(means[-2], abs=1e-9)


def test_for_many_values_it_is_the_interval_of_a_normal_mean() -> None:
    """Within a tenth of its width: the ends of 10,000 draws wander by about 2 % of a standard error."""
    draw = random.Random(3)
    values = [draw.gauss(0.3, 1.0) for _ in range(400)]
    error = stdev(values) / math.sqrt(len(values))
    found = bootstrap(values)
    assert found.low == pytest.approx(fmean(values) - 1.96 * error, abs=0.4 * error)
    assert found.high == pytest.approx(fmean(values) + 1.96 * error, abs=0.4 * error)
    assert found.differs is True


def test_it_covers_the_truth_about_as_often_as_it_says() -> None:
    """Of 200 sets of 40, an interval of 95 % holds the true mean in 93 % or so; 176 leaves four standard deviations."""
    draw = random.Random(11)
    sets = [[draw.gauss(1.0, 2.0) for _ in range(40)] for _ in range(200)]
    found = [bootstrap(values, resamples=400, seed=index) for index, values in enumerate(sets)]
    held = sum(each.low <= 1.0 <= each.high for each in found if each.low is not None and each.high is not None)
    assert 172 <= held < 200


def test_the_seed_decides_and_the_pairing_holds() -> None:
    values = [0.1, 0.4, -0.2, 0.9, 0.3]
    assert bootstrap(values, seed=1) == bootstrap(values, seed=1)
    assert bootstrap(values, seed=1) != bootstrap(values, seed=2)
    shifted = bootstrap([value + 10 for value in values], seed=1)
    plain = bootstrap(values, seed=1)
    assert plain.low is not None
    assert shifted.low == pytest.approx(plain.low + 10)


@pytest.mark.parametrize(
    ("values", "settings"), [([], {}), ([1.0], {"resamples": 0}), ([1.0], {"confidence": 1.0})], ids=str
)
def test_what_makes_no_sense_is_refused(values: list[float], settings: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="give"):
        bootstrap(values, **settings)  # type: ignore[arg-type]
