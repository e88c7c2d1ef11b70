"""Loudness of signals whose answer EBU Tech 3341 gives, in any cutting, without growing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from chassis.audio import LoudnessMeter

RATE = 48_000


def tone(level_db: float, seconds: float, rate: int = RATE, hertz: float = 1000.0) -> np.ndarray:
    """A sine of that peak level in both channels; float32, (2, samples)."""
    time = np.arange(round(seconds * rate)) / rate
    return np.tile(10 ** (level_db / 20) * np.sin(2 * np.pi * hertz * time), (2, 1)).astype(np.float32)


def measured(samples: np.ndarray, rate: int = RATE, cut: int = 65_536) -> float | None:
    meter = LoudnessMeter(rate, samples.shape[0])
    for start in range(0, samples.shape[1], cut):
        meter.feed(samples[:, start : start + cut])
    return meter.finish()


# EBU Tech 3341, table 1, cases 1 to 5; its tolerance is 0.1 LU.
@pytest.mark.parametrize(
    ("parts", "lufs"),
    [
        ([(-23, 20)], -23.0),
        ([(-33, 20)], -33.0),
        ([(-36, 10), (-23, 60), (-36, 10)], -23.0),
        ([(-72, 10), (-36, 10), (-23, 60), (-36, 10), (-72, 10)], -23.0),
        ([(-26, 20), (-20, 20.1), (-26, 20)], -23.0),
    ],
)
def test_the_signals_of_tech_3341_have_the_loudness_that_it_says(parts: list[tuple[float, float]], lufs: float) -> None:
    samples = np.concatenate([tone(level, seconds) for level, seconds in parts], axis=1)
    assert measured(samples) == pytest.approx(lufs, abs=0.1)


@pytest.mark.parametrize("rate", [8_000, 22_050, 44_100, 96_000, 192_000])
def test_the_rate_makes_no_difference(rate: int) -> None:
    assert measured(tone(-23, 5, rate), rate) == pytest.approx(-23.0, abs=0.05)


def test_one_channel_is_half_the_power_of_two() -> None:
    assert measured(tone(-23, 5)[:1]) == pytest.approx(-26.0, abs=0.05)


def test_the_cutting_changes_nothing() -> None:
    samples = (0.1 * np.random.default_rng(1).standard_normal((2, 4 * RATE))).astype(np.float32)
    whole = measured(samples, cut=samples.shape[1])
    assert whole is not None
    assert {measured(samples, cut=cut) for cut in (441, 4_800, 65_536)} == {whole}
    assert measured(samples / 2) == pytest.approx(whole - 6.02, abs=0.03)


@pytest.mark.parametrize("samples", [np.zeros((2, RATE)), tone(-80, 2), tone(-23, 0.3), np.zeros((2, 0))])
def test_what_is_below_the_gate_or_too_short_has_no_loudness(samples: np.ndarray) -> None:
    assert measured(samples.astype(np.float32)) is None


def test_memory_does_not_grow_with_the_audio() -> None:
    meter, block = LoudnessMeter(RATE, 2), tone(-23, 10)
    sizes = []
    for _ in range(60):
        meter.feed(block)
        sizes.append(int(Path("/proc/self/statm").read_text().split()[1]) * 4096)
    # The samples of the last 400 s alone would take 150 MB.
    assert sizes[-1] - sizes[20] < 16 << 20
    assert meter.finish() == pytest.approx(-23.0, abs=0.1)
