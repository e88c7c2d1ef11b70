"""Loudness keeps to EBU Tech 3341 and 3342, and to what it was fed, however it was cut."""

from __future__ import annotations

import numpy as np
import pytest

from services.essentia.engines.features import ebu
from tests.services.essentia import signals


def blocks(samples: signals.Samples) -> np.ndarray:
    meter = ebu.Meter((1.0,) * len(samples))
    meter.feed(samples)
    return meter.blocks()


# Minimum requirements 1 and 2 of EBU Tech 3341 allow 0.1 LU.
@pytest.mark.parametrize("peak_dbfs", [-23, -33])
def test_a_stereo_tone_has_the_loudness_of_its_peak(peak_dbfs: float) -> None:
    tone = signals.sine(1000, peak_dbfs, 20)
    assert ebu.integrated(blocks(signals.stack(tone, tone))) == pytest.approx(peak_dbfs, abs=0.1)


def test_quiet_passages_are_gated_out() -> None:
    # Requirement 3 of EBU Tech 3341: -36, -23 and -36 dBFS are -23 LUFS together.
    tone = np.concatenate([signals.sine(1000, level, length) for level, length in ((-36, 10), (-23, 60), (-36, 10))])
    assert ebu.integrated(blocks(signals.stack(tone, tone))) == pytest.approx(-23, abs=0.1)


# An amplitude of 0.1 is -20 dBFS; the weighting at 1 kHz makes up for the offset but for hundredths, and other meters'
# filters differ by as much: pyloudnorm reads -23.05 and -20.04.
@pytest.mark.parametrize(("channels", "loudness"), [(1, -23.01), (2, -20.0)])
def test_mono_is_measured_as_mono(channels: int, loudness: float) -> None:
    tone = signals.sine(1000, -20, 5)
    assert ebu.integrated(blocks(signals.stack(*[tone] * channels))) == pytest.approx(loudness, abs=0.05)


def test_a_very_quiet_tone_reads_its_own_loudness() -> None:
    tone = signals.sine(1000, -55, 5)
    assert ebu.integrated(blocks(signals.stack(tone, tone))) == pytest.approx(-55, abs=0.1)


def test_what_is_below_the_gate_has_no_loudness() -> None:
    tone = signals.sine(1000, -72, 5)
    found = blocks(signals.stack(tone, tone))
    assert ebu.integrated(found) is None
    assert ebu.loudness_range(found) is None


# Requirements 1, 2 and 3 of EBU Tech 3342 allow 1 LU.
@pytest.mark.parametrize(("levels", "spread"), [((-20, -30), 10), ((-20, -15), 5), ((-40, -20), 20)])
def test_two_levels_are_apart_by_their_range(levels: tuple[float, float], spread: float) -> None:
    tone = np.concatenate([signals.sine(1000, level, 20) for level in levels])
    assert ebu.loudness_range(blocks(signals.stack(tone, tone))) == pytest.approx(spread, abs=1)


def test_the_cut_of_what_is_fed_does_not_matter() -> None:
    samples = signals.music(8)
    whole, meter = blocks(samples), ebu.Meter((1.0, 1.0))
    for start in range(0, samples.shape[1], 10007):
        meter.feed(samples[:, start : start + 10007])
    # The same filters in the same order: only the sums over a block may be rounded otherwise.
    assert meter.blocks() == pytest.approx(whole, rel=1e-5)


def test_the_filters_are_those_of_bs1770_at_its_own_rate() -> None:
    numerator, denominator = ebu.shelf(48000)
    assert numerator == pytest.approx([1.53512485958697, -2.69169618940638, 1.19839281085285], abs=1e-14)
    assert denominator == pytest.approx([1, -1.69065929318241, 0.73248077421585], abs=1e-14)
    numerator, denominator = ebu.high_pass(48000)
    assert numerator == [1, -2, 1]
    assert denominator == pytest.approx([1, -1.99004745483398, 0.99007225036621], abs=1e-14)


def test_gated_loudness_keeps_to_steps_of_100_ms() -> None:
    # 50 ms of silence after the only whole window: a window every 10 ms would hold some of it.
    assert ebu.integrated(np.repeat([1e-3, 0.0], [40, 5])) == pytest.approx(ebu.lufs(1e-3))
    assert ebu.loudness_range(np.repeat([1e-3, 0.0], [300, 5])) is None
