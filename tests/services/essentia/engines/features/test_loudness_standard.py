"""Loudness keeps to the cases of EBU Tech 3341 and 3342, as far as they can be made: those of programmes cannot."""

from __future__ import annotations

import numpy as np
import pytest

from services.essentia.engines.features import ebu
from services.essentia.engines.features.true_peak import TruePeak
from tests.services.essentia.loudness_signals import RATE, Part, measured, stereo, tone
from tests.services.essentia.signals import Samples

# The tolerance of Tech 3341, LU.
EXACT = 0.1
FIVE = ("FL", "FR", "FC", "BL", "BR")
SIX = ("FL", "FR", "FC", "LFE", "BL", "BR")
LEVELS_OF_CASE_6 = (-28, -28, -24, -30, -30)


def powers(samples: Samples) -> np.ndarray:
    meter = ebu.Meter((1.0,) * len(samples), RATE)
    meter.feed(samples)
    return meter.blocks()


@pytest.mark.parametrize("level", [-23, -33])
def test_3341_1_2_a_tone_is_as_loud_as_its_peak_in_all_three_loudnesses(level: float) -> None:
    found = measured(stereo([(level, 20)]))
    for name in ("integrated_lufs", "momentary_max_lufs", "short_term_max_lufs"):
        assert found[name] == pytest.approx(level, abs=EXACT), name


@pytest.mark.parametrize(
    "parts",
    [
        [(-36, 10), (-23, 60), (-36, 10)],
        [(-72, 10), (-36, 10), (-23, 60), (-36, 10), (-72, 10)],
        [(-26, 20), (-20, 20.1), (-26, 20)],
    ],
    ids=["3", "4", "5"],
)
def test_3341_3_to_5_what_is_quiet_is_gated(parts: list[Part]) -> None:
    assert ebu.integrated(powers(stereo(parts))) == pytest.approx(-23, abs=EXACT)


@pytest.mark.parametrize("sides", [("BL", "BR"), ("SL", "SR")])
def test_3341_6_surrounds_count_more(sides: tuple[str, str]) -> None:
    samples = np.stack([tone([(level, 20)]) for level in LEVELS_OF_CASE_6])
    found = measured(samples, layout=(*FIVE[:3], *sides))
    assert found["integrated_lufs"] == pytest.approx(-23, abs=EXACT)
    assert found["true_peak_dbtp"] == pytest.approx(-24, abs=0.05)
    assert found["reasons"] == []


def test_the_channel_for_low_frequencies_has_a_peak_and_no_loudness() -> None:
    channels = [tone([(level, 5)]) for level in LEVELS_OF_CASE_6]
    low = tone([(-6, 5)], hertz=60)
    found = measured(np.stack([*channels[:3], low, *channels[3:]]), layout=SIX)
    assert found["integrated_lufs"] == pytest.approx(-23, abs=EXACT)
    assert found["true_peak_dbtp"] == pytest.approx(-6, abs=0.05)
    assert found["peak"] == pytest.approx(10 ** (-6 / 20), rel=1e-3)


def test_a_layout_that_nobody_names_is_assumed_and_told() -> None:
    found = measured(np.stack([tone([(level, 5)]) for level in LEVELS_OF_CASE_6]))
    assert found["integrated_lufs"] == pytest.approx(-23, abs=EXACT)
    assert found["reasons"] == ["AUDIO_LAYOUT_ASSUMED"]


def test_3341_9_short_term_loudness_stands_still_where_3_s_hold_the_same() -> None:
    found = ebu.levels(ebu.sliding(powers(stereo([(-20, 1.34), (-30, 1.66)] * 5)), ebu.SHORT_TERM))
    assert found == pytest.approx(np.full(found.size, -23), abs=EXACT)


def test_3341_10_short_term_loudness_finds_a_tone_wherever_it_begins() -> None:
    for place in range(20):
        found = ebu.sliding(powers(stereo([(None, 0.15 * place), (-23, 3), (None, 1)])), ebu.SHORT_TERM)
        assert ebu.lufs(found.max()) == pytest.approx(-23, abs=EXACT), place


def test_3341_11_short_term_loudness_rises_from_tone_to_tone() -> None:
    parts: list[Part] = []
    for place in range(20):
        parts += [(None, 0.15 * place), (-38 + place, 3), (None, 3 - 0.15 * place)]
        if place % 5 == 4:
            found = ebu.sliding(powers(stereo(parts)), ebu.SHORT_TERM)
            assert ebu.lufs(found.max()) == pytest.approx(-38 + place, abs=EXACT), place


