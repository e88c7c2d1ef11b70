"""Onsets are where notes begin: struck or swelling, once each."""

from __future__ import annotations

import numpy as np
import pytest

from services.essentia.engines.features import beginnings
from tests.services.essentia import signals
from tests.services.essentia.conftest import Analyze

CHORDS = ((60, 64, 67), (57, 60, 64), (53, 57, 60), (55, 59, 62))
# Seconds before the first note.
LEAD = 0.5


def played(starts: np.ndarray, seconds: float, attack: float, decay: float, release: float) -> np.ndarray:
    """Chords at ``starts`` that reach their level after ``attack`` seconds, over a noise floor of -60 dB."""
    out = np.zeros(round((starts[-1] + seconds + release + 1) * signals.SAMPLE_RATE))
    times = signals.seconds(seconds + release)
    envelope = np.minimum(times / attack, 1) * np.exp(-decay * times)
    envelope *= np.clip((times[-1] - times) / release, 0, 1)
    for number, start in enumerate(starts):
        hertz = [440 * 2 ** ((midi - 69) / 12) for midi in CHORDS[number % len(CHORDS)]]
        chord = sum(np.sin(2 * np.pi * hz * n * times) / n for hz in hertz for n in range(1, 9))
        place = round(start * signals.SAMPLE_RATE)
        out[place : place + times.size] += chord * envelope
    return (0.1 * out + signals.noise(out.size / signals.SAMPLE_RATE, 3e-4)).astype(np.float32)


@pytest.mark.parametrize("rate", [1, 2, 4, 8])
def test_plucks_begin_where_they_are_plucked(rate: int) -> None:
    starts = LEAD + np.arange(8 * rate) / rate
    found = beginnings.find(played(starts, 1 / rate, 0.003, 4, 0.03))
    # A frame is 11.6 ms; half the tolerance that onset detectors are judged with.
    assert found == pytest.approx(starts, abs=0.025)


@pytest.mark.parametrize("attack", [0.05, 0.1, 0.2])
@pytest.mark.parametrize(("seconds", "release"), [(1.0, 0.1), (2.0, 0.5), (3.0, 0.1)])
def test_a_pad_begins_once(attack: float, seconds: float, release: float) -> None:
    starts = LEAD + np.arange(11) * seconds
    found = beginnings.find(played(starts, 0.9 * seconds, attack, 0, release))
    # A swell is placed within its rise.
    assert found == pytest.approx(starts + attack / 2, abs=attack / 2 + 0.05)


def test_a_pad_that_swells_for_long_out_of_silence_begins_once() -> None:
    starts = LEAD + np.arange(6) * 3.0
    assert len(beginnings.find(played(starts, 2.7, 0.4, 0, 0.1))) == len(starts)


@pytest.mark.parametrize(
    "wavering",
    [
        np.sin(2 * np.pi * 440 * signals.seconds(10) + 5 * np.sin(2 * np.pi * 5.5 * signals.seconds(10))),
        np.sin(2 * np.pi * 440 * signals.seconds(10)) * (1 + 0.3 * np.sin(2 * np.pi * 5 * signals.seconds(10))),
        np.sin(2 * np.pi * (100 + 100 * signals.seconds(10)) * signals.seconds(10)),
        np.sin(2 * np.pi * 82.4 * signals.seconds(10)),
    ],
    ids=["vibrato", "tremolo", "a glide", "a steady tone"],
)
def test_what_wavers_begins_once(wavering: np.ndarray) -> None:
    # The clip's own beginning is one where it begins with sound.
    assert len(beginnings.find((0.3 * wavering).astype(np.float32))) == 1


def test_hardly_anything_begins_in_steady_noise() -> None:
    found = [len(beginnings.find(signals.noise(20, 0.1, seed).astype(np.float32))) for seed in range(3)]
    # Its own beginning, and less than one in five seconds; four in a clip would pass for a rhythm.
    assert max(found) < 4


def test_nothing_begins_in_silence() -> None:
    assert beginnings.find(np.zeros(44100, np.float32)).size == 0
    assert beginnings.find(signals.noise(5, 1e-8).astype(np.float32)).size == 0


def test_what_sounds_at_once_begins_at_once_but_not_where_it_was_cut_off() -> None:
    clip = played(np.arange(4) / 2, 0.5, 0.003, 4, 0.03)
    assert beginnings.find(clip) == pytest.approx(np.arange(4) / 2, abs=0.025)
    assert beginnings.find(clip, after_silence=False) == pytest.approx(np.arange(1, 4) / 2, abs=0.025)


def test_onsets_do_not_change_with_the_level() -> None:
    clip = signals.music(8)[0]
    assert np.array_equal(beginnings.find(clip), beginnings.find(clip * np.float32(0.125)))


def test_the_answer_counts_the_chords_of_a_pad(analyze: Analyze) -> None:
    starts = LEAD + np.arange(11) * 2.0
    found = analyze(signals.stack(played(starts, 1.8, 0.15, 0, 0.3)), "rhythm")
    assert found.number("rhythm.onset_count") == 11
