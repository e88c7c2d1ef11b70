"""Sections are told where the sound changes, with the same letter for what comes again."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

from services.essentia.engines.features import forms
from tests.services.essentia import signals
from tests.services.essentia.conftest import Analyze

VERSE = signals.cadence(signals.C_MAJOR, 1.0, 4)


def chorus() -> signals.Samples:
    """Sixteen seconds with a beat and air."""
    time = len(VERSE) / signals.SAMPLE_RATE
    return 0.5 * VERSE + 0.5 * signals.metronome(120, time) + signals.noise(time, 0.03)


def bridge() -> signals.Samples:
    """Sixteen seconds of bass notes."""
    return signals.cadence(((40, 47), (43, 50)), 2.0, 4)


def told(analyze: Analyze, samples: signals.Samples) -> list[Mapping[str, object]]:
    found = analyze(samples, "structure").groups["structure"].get("sections", ())
    assert isinstance(found, tuple)
    return [*found]


@pytest.mark.parametrize("form", ["ABAB", "ABCB", "AABA"])
def test_a_form_is_told(analyze: Analyze, form: str) -> None:
    parts = {"A": VERSE, "B": chorus(), "C": bridge()}
    found = told(analyze, signals.stack(np.concatenate([parts[letter] for letter in form])))
    assert "".join(str(each["label"]) for each in found) == form
    # Blocks of a second, and half of one.
    assert [each["start_seconds"] for each in found] == pytest.approx([0, 16, 32, 48], abs=1.5)
    assert found[-1]["end_seconds"] == pytest.approx(64, abs=0.1)


def test_what_comes_again_is_counted_and_likened(analyze: Analyze) -> None:
    samples = signals.stack(np.concatenate([VERSE, chorus(), VERSE]))
    found = analyze(samples, "structure")
    assert found.number("structure.section_kind_count") == 2
    assert found.number("structure.repeated_ratio") == pytest.approx(2 / 3, abs=0.03)
    first, second, third = told(analyze, samples)
    assert first["similarity"] == third["similarity"]
    assert "similarity" not in second
    likeness = first["similarity"]
    assert isinstance(likeness, float)
    assert np.exp(-forms.ALIKE) < likeness <= 1


@pytest.mark.parametrize("signal", ["noise", "tone"])
def test_what_stays_the_same_is_one_section(analyze: Analyze, signal: str) -> None:
    wave = signals.noise(40) if signal == "noise" else signals.sine(220, -10, 40)
    assert [each["label"] for each in told(analyze, signals.stack(wave))] == ["A"]


def test_silence_at_the_ends_is_in_no_section_and_silence_alone_has_none(analyze: Analyze) -> None:
    quiet = np.zeros(5 * signals.SAMPLE_RATE)
    found = told(analyze, signals.stack(np.concatenate([quiet, VERSE, chorus(), quiet])))
    assert [each["label"] for each in found] == ["A", "B"]
    ends = (found[0]["start_seconds"], found[-1]["end_seconds"])
    assert ends == pytest.approx((5, 37), abs=0.1)
    assert told(analyze, signals.stack(np.zeros(30 * signals.SAMPLE_RATE))) == []


def test_sections_are_those_of_the_whole_however_it_is_cut(analyze: Analyze) -> None:
    # The engine of the tests cuts windows of 60 s.
    found = told(analyze, signals.stack(np.concatenate([VERSE, chorus()] * 5)))
    assert "".join(str(each["label"]) for each in found) == "ABABABABAB"


def test_a_section_as_long_as_two_others_is_two_where_it_repeats_itself() -> None:
    rng = np.random.default_rng(0)
    one, other = (rng.normal(level, 1.0, (16, 8)) for level in (-2.0, 2.0))
    found = forms.sections(np.concatenate([one, one, other, one]), 6)
    assert [(each.start, each.end, each.label) for each in found] == [
        (0, 16, "A"), (16, 32, "A"), (32, 48, "B"), (48, 64, "A"),
    ]  # fmt: skip
    unlike = rng.normal(-2.0, 1.0, (16, 8))
    found = forms.sections(np.concatenate([one, unlike, other, one]), 6)
    assert [(each.start, each.end, each.label) for each in found] == [(0, 32, "A"), (32, 48, "B"), (48, 64, "A")]


def test_there_are_letters_enough() -> None:
    assert [forms._name(number) for number in (0, 25, 26, 27, 52)] == ["A", "Z", "AA", "AB", "BA"]