def test_3341_12_momentary_loudness_stands_still_where_400_ms_hold_the_same() -> None:
    found = ebu.levels(ebu.sliding(powers(stereo([(-20, 0.18), (-30, 0.22)] * 25)), ebu.MOMENTARY))
    assert found == pytest.approx(np.full(found.size, -23), abs=EXACT)


# Beyond the case: offsets of its 20 ms, and of 5 ms more, halfway between two places that are looked at.
@pytest.mark.parametrize("more", [0, 0.005])
def test_3341_13_momentary_loudness_finds_a_tone_wherever_it_begins(more: float) -> None:
    for place in range(20):
        found = ebu.sliding(powers(stereo([(None, 0.02 * place + more), (-23, 0.4), (None, 1)])), ebu.MOMENTARY)
        assert ebu.lufs(found.max()) == pytest.approx(-23, abs=EXACT), place


def test_3341_14_momentary_loudness_rises_from_tone_to_tone() -> None:
    parts: list[Part] = []
    for place in range(20):
        parts += [(None, 0.02 * place), (-38 + place, 0.4), (None, 0.4 - 0.02 * place)]
        found = ebu.sliding(powers(stereo(parts)), ebu.MOMENTARY)
        assert ebu.lufs(found.max()) == pytest.approx(-38 + place, abs=EXACT), place


def true_peak(samples: np.ndarray, piece: int = 1 << 20) -> float:
    meter = TruePeak(1)
    for start in range(0, samples.size, piece):
        meter.feed(samples[None, start : start + piece].astype(np.float32))
    return float(20 * np.log10(meter.finish()))


def within(found: float, expected: float) -> bool:
    """Tech 3341's tolerance for true peaks."""
    return expected - 0.4 <= found <= expected + 0.2


@pytest.mark.parametrize(
    ("samples_a_turn", "degrees", "amplitude", "level"),
    [(4, 0, 0.5, -6), (4, 45, 0.5, -6), (6, 60, 0.5, -6), (8, 67.5, 0.5, -6), (4, 45, 1.41, 3)],
    ids=["15", "16", "17", "18", "19"],
)
@pytest.mark.parametrize("rate", [8000, 44100, 48000, 96000, 192000])
def test_3341_15_to_19_the_peak_between_samples_is_found(
    samples_a_turn: int, degrees: float, amplitude: float, level: float, rate: int
) -> None:
    at = np.arange(rate)
    fade = np.minimum(1, np.minimum(at, at[::-1]) / (0.1 * rate))
    samples = amplitude * fade * np.sin(2 * np.pi * at / samples_a_turn + np.radians(degrees))
    found = measured(samples[None], rate=rate)["true_peak_dbtp"]
    assert isinstance(found, float)
    assert within(found, level)


@pytest.mark.parametrize("offset", range(4), ids=["20", "21", "22", "23"])
def test_3341_20_to_23_one_louder_period_is_found_at_any_offset(offset: int) -> None:
    fine = np.arange(4 * 4800)
    turns = fine / 24
    louder = 0.5 + 0.5 * ((turns >= 400) & (turns < 401))
    # What a quarter of the rate does not hold is taken out, as before thinning it must be.
    spectrum = np.fft.rfft(louder * np.sin(2 * np.pi * turns) * np.hanning(fine.size) ** 0.1)
    spectrum[2400:] = 0
    signal = np.fft.irfft(spectrum)
    expected = float(20 * np.log10(np.abs(signal).max()))
    assert within(true_peak(signal[offset::4]), expected)


def test_a_true_peak_at_the_border_of_two_pieces_is_found() -> None:
    at = np.arange(400)
    samples = 0.5 * np.hanning(400) ** 0.1 * np.sin(2 * np.pi * at / 4 + np.pi / 4) * np.where(at // 2 == 100, 2, 1)
    whole = true_peak(samples)
    for piece in range(150, 220):
        assert true_peak(samples, piece) == pytest.approx(whole, abs=1e-3), piece


@pytest.mark.parametrize(
    ("levels", "spread"),
    [((-20, -30), 10), ((-20, -15), 5), ((-40, -20), 20), ((-50, -35, -20, -35, -50), 15)],
    ids=["1", "2", "3", "4"],
)
def test_3342_1_to_4_levels_are_apart_by_their_range(levels: tuple[float, ...], spread: float) -> None:
    # Tech 3342 allows 1 LU.
    assert ebu.loudness_range(powers(stereo([(level, 20) for level in levels]))) == pytest.approx(spread, abs=1)
