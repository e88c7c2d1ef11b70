"""A recording that changes its key says where, and is in the key in which it is longest."""

from __future__ import annotations

import numpy as np
import pytest

from services.essentia.engines.features import key_clarity, key_segments
from services.essentia.engines.features.key_profiles import USUAL
from tests.services.essentia import signals
from tests.services.essentia.conftest import Analyze


def in_keys(*tonics: tuple[int, int]) -> signals.Samples:
    """Cadences of four seconds on given tonics, as often as said."""
    parts = []
    for tonic, repeats in tonics:
        chords = tuple(tuple(midi + tonic for midi in chord) for chord in signals.C_MAJOR)
        parts.append(signals.cadence(chords, 1.0, repeats))
    return signals.stack(np.concatenate(parts))


@pytest.mark.parametrize(("away", "name"), [(2, "D"), (6, "F#"), (-3, "A")])
def test_a_change_of_key_is_told_where_it_is(analyze: Analyze, away: int, name: str) -> None:
    found = analyze(in_keys((0, 5), (away, 8)), "tonal").groups["tonal"]
    segments = found["key_segments"]
    assert isinstance(segments, tuple)
    assert [(each["tonic"], each["scale"]) for each in segments] == [("C", "major"), (name, "major")]
    # A block of two seconds to each side: the last chord of one key may be in the other too.
    assert segments[0]["end_seconds"] == segments[1]["start_seconds"] == pytest.approx(20, abs=2.5)
    assert (segments[0]["start_seconds"], segments[1]["end_seconds"]) == (0, pytest.approx(52))
    assert (found["key_tonic"], found["key_scale"]) == (name, "major"), "the longest"
    agreement = found["key_agreement"]
    assert isinstance(agreement, float)
    assert agreement <= 0.7, "the longest has 32 of 52 s"


def test_a_recording_in_one_key_has_one_stretch(analyze: Analyze) -> None:
    found = analyze(in_keys((5, 8)), "tonal").groups["tonal"]
    segments = found["key_segments"]
    assert isinstance(segments, tuple)
    assert [(each["tonic"], each["scale"], each["start_seconds"], each["end_seconds"]) for each in segments] == [
        ("F", "major", 0.0, 32.0)
    ]


def test_the_keys_of_several_windows_are_put_together(analyze: Analyze) -> None:
    # The engine of the tests cuts windows of 60 s; the change lies in the second of three.
    found = analyze(in_keys((0, 20), (1, 25)), "tonal").groups["tonal"]
    segments = found["key_segments"]
    assert isinstance(segments, tuple)
    assert [each["tonic"] for each in segments] == ["C", "C#"]
    assert segments[1]["start_seconds"] == pytest.approx(80, abs=2.5)
    candidates = found["key_candidates"]
    assert isinstance(candidates, tuple)
    assert (candidates[0]["tonic"], found["key_tonic"]) == ("C#", "C#")


def test_several_keys_are_told_one_by_one(analyze: Analyze) -> None:
    found = analyze(in_keys((0, 5), (1, 5), (2, 5), (6, 5), (9, 5)), "tonal").groups["tonal"]
    segments = found["key_segments"]
    assert isinstance(segments, tuple)
    assert [each["tonic"] for each in segments] == ["C", "C#", "D", "F#", "A"]


def test_keys_that_together_hold_all_notes_are_no_noise() -> None:
    c_major = np.array([3, 0, 2, 0, 3, 2, 0, 3, 0, 2, 0, 1.5])
    blocks = np.repeat([np.roll(c_major, tonic) for tonic in range(12)], 12, axis=0)
    mean, part = blocks.mean(0), key_segments.longest(blocks, USUAL)
    assert mean.max() / mean.mean() < key_clarity.MIN_CREST < part.max() / part.mean()
    flat = np.ones((24, 12))
    assert key_segments.longest(flat, USUAL) == pytest.approx(np.ones(12))


def test_what_has_no_key_has_no_stretch(analyze: Analyze) -> None:
    assert "key_segments" not in analyze(signals.stack(signals.noise(20)), "tonal").groups["tonal"]


def test_a_passing_chord_is_no_change_of_key() -> None:
    c_major = np.array([3, 0, 2, 0, 3, 2, 0, 3, 0, 2, 0, 1.5])
    blocks = np.tile(c_major, (20, 1))
    blocks[10] = np.roll(c_major, 6)
    assert set(key_segments.path(blocks, USUAL)) == {0}
    blocks[8:] = np.roll(c_major, 6)
    found = key_segments.path(blocks, USUAL)
    assert (found[0], found[-1]) == (0, 6)
    assert np.flatnonzero(np.diff(found)) + 1 == pytest.approx([8], abs=1)
