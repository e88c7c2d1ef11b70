"""One voice is judged by the notes that it sings, whatever it sounds like; what is no tune has no key."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.services.essentia import signals
from tests.services.essentia.conftest import Analyze

# Semitones above the tonic, with lengths in halves of a beat: tunes that rest on their third or fifth longer than on
# their tonic, and two in minor.
TUNES = {
    ("Mary had a little lamb", "major"): "4 2 0 2 4 4 4: 2 2 2: 4 7 7: 4 2 0 2 4 4 4 4 2 2 4 2 0::",
    ("Jingle bells", "major"): "4 4 4: 4 4 4: 4 7 0 2 4:: 5 5 5 5 5 4 4 4 7 7 5 2 0::",
    ("Haenschen klein", "major"): "7 4 4: 5 2 2: 0 2 4 5 7 7 7: 7 4 4: 5 2 2: 0 4 7 7 0::",
    ("God rest ye merry", "minor"): "0 0 7 7 5 3 2 0 -2 0 2 3 5 7:: 7 8 5 7 8 10 12 7 5 3 0 2 3 5: 7: 8 7 7 5 3 2 0:",
    ("Korobeiniki", "minor"): "7: 2 3 5: 3 2 0: 0 3 7: 5 3 2:: 3 5: 7: 3: 0: 0::",
}
TONICS = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")


def whistled(midi: float, length: float) -> NDArray[np.float64]:
    """A pure tone that wavers by half a semitone, as a voice does."""
    times = signals.seconds(length)
    phase = 2 * np.pi * 440 * 2 ** ((midi - 69) / 12) * times + 1.2 * np.sin(2 * np.pi * 5.5 * times)
    return np.asarray(0.5 * np.sin(phase) * np.minimum(1, np.minimum(times, length - times) * 50))


def plucked(midi: float, length: float) -> NDArray[np.float64]:
    """A string of many partials, detuned as a whole by a third of a semitone."""
    times, hz = signals.seconds(length), 440 * 2 ** ((midi + 0.3 - 69) / 12)
    partials = sum(np.sin(2 * np.pi * hz * number * times) / number for number in range(1, 16))
    return np.asarray(0.3 * partials * np.exp(-times * 4) * np.minimum(times * 200, 1))


def sung(tune: str, tonic: int, note: Callable[[float, float], NDArray[np.float64]]) -> signals.Samples:
    steps = [(int(each.rstrip(":")), 0.25 * 2 ** each.count(":")) for each in tune.split()]
    return signals.stack(np.concatenate([note(60 + tonic + step, length) for step, length in steps]))


@pytest.mark.parametrize("note", [whistled, plucked])
@pytest.mark.parametrize(("name", "scale"), sorted(TUNES))
def test_a_tune_is_in_its_key_whatever_plays_it(
    analyze: Analyze, name: str, scale: str, note: Callable[[float, float], NDArray[np.float64]]
) -> None:
    for tonic in (0, 9):
        tonal = analyze(sung(TUNES[name, scale], tonic, note), "tonal").groups["tonal"]
        assert (tonal["key_tonic"], tonal["key_scale"]) == (TONICS[tonic], scale)
        estimates = tonal["key_estimates"]
        assert isinstance(estimates, tuple)
        assert [each["profile"] for each in estimates] == ["temperley", "edma", "krumhansl"]


def test_the_callers_profiles_judge_a_voice_where_there_are_any(analyze: Analyze) -> None:
    tune = sung(TUNES["Jingle bells", "major"], 0, whistled)
    tonal = analyze(tune, "tonal", key_profiles=("shaath",)).groups["tonal"]
    assert [each["profile"] for each in tonal["key_estimates"]] == ["shaath"]  # type: ignore[union-attr, index]


def siren() -> NDArray[np.float64]:
    return np.concatenate([whistled(69 + 5 * (turn % 2), 0.6) for turn in range(24)])


def chromatic() -> NDArray[np.float64]:
    return np.concatenate([plucked(60 + turn % 12, 0.4) for turn in range(48)])


def gliding() -> NDArray[np.float64]:
    times = signals.seconds(12)
    return np.asarray(0.5 * np.sin(2 * np.pi * (300 * times - 60 * np.cos(2 * np.pi * 0.3 * times))))


@pytest.mark.parametrize("sound", [siren, chromatic, gliding])
def test_a_voice_that_sings_no_tune_has_no_key(analyze: Analyze, sound: Callable[[], NDArray[np.float64]]) -> None:
    found = analyze(signals.stack(sound()), "tonal")
    assert "key_tonic" not in found.groups["tonal"]
    assert "KEY_UNCLEAR" in [warning.reason for warning in found.warnings]
