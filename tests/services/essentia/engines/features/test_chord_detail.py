"""Chords tell their sevenths and their bass, change on the beat, and are written as others read them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

from services.essentia.engines.features import bass, chord_detail, chord_grid
from services.essentia.engines.features.chords import Chord
from services.essentia.engines.features.pitch_classes import TONICS
from tests.services.essentia import signals
from tests.services.essentia.conftest import Analyze


def struck(low: int, notes: tuple[int, ...], length: float = 4.0) -> signals.Samples:
    """A chord struck every second, with a note of its own in the bass."""
    strokes = [signals.note(low, 1.0) + sum(0.7 * signals.note(midi, 1.0) for midi in notes)] * round(length)
    return signals.stack(0.1 * np.concatenate(strokes))


def only(analyze: Analyze, samples: signals.Samples) -> Mapping[str, object]:
    told = analyze(samples, "tonal", include_series=True).groups["series"]["chords"]
    assert isinstance(told, tuple)
    longest = max(told, key=lambda each: each["end_seconds"] - each["start_seconds"])
    assert isinstance(longest, Mapping)
    return longest


@pytest.mark.parametrize("root", [60, 65])
@pytest.mark.parametrize("quality", ["maj", "min", "7", "maj7", "min7"])
def test_a_seventh_is_told(analyze: Analyze, quality: str, root: int) -> None:
    notes = tuple(root + step for step in chord_detail.QUALITIES[quality])
    found = only(analyze, struck(root - 24, notes))
    assert (found["root"], found["quality"], found["bass"]) == (TONICS[root % 12], quality, TONICS[root % 12])
    assert found["harte"] == f"{TONICS[root % 12]}:{quality}"


@pytest.mark.parametrize(("low", "degree"), [(40, "/3"), (43, "/5"), (36, "")])
def test_the_note_in_the_bass_is_told(analyze: Analyze, low: int, degree: str) -> None:
    found = only(analyze, struck(low, (60, 64, 67)))
    assert (found["name"], found["bass"], found["harte"]) == ("C", TONICS[low % 12], f"C:maj{degree}")


def test_shares_of_sevenths_and_inversions_are_of_the_time_with_chords(analyze: Analyze) -> None:
    plain, seventh, over = struck(36, (60, 64, 67)), struck(43, (67, 71, 74, 77)), struck(45, (65, 69, 72))
    found = analyze(np.concatenate((plain, seventh, over), 1), "tonal")
    # Changes are told to 0.1 s of 12.
    assert found.number("tonal.chords_seventh_ratio") == pytest.approx(1 / 3, abs=0.03)
    assert found.number("tonal.chords_inverted_ratio") == pytest.approx(1 / 3, abs=0.03)


@pytest.mark.parametrize("midi", [28, 33, 40, 50])
@pytest.mark.parametrize("cents", [0.0, 40.0])
def test_a_low_note_is_heard_in_the_bass_whatever_the_tuning(midi: int, cents: float) -> None:
    times = signals.seconds(3.0)
    hz = 440 * 2 ** ((midi - 69 + cents / 100) / 12)
    wave = sum(np.sin(2 * np.pi * hz * number * times) / number for number in range(1, 6))
    heard = bass.walk(np.asarray(0.2 * wave, np.float32), cents)
    # Frames at both ends hold half of it.
    assert set(heard[3:-3].argmax(1)) == {midi % 12}
    assert not bass.walk(np.zeros(44100, np.float32)).any()


def line(*chords: tuple[float, float, str]) -> tuple[Chord, ...]:
    return tuple(Chord(start, end, name, 0.9, None) for start, end, name in chords)


def test_changes_lie_on_the_beats_that_are_near_and_elsewhere_where_none_is() -> None:
    beats = np.arange(0.5, 8, 1.0)
    moved = chord_grid.on_beats(line((0, 2.4, "C"), (2.4, 4.0, "F"), (4.0, 8, "G")), beats)
    assert [(each.start_seconds, each.end_seconds, each.name) for each in moved] == [
        (0, 2.5, "C"),
        (2.5, 4.0, "F"),
        (4.0, 8, "G"),
    ]
    assert chord_grid.on_beats(line((0, 3, "C")), np.empty(0)) == line((0, 3, "C"))


def test_a_chord_between_two_changes_on_one_beat_is_none() -> None:
    beats = np.array([2.0, 4.0])
    moved = chord_grid.on_beats(line((0, 1.9, "C"), (1.9, 2.1, "Dm"), (2.1, 6, "C")), beats)
    assert [(each.start_seconds, each.end_seconds, each.name) for each in moved] == [(0, 6, "C")]


def test_no_chord_has_no_root_and_is_written_n() -> None:
    assert chord_detail.message(Chord(0, 1, "N", None, None)) == {
        "start_seconds": 0, "end_seconds": 1, "name": "N", "harte": "N",
    }  # fmt: skip
