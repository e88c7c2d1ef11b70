"""A tone has its pitch, wherever music has tones."""

from __future__ import annotations

import numpy as np
import pytest

from services.essentia.engines.features import yin
from services.essentia.engines.features.pitch_classes import FRAME, HOP
from tests.services.essentia import signals
from tests.services.essentia.conftest import Analyze

HERTZ = (55, 61.74, 82.41, 110, 146.83, 220, 277.18, 440, 587.33, 659.26, 783.99, 880)
# The lowest string of a five-string bass, below; and above what is sung, where a sample is a greater part of a period.
BELOW_AND_ABOVE = (30.87, 41.2, 1046.5, 1567.98, 2093, 3520)


def frames_of(tone: np.ndarray) -> np.ndarray:
    """Frames of a signal that lie in it wholly."""
    return np.lib.stride_tricks.sliding_window_view(tone.astype(np.float32), FRAME)[::HOP]


def with_partials(hz: float, count: int) -> np.ndarray:
    """Half a second of so many partials below 10 kHz, each over its number."""
    return np.sum([signals.sine(hz * n, -20, 0.5) / n for n in range(1, count + 1) if hz * n < 10000], 0)


@pytest.mark.parametrize("partials", [1, 6, 20])
def test_a_tone_has_its_pitch_within_a_thousandth(partials: int) -> None:
    for hz in HERTZ:
        pitches, confidences = yin.follow(frames_of(with_partials(hz, partials)))
        assert pitches == pytest.approx(hz, rel=1e-3), hz
        assert confidences.min() > 0.9, hz


@pytest.mark.parametrize("hz", BELOW_AND_ABOVE)
def test_the_ends_of_the_range_are_within_a_tenth_of_a_semitone(hz: float) -> None:
    # A tenth of a semitone is 0.6 %; half of that for the sake of what is above 2 kHz.
    assert yin.follow(frames_of(with_partials(hz, 6)))[0] == pytest.approx(hz, rel=3e-3)


def test_a_tone_without_its_fundamental_has_the_pitch_of_the_fundamental() -> None:
    tone = np.sum([signals.sine(110 * n, -20, 0.5) for n in (2, 3, 4, 5)], 0)
    assert yin.follow(frames_of(tone))[0] == pytest.approx(110, rel=1e-3)


def test_a_tone_in_noise_has_its_pitch() -> None:
    # 20 dB below the tone, noise moves the bottom of the dip by samples, of 401, from frame to frame.
    tone = signals.sine(110, -10, 2)
    noisy = tone + signals.noise(2, 10 ** (-33 / 20))
    assert float(np.median(yin.follow(frames_of(noisy))[0])) == pytest.approx(110, rel=3e-3)


def test_of_noise_and_of_nothing_no_pitch_is_sure() -> None:
    for signal in (signals.noise(2), np.zeros(44100), np.ones(44100)):
        assert yin.follow(frames_of(signal))[1].max() < 0.7


@pytest.mark.parametrize("hz", [55, 110, 880])
def test_the_answer_has_the_pitch_of_the_tone(analyze: Analyze, hz: float) -> None:
    found = analyze(signals.stack(signals.sine(hz, -20, 3)), "pitch")
    assert found.number("pitch.yin_pitch_median_hz") == pytest.approx(hz, rel=1e-3)
    assert found.number("pitch.yin_confident_ratio") == pytest.approx(1, abs=0.05)
