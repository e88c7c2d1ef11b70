"""Chords change when they change."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from services.essentia.engines.features import chords
from tests.services.essentia import signals
from tests.services.essentia.conftest import Analyze

C, F, G = signals.C_MAJOR[:3]


def held(*spans: tuple[tuple[int, ...], float]) -> signals.Samples:
    """Chords of given lengths, struck every second."""
    parts = []
    for chord, length in spans:
        strokes = signals.cadence((chord,), 1.0, int(np.ceil(length)))
        parts.append(strokes[: round(length * signals.SAMPLE_RATE)])
    return signals.stack(np.concatenate(parts))


@pytest.mark.parametrize("when", [10.0, 4.5])
def test_a_chord_change_is_told_where_it_is(analyze: Analyze, when: float) -> None:
    found = analyze(held((C, when), (F, 6.0)), "tonal", include_series=True)
    told = found.groups["series"]["chords"]
    assert isinstance(told, tuple)
    assert [chord["name"] for chord in told] == ["C", "F"]
    # Two frames of 46 ms; a frame index taken for seconds, or a hop forgotten, would be off by a factor of 20 or more.
    assert told[1]["start_seconds"] == pytest.approx(when, abs=0.1)
    assert told[0]["start_seconds"] == 0
    assert told[1]["end_seconds"] == pytest.approx(when + 6.0)


def test_chords_are_counted_per_beat(analyze: Analyze) -> None:
    # A chord every second and two beats a second.
    found = analyze(signals.music(20), "rhythm", "tonal")
    # C F G C C F …: three changes in four seconds of eight beats.
    assert found.number("tonal.chord_change_count") == 15
    assert found.number("tonal.chord_changes_per_beat") == pytest.approx(3 / 8, abs=0.03)
    # The C at the end of a line and that at the beginning of the next are one.
    assert found.number("tonal.chord_seconds_mean") == pytest.approx(20 / 16, abs=0.1)
    assert analyze(signals.music(20), "tonal").number("tonal.chord_changes_per_beat") is None


def test_a_progression_that_repeats_is_less_complex_than_one_that_does_not() -> None:
    def line(*names: str) -> tuple[chords.Chord, ...]:
        return tuple(chords.Chord(time, time + 1.0, name, 0.9, None) for time, name in enumerate(names))

    assert chords.progression_complexity(line("C", "F", "C", "F", "C")) == 2 / 4
    assert chords.progression_complexity(line("C", "F", "Am", "G", "Dm")) == 1
    assert chords.progression_complexity(line("C", "C")) is None
    # Silence in between is no chord.
    assert chords.changes(line("C", "N", "C", "G")) == 1


def test_similarity_is_high_between_chords_that_share_notes(analyze: Analyze) -> None:
    a_minor, f_sharp = (57, 60, 64), (66, 70, 73)
    near, far = (
        analyze(held((C, 3.0), (other, 3.0)), "tonal", include_series=True).groups["series"]["chords"]
        for other in (a_minor, f_sharp)
    )
    assert isinstance(near, tuple)
    assert isinstance(far, tuple)
    assert "similarity" not in near[0]
    # C and A minor share two notes of three, C and F sharp none.
    assert near[1]["similarity"] > 0.5 > far[1]["similarity"]


def test_shares_of_the_chords_are_by_time(analyze: Analyze) -> None:
    found = analyze(held((C, 8.0), ((57, 60, 64), 4.0)), "tonal")
    # A third of the time is A minor; a border may be off by two frames of 46 ms.
    assert found.number("tonal.chords_minor_ratio") == pytest.approx(1 / 3, abs=0.02)
    assert found.number("tonal.chords_entropy_bits") == pytest.approx(
        -(2 * np.log2(2 / 3) + np.log2(1 / 3)) / 3, abs=0.03
    )
    shares = found.groups["tonal"]["chord_shares"]
    assert isinstance(shares, tuple)
    assert [share["name"] for share in shares] == ["C", "Am"]
    assert [share["share"] for share in shares] == pytest.approx([2 / 3, 1 / 3], abs=0.02)
    alone = analyze(held((C, 4.0)), "tonal").number("tonal.chords_entropy_bits")
    assert str(alone) == "0.0", "one chord has no entropy, and not -0"


def test_noise_and_silence_have_no_chord(analyze: Analyze) -> None:
    both = np.concatenate((signals.noise(4, 0.05), np.zeros(4 * signals.SAMPLE_RATE)))
    found = analyze(signals.stack(both), "tonal", include_series=True)
    told = found.groups["series"]["chords"]
    assert isinstance(told, tuple)
    assert [chord["name"] for chord in told] == ["N"]
    assert "strength" not in told[0]
    assert found.number("tonal.chord_ratio") == 0
    assert found.number("tonal.chords_strength_mean") is None


def test_chords_have_no_gaps(analyze: Analyze) -> None:
    told = analyze(held((C, 2.0), (F, 2.0), (G, 2.0)), "tonal", include_series=True).groups["series"]["chords"]
    assert isinstance(told, tuple)
    assert all(one["end_seconds"] == two["start_seconds"] for one, two in itertools.pairwise(told))
