"""Every target holds for a few hundred inputs, and the attack itself finds what it looks for."""

from __future__ import annotations

import time

import pytest

from fuzz import trial
from fuzz.target import Target
from fuzz.targets import NAMES, OF_LLM_AUDIO, target

INPUTS = {"decoding": 60}
"""Fewer where an input takes longer."""


@pytest.mark.parametrize("name", sorted(set(NAMES) - OF_LLM_AUDIO))
def test_whatever_comes_is_accepted_or_refused_by_name(name: str) -> None:
    tally = trial.attack(target(name), seed=1, inputs=INPUTS.get(name, 300))
    # Attacks that are all refused at the door, or none of them, try nothing behind it.
    assert 0 < tally.accepted < tally.inputs


def letters(data: bytes) -> bool:
    """A reader that cannot read one letter."""
    if b"\xff" in data:
        raise KeyError("a letter")
    return True


def test_a_finding_has_the_input_and_the_number_that_makes_it_again() -> None:
    broken = Target("letters", lambda: [b"abc"], letters)
    with pytest.raises(trial.Broken, match="KeyError") as found:
        trial.attack(broken, seed=5, inputs=10_000)
    assert b"\xff" in found.value.data
    with pytest.raises(trial.Broken) as again:
        trial.attack(broken, seed=5, first=found.value.number, inputs=1)
    assert again.value.data == found.value.data


def test_an_input_that_takes_too_long_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trial, "MOST_SECONDS", 0.1)
    with pytest.raises(trial.Broken, match="took more than"):
        trial.attack(Target("asleep", lambda: [b"a"], lambda _: not time.sleep(60)), seed=0, inputs=1)


def test_memory_that_is_taken_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trial, "MOST_BYTES", 8 << 20)
    hungry = Target("hungry", lambda: [b"a"], lambda data: bool(bytearray(32 << 20) if len(data) > 3 else True))
    with pytest.raises(trial.Broken, match="bytes"):
        trial.attack(hungry, seed=0, inputs=200)
