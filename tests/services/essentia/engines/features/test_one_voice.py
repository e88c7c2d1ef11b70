"""One voice is judged by its notes, what has no notes that last has no key, and every tuning has its chords."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from services.essentia.contract import SAMPLE_RATE
from tests.services.essentia import signals
from tests.services.essentia.conftest import Analyze

ODE = (4, 4, 5, 7, 7, 5, 4, 2, 0, 0, 2, 4, 4, 2, 2, 2, 4, 4, 5, 7, 7, 5, 4, 2, 0, 0, 2, 4, 2, 0, 0, 0)
TWINKLE = (0, 0, 7, 7, 9, 9, 7, 7, 5, 5, 4, 4, 2, 2, 0, 0)
GREENSLEEVES = (0, 3, 3, 5, 7, 8, 7, 7, 5, 2, 2, -2, 0, 2, 2, 3, 0, 0, -1, 0, 2, 2, -1, -5)
TONICS = {60: "C", 65: "F", 69: "A"}


def tone(hz: float, seconds: float, partials: int) -> NDArray[np.float64]:
    time = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    wave = sum(np.sin(2 * np.pi * number * hz * time) / number**1.2 for number in range(1, partials + 1))
    ends = np.minimum(1, np.minimum(time / 0.02, (seconds - time) / 0.05))
    return np.asarray(0.3 * wave * np.exp(-time) * ends)


def melody(steps: tuple[int, ...], tonic: int, partials: int) -> NDArray[np.float64]:
    return np.concatenate(
        [tone(440 * 2 ** ((tonic + step - 69) / 12), 0.5, partials) for step in (*steps, *steps)[:32]]
    )


@pytest.mark.parametrize("tonic", sorted(TONICS))
@pytest.mark.parametrize(
    ("steps", "partials", "scale"),
    [(ODE, 3, "major"), (TWINKLE, 1, "major"), (TWINKLE, 3, "major"), (GREENSLEEVES, 8, "minor")],
)
def test_a_melody_alone_is_in_the_key_that_its_notes_are_in(
    analyze: Analyze, steps: tuple[int, ...], partials: int, scale: str, tonic: int
) -> None:
    found = analyze(signals.stack(melody(steps, tonic, partials)), "tonal", include_series=True)
    tonal = found.groups["tonal"]
    assert (tonal["key_tonic"], tonal["key_scale"]) == (TONICS[tonic], scale)
    chords = found.groups["series"]["chords"]
    assert isinstance(chords, tuple)
    assert {each["name"] for each in chords} == {"N"}, "a lone note is no triad"


def test_a_tune_of_pure_tones_in_16_bits_has_its_key(analyze: Analyze) -> None:
    # Rounding is what the harmonic frames find besides, and share out over all pitch classes.
    silence = np.zeros(8820)
    wave = np.concatenate([silence, 2 * melody(TWINKLE, 60, 1), *[silence] * 4])
    wave = np.round(wave * 32767) / 32767
    tonal = analyze(signals.stack(wave), "tonal").groups["tonal"]
    assert (tonal["key_tonic"], tonal["key_scale"]) == ("C", "major")


@pytest.mark.parametrize("fall", [0.0, 1.0, 2.0])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_noise_of_any_colour_has_no_key_and_no_chord(analyze: Analyze, fall: float, seed: int) -> None:
    # Amplitude falls with that power of the frequency, from what is heard on: white, brown, darker.
    count = 12 * SAMPLE_RATE
    hz = np.fft.rfftfreq(count, 1 / SAMPLE_RATE)
    spectrum = np.fft.rfft(np.random.default_rng(seed).normal(0, 1, count)) * (hz >= 20)
    wave = np.fft.irfft(spectrum / np.maximum(hz, 20) ** fall, count)
    found = analyze(signals.stack(0.1 * wave / wave.std()), "tonal", include_series=True)
    assert "key_tonic" not in found.groups["tonal"]
    assert "KEY_UNCLEAR" in found.reasons()
    chords = found.groups["series"]["chords"]
    assert isinstance(chords, tuple)
    assert {each["name"] for each in chords} == {"N"}


@pytest.mark.parametrize("bits", [16, None])
@pytest.mark.parametrize("hz", [220, 330, 440, 1000])
def test_a_test_tone_has_no_key_and_no_chord_whatever_its_bits(analyze: Analyze, hz: int, bits: int | None) -> None:
    wave = signals.sine(hz, -10, 10)
    if bits is not None:
        wave = np.round(wave * 2 ** (bits - 1)) / 2 ** (bits - 1)
    found = analyze(signals.stack(wave), "tonal", include_series=True)
    assert found.groups["tonal"].get("key_tonic") is None
    assert "KEY_UNCLEAR" in found.reasons()
    chords = found.groups["series"]["chords"]
    assert isinstance(chords, tuple)
    assert {each["name"] for each in chords} == {"N"}


def test_a_metronome_has_no_key(analyze: Analyze) -> None:
    found = analyze(signals.stack(signals.metronome(120, 20)), "tonal")
    assert found.groups["tonal"].get("key_tonic") is None
    assert "KEY_UNCLEAR" in found.reasons()


@pytest.mark.parametrize("cents", [-50, -40, 0, 30, 50])
def test_music_between_two_semitones_has_its_chords_by_its_own_tuning(analyze: Analyze, cents: int) -> None:
    roots = ((0, 4, 7), (5, 9, 12), (7, 11, 14), (0, 4, 7), (-3, 0, 4), (2, 5, 9), (7, 11, 14), (0, 4, 7))
    factor = 2 ** (cents / 1200)
    music = np.concatenate(
        [
            sum(tone(440 * factor * 2 ** ((60 + step - 69) / 12), 2.0, 6) for step in (chord[0] - 12, *chord))
            for chord in roots
        ]
    )
    found = analyze(signals.stack(music / 4), "tonal", include_series=True)
    tonal, chords = found.groups["tonal"], found.groups["series"]["chords"]
    assert isinstance(chords, tuple)
    names = [each["name"] for each in chords if each["name"] != "N"]
    assert names == ["C", "F", "G", "C", "Am", "Dm", "G", "C"]
    assert (tonal["key_tonic"], tonal["key_scale"]) == ("C", "major")
    # Half a semitone above C is as well half of one below C sharp; Essentia's histogram has bins of some cents.
    told = tonal["tuning_cents"]
    assert isinstance(told, float)
    assert abs((told - cents + 50) % 100 - 50) <= 6
    assert -50 <= told <= 50
