"""Loudness does not hear what listeners do not: polarity, order of channels, sample rate, silence in front."""

from __future__ import annotations

import numpy as np
import pytest

from chassis.audio.resample import Resampler
from services.essentia.engines.features import speakers
from tests.services.essentia import signals
from tests.services.essentia.loudness_signals import measured

RATE = signals.SAMPLE_RATE
LUFS = ("integrated_lufs", "momentary_max_lufs", "short_term_max_lufs")
PEAKS = ("true_peak_dbtp", "rms_dbfs")
SIX = ("FL", "FR", "FC", "LFE", "BL", "BR")


@pytest.fixture(scope="module")
def music() -> signals.Samples:
    return signals.music(8)


def numbers(found: dict[str, object], names: tuple[str, ...]) -> list[object]:
    return [found[name] for name in names]


@pytest.mark.parametrize("gain_db", [-20, 6])
def test_gain_moves_levels_by_itself_and_nothing_else(music: signals.Samples, gain_db: float) -> None:
    before = measured(music, RATE)
    after = measured(music * 10 ** (gain_db / 20), RATE)
    # float32 in another place: hundredths of a hundredth.
    for name in (*LUFS, *PEAKS):
        assert after[name] == pytest.approx(before[name] + gain_db, abs=1e-3), name
    for name in ("loudness_range_lu", "crest_factor_db", "peak_to_loudness_db"):
        assert after[name] == pytest.approx(before[name], abs=1e-3), name
    assert after["replay_gain_2_db"] == pytest.approx(-18 - after["integrated_lufs"])


@pytest.mark.parametrize("signs", [(-1, -1), (1, -1)])
def test_polarity_changes_nothing(music: signals.Samples, signs: tuple[int, int]) -> None:
    before, after = measured(music, RATE), measured(music * np.array(signs)[:, None], RATE)
    names = (*LUFS, *PEAKS, "loudness_range_lu", "peak", "replay_gain_2_db")
    assert numbers(after, names) == pytest.approx(numbers(before, names), abs=1e-6)


def test_channels_that_cancel_each_other_are_as_loud_as_those_that_do_not() -> None:
    tone = signals.sine(1000, -23, 5)
    assert measured(signals.stack(tone, -tone), RATE)["integrated_lufs"] == pytest.approx(-23, abs=0.1)


def test_the_order_of_the_channels_changes_nothing_where_the_layout_goes_with_it() -> None:
    samples = np.stack([signals.noise(4, 0.02 * (index + 1), seed=index) for index in range(6)])
    order = [4, 3, 0, 5, 2, 1]
    before = measured(samples, RATE, SIX)
    after = measured(samples[order], RATE, tuple(SIX[index] for index in order))
    names = (*LUFS, *PEAKS, "peak")
    # The sum of the powers in another order.
    assert numbers(after, names) == pytest.approx(numbers(before, names), abs=1e-4)
    assert measured(samples[order], RATE, SIX)["integrated_lufs"] != pytest.approx(before["integrated_lufs"], abs=0.2)


@pytest.mark.parametrize("rate", [8000, 11025, 16000, 22050, 32000, 48000, 88200, 96000, 192000])
def test_the_sample_rate_changes_loudness_by_less_than_anyone_hears(rate: int) -> None:
    # Noise up to 3 kHz, which every rate holds; 0.05 LU is half of what the standard allows.
    spectrum = np.fft.rfft(signals.noise(6, 0.2))
    spectrum[18000:] = 0
    samples = signals.stack(np.fft.irfft(spectrum) * np.minimum(1, signals.seconds(6)))
    resampler = Resampler(RATE, rate, 1)
    there = np.concatenate([resampler.apply(samples), resampler.finish()], axis=1)
    before, after = measured(samples, RATE), measured(there, rate)
    assert numbers(after, LUFS) == pytest.approx(numbers(before, LUFS), abs=0.05)
    assert after["rms_dbfs"] == pytest.approx(before["rms_dbfs"], abs=0.01)
    # Between samples the wave is the same at every rate, to the tolerance that the standard has for its peak.
    assert -0.4 <= after["true_peak_dbtp"] - before["true_peak_dbtp"] <= 0.2


def test_silence_in_front_hardly_matters(music: signals.Samples) -> None:
    before = measured(music, RATE)
    for length in (0.037, 1.0, 4.25):
        later = np.concatenate([np.zeros((2, round(length * RATE)), np.float32), music], axis=1)
        after = measured(later, RATE)
        # Other blocks of 400 ms hold the beginning; 5 ms of a beat may fall out of the loudest one.
        assert numbers(after, LUFS) == pytest.approx(numbers(before, LUFS), abs=0.1)
        assert after["true_peak_dbtp"] == pytest.approx(before["true_peak_dbtp"], abs=1e-4)


def test_samples_that_clip_are_counted_before_they_are_resampled() -> None:
    square = np.where(np.arange(48000) // 24 % 2, 1.0, -1.0)[None].astype(np.float32)
    found = measured(square, 48000, group="signal")
    assert found["saturation_count"] == 48000
    assert measured(square, 48000)["peak"] == 1


@pytest.mark.parametrize(
    ("layout", "expected"),
    [
        (("LFE",), (1,)),
        (("FL", "FR"), (1, 1)),
        (("FL", "FR", "BL", "BR"), (1, 1, 1.41, 1.41)),
        (("FL", "FR", "FC", "BC"), (1, 1, 1, 1)),
        (SIX, (1, 1, 1, 0, 1.41, 1.41)),
        (("FL", "FR", "FC", "LFE", "SL", "SR"), (1, 1, 1, 0, 1.41, 1.41)),
        (("FL", "FR", "FC", "LFE", "BL", "BR", "SL", "SR"), (1, 1, 1, 0, 1, 1, 1.41, 1.41)),
        (("FL", "FR", "TFL", "TFR"), (1, 1, 1, 1)),
    ],
)
def test_a_loudspeaker_counts_by_where_it_stands(layout: tuple[str, ...], expected: tuple[float, ...]) -> None:
    assert speakers.weights(layout) == expected
