"""Spectrograms have the rows and bands that the layout says, however the samples come."""

from __future__ import annotations

import numpy as np
import pytest

from services.essentia.networks.log_spectrogram import Layout, LogSpectrogram

LAYOUT = Layout(rate=22050, frame=1411, hop=441, per_octave=24, lowest_hz=30.0, highest_hz=17000.0, unit_area=True)
LONG = Layout(rate=44100, frame=8192, hop=8820, per_octave=24, lowest_hz=65.0, highest_hz=2100.0, unit_area=False)


def rows(layout: Layout, *blocks: np.ndarray) -> np.ndarray:
    spectrogram = LogSpectrogram(layout)
    return np.concatenate([*(spectrogram.add(block) for block in blocks), spectrogram.finish()])


def tone(hz: float, seconds: float, rate: int) -> np.ndarray:
    return np.sin(2 * np.pi * hz * np.arange(round(seconds * rate)) / rate).astype(np.float32)


@pytest.mark.parametrize(("layout", "bands"), [(LAYOUT, 136), (LONG, 105)])
def test_there_are_the_bands_that_the_published_networks_take(layout: Layout, bands: int) -> None:
    assert LogSpectrogram(layout).bands == bands


@pytest.mark.parametrize("layout", [LAYOUT, LONG])
@pytest.mark.parametrize("samples", [0, 1, 440, 441, 442, 8820, 8821, 30_000])
def test_there_is_a_row_for_each_hop_that_is_begun(layout: Layout, samples: int) -> None:
    assert len(rows(layout, np.ones(samples, np.float32))) == -(-samples // layout.hop)


@pytest.mark.parametrize("cut", [1, 7, 441, 1000, 9999])
@pytest.mark.parametrize("layout", [LAYOUT, LONG])
def test_blocks_of_any_length_give_the_same_rows(layout: Layout, cut: int) -> None:
    samples = np.random.default_rng(1).normal(0, 0.1, 30_000).astype(np.float32)
    whole = rows(layout, samples)
    blocks = [samples[start : start + cut] for start in range(0, 30_000, cut)]
    # Products of matrices of other heights are summed in another order.
    assert np.abs(rows(layout, *blocks) - whole).max() < 1e-5


def test_a_tone_is_loudest_in_the_band_that_lies_on_it() -> None:
    found = rows(LONG, tone(440, 2, 44100)).mean(0)
    filters = LONG.filters()
    centre = np.argmax(filters[:, found.argmax()]) * 44100 / 8192
    assert centre == pytest.approx(440, abs=44100 / 8192)


def test_a_click_stands_in_the_row_of_its_time() -> None:
    samples = np.zeros(44100, np.float32)
    samples[441 * 30] = 1
    assert rows(LAYOUT, samples).sum(1).argmax() == 30


def test_silence_is_nothing() -> None:
    assert not rows(LAYOUT, np.zeros(5000, np.float32)).any()


def test_weights_of_a_band_sum_to_one_or_end_at_one() -> None:
    assert LAYOUT.filters().sum(0) == pytest.approx(1)
    assert LONG.filters().max(0) == pytest.approx(1)
